"""Pieces go into the journal before anybody is told, and come out in the order in which they became final."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import journal_pieces
import numpy as np
import pytest
from journal_pieces import NOON, noise, picture, piece, rejected

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.journal.database import JournalClosed
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.records import Counts, Event


@pytest.fixture
def journal(tmp_path: Path):
    opened = Journal(tmp_path / "journal", durable=False)
    yield opened
    opened.close()


def reopened(journal: Journal) -> Journal:
    journal.close()
    return Journal(journal.folder)


def test_the_first_event_is_number_one_and_carries_the_result(journal: Journal):
    assert journal.add(piece("a"), None) == Event(1, piece("a"))


def test_every_field_of_a_result_comes_back_as_it_was(journal: Journal):
    result = rejected(
        "a", code="", alternatives=(), person="", why="no digits: \N{LATIN SMALL LETTER A WITH DIAERESIS}"
    )
    journal.add(result, None)
    with_all = reopened(journal)
    assert with_all.piece("a") == result
    with_all.close()


def test_numbers_of_numpy_are_taken_as_numbers(journal: Journal):
    half = np.float32(0.5)
    journal.add(piece("a", confidence=half, alternatives=(("48000", half),)), None)
    assert journal.piece("a") == piece("a", confidence=0.5, alternatives=(("48000", 0.5),))


def test_events_follow_each_other_in_the_order_of_writing_whatever_the_clock_says(journal: Journal):
    for name, decided in (("a", NOON), ("b", NOON - 86_400), ("c", NOON + 86_400), ("d", NOON - 1)):
        journal.add(piece(name, decided=decided), None)
    assert [(event.sequence, event.result.id) for event in journal.events(0)] == [
        (1, "a"),
        (2, "b"),
        (3, "c"),
        (4, "d"),
    ]


def test_events_after_one_are_given_at_most_so_many(journal: Journal):
    for name in "abcdef":
        journal.add(piece(name), None)
    assert [event.sequence for event in journal.events(2, limit=3)] == [3, 4, 5]


def test_a_piece_that_is_written_again_keeps_its_event(journal: Journal):
    first = journal.add(piece("a"), None)
    journal.add(piece("b"), None)
    assert journal.add(piece("a"), None) == first
    assert journal.last_sequence() == 2


def test_another_piece_of_the_same_id_is_a_bug_and_is_not_written(journal: Journal):
    journal.add(piece("a"), None)
    with pytest.raises(ValueError, match="the id a is in the journal with another result"):
        journal.add(piece("a", code="11111"), None)
    assert journal.piece("a") == piece("a")
    assert journal.add(piece("b"), None).sequence == 2


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", ".hidden", "a\0b", "x" * 300])
def test_an_id_that_is_no_name_of_a_file_is_a_bug(journal: Journal, name: str):
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        journal.add(piece(name), picture())


def test_a_piece_that_is_held_has_no_event_yet_but_is_known(journal: Journal):
    journal.hold(rejected("a"), None, NOON + 10)
    assert journal.events(0) == []
    assert journal.piece("a") == rejected("a")


def test_a_held_piece_is_settled_as_rejected_once_its_deadline_passed(journal: Journal):
    journal.hold(rejected("a"), None, NOON + 10)
    assert journal.settle(NOON + 9.9) == []
    assert journal.settle(NOON + 10) == [Event(1, rejected("a", decided=NOON + 10))]
    assert journal.settle(NOON + 11) == []


def test_pieces_are_settled_in_the_order_of_their_deadlines(journal: Journal):
    for name, until in (("late", 30), ("early", 10), ("between", 20), ("later", 90)):
        journal.hold(rejected(name), None, NOON + until)
    assert [event.result.id for event in journal.settle(NOON + 60)] == ["early", "between", "late"]


def test_a_piece_whose_deadline_passed_while_the_station_was_off_is_settled_afterwards(journal: Journal):
    journal.hold(rejected("a"), None, NOON + 10)
    again = reopened(journal)
    assert [event.result.id for event in again.settle(NOON + 3600)] == ["a"]
    again.close()


def test_a_clock_that_is_set_back_lets_no_piece_wait_longer_than_it_was_to_wait(journal: Journal):
    journal.hold(rejected("a"), None, NOON + 10)
    back = NOON - 86_400
    assert journal.settle(back) == []
    assert [event.result.id for event in journal.settle(back + 10)] == ["a"]


def test_a_clock_that_is_set_forward_settles_at_once(journal: Journal):
    journal.hold(rejected("a"), None, NOON + 10)
    assert [event.result.id for event in journal.settle(NOON + 86_400)] == ["a"]


def test_an_output_goes_on_where_it_was_after_a_restart(journal: Journal):
    assert journal.delivered("mqtt") == 0
    journal.mark_delivered("mqtt", 7)
    journal.mark_delivered("webhook", 3)
    again = reopened(journal)
    assert (again.delivered("mqtt"), again.delivered("webhook")) == (7, 3)
    again.close()


def test_what_was_delivered_never_goes_back(journal: Journal):
    journal.mark_delivered("mqtt", 7)
    journal.mark_delivered("mqtt", 5)
    assert journal.delivered("mqtt") == 7


def test_the_latest_results_are_the_last_that_became_final(journal: Journal):
    journal.hold(rejected("held"), None, NOON + 10)
    for name in "abc":
        journal.add(piece(name), None)
    journal.settle(NOON + 10)
    assert [result.id for result in journal.latest(3)] == ["held", "c", "b"]


def test_pieces_are_counted_by_outcome_since_a_time(journal: Journal):
    journal.add(piece("old", decided=NOON - 100), None)
    journal.add(piece("a"), None)
    journal.add(rejected("b"), picture())
    journal.add(rejected("c"), None)  # nothing to look at: not to be reviewed
    journal.add(piece("doubtful", confidence=0.98), picture())
    journal.hold(rejected("keyed"), picture(), NOON + 10)
    journal.hold(rejected("held"), picture(), NOON + 10)
    journal.key("keyed", "11111", "ann", NOON + 1)
    assert journal.counts(NOON) == Counts(accepted=2, rejected=2, keyed=1, held=1, waiting=3)


def test_a_crop_comes_back_as_the_same_pixels(journal: Journal):
    journal.add(piece("a"), noise())
    png = journal.crop("a")
    assert png is not None
    assert np.array_equal(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR), noise())


def test_a_crop_lies_in_the_folder_of_its_day(journal: Journal):
    journal.add(piece("a"), picture())
    assert (journal.folder / "crops" / "2026-11-30" / "a.png").read_bytes() == journal.crop("a")


def test_a_piece_without_a_crop_or_without_its_file_has_none(journal: Journal):
    journal.add(piece("a"), None)
    journal.add(piece("b"), picture())
    (journal.folder / "crops" / "2026-11-30" / "b.png").unlink()
    assert [journal.crop(name) for name in ("a", "b", "nobody")] == [None, None, None]


@pytest.mark.parametrize(("kept", "there"), [("all", "abc"), ("doubtful", "bc"), ("none", "")])
def test_crops_are_kept_of_the_pieces_that_are_asked_for(tmp_path: Path, kept, there: str):
    journal = Journal(tmp_path, crops=kept)
    journal.add(piece("a"), picture())
    journal.add(piece("b", confidence=0.98), picture())
    journal.add(rejected("c"), picture())
    assert [name for name in "abc" if journal.crop(name)] == list(there)
    journal.close()


def test_the_crop_of_a_held_piece_is_seen_until_it_is_final_even_where_none_is_kept(tmp_path: Path):
    journal = Journal(tmp_path, crops="none")
    journal.hold(rejected("a"), picture(), NOON + 10)
    assert journal.crop("a") is not None
    journal.settle(NOON + 10)
    assert journal.crop("a") is None
    journal.close()


def test_waiting_ends_with_an_event_of_another_thread(journal: Journal):
    waiting = threading.Thread(target=lambda: found.append(journal.wait(0, timeout=60)))
    found: list[bool] = []
    waiting.start()
    journal.add(piece("a"), None)
    waiting.join(60)
    assert found == [True]


def test_waiting_ends_at_once_where_something_happened_since_one_looked(journal: Journal):
    seen = journal.changes
    journal.hold(rejected("a"), None, NOON + 10)
    assert journal.wait(0, timeout=60, changes=seen)


def test_waiting_ends_without_anything_new_after_its_time(journal: Journal):
    journal.add(piece("a"), None)
    assert not journal.wait(1, timeout=0.01)


def test_another_program_reads_while_the_station_writes(journal: Journal):
    reader = Journal(journal.folder)
    journal.add(piece("a"), None)
    assert [event.result.id for event in reader.events(0)] == ["a"]
    reader.close()


def test_threads_that_write_at_once_leave_no_gap_and_nothing_twice(journal: Journal):
    def write(thread: int) -> None:
        for number in range(50):
            journal.add(piece(f"{thread}-{number}"), None)

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = journal.events(0, limit=1000)
    assert [event.sequence for event in events] == list(range(1, 401))
    assert len({event.result.id for event in events}) == 400


def test_programs_that_write_at_once_wait_for_each_other(tmp_path: Path):
    script = (
        "import sys; from pathlib import Path; from journal_pieces import piece\n"
        "from edgedigits.edge.station.journal.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]), durable=False); print('open', flush=True); sys.stdin.readline()\n"
        "for number in range(300): journal.add(piece(f'{sys.argv[2]}-{number}'), None)\n"
    )
    with closing(Journal(tmp_path / "journal", durable=False)) as journal:
        here = {"PYTHONPATH": str(Path(journal_pieces.__file__).parent)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        words = [sys.executable, "-c", script, journal.folder]
        programs = [subprocess.Popen([*words, str(name)], env=here, **pipes) for name in range(2)]
        assert [program.stdout.readline() for program in programs] == ["open\n"] * 2
        for program in programs:
            program.stdin.write("go\n")
            program.stdin.flush()
        assert [program.communicate()[1] for program in programs] == ["", ""]
        assert [event.sequence for event in journal.events(0, limit=1000)] == list(range(1, 601))


def test_a_journal_that_is_closed_says_so(journal: Journal):
    journal.close()
    with pytest.raises(JournalClosed, match="is closed; open it again"):
        journal.add(piece("a"), None)
    with pytest.raises(JournalClosed):
        journal.events(0)


def test_a_journal_that_may_lose_the_last_pieces_without_power_writes_them_all_the_same(tmp_path: Path):
    journal = Journal(tmp_path, durable=False)
    journal.add(piece("a"), picture())
    again = reopened(journal)
    assert again.latest(1) == [piece("a")]
    assert again.crop("a") is not None
    again.close()


@pytest.mark.parametrize(("durable", "synchronous"), [(True, 2), (False, 1)])
def test_durable_is_what_sqlite_calls_full(tmp_path: Path, durable: bool, synchronous: int):
    journal = Journal(tmp_path, durable=durable)
    assert journal._file.write(lambda at: at.execute("PRAGMA synchronous").fetchone()[0]) == synchronous
    assert journal._file.write(lambda at: at.execute("PRAGMA synchronous").fetchone()[0], flush=False) == 1
    journal.close()


def test_a_folder_that_is_a_file_is_said(tmp_path: Path):
    (tmp_path / "journal").write_text("")
    with pytest.raises(EdgedigitsError, match=r"cannot write .*journal"):
        Journal(tmp_path / "journal")


def test_times_do_not_decide_which_result_is_the_newest(journal: Journal):
    journal.add(piece("a"), None)
    journal.add(replace(piece("b"), decided=NOON - 5000), None)
    assert [result.id for result in journal.latest(1)] == ["b"]
