"""What is deleted, the oldest first, and what never is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from journal_pieces import NOON, noise, picture, piece, rejected

from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.retention import Believed, Tidied

DAY = 86_400
FOR_EVER = 1_000_000


@pytest.fixture
def journal(tmp_path: Path):
    opened = Journal(tmp_path, durable=False)
    yield opened
    opened.close()


def ids(journal: Journal) -> list[str]:
    return [event.result.id for event in journal.events(0, 10_000)]


def aged(journal: Journal, **days: int) -> None:
    """Add pieces that were decided so many days before noon."""
    for name, age in days.items():
        then = NOON - age * DAY
        journal.add(piece(name, entered=then, decided=then), picture())


def test_pieces_and_their_pictures_go_with_their_age(journal: Journal, tmp_path: Path):
    aged(journal, a=3, b=2, c=1)
    size = len(journal.crop("a") or b"")
    assert journal.tidy(NOON + 1, keep_days=2, keep_megabytes=FOR_EVER) == Tidied(2, 2, 2 * size)
    assert ids(journal) == ["c"]
    assert [path.name for path in (tmp_path / "crops").rglob("*.png")] == ["c.png"]
    assert [path.name for path in (tmp_path / "crops").iterdir()] == ["2026-11-29"]


def test_the_folder_of_the_newest_day_stays_for_the_next_picture(journal: Journal, tmp_path: Path):
    aged(journal, a=3, b=2)
    journal.tidy(NOON, keep_days=1, keep_megabytes=FOR_EVER)
    assert [path.name for path in (tmp_path / "crops").iterdir()] == ["2026-11-28"]


def test_no_days_keep_all(journal: Journal):
    aged(journal, a=5000)
    assert journal.tidy(NOON, keep_days=0, keep_megabytes=FOR_EVER) == Tidied()


def test_events_go_on_where_they_were_after_all_were_deleted(journal: Journal, tmp_path: Path):
    aged(journal, a=3, b=2)
    journal.tidy(NOON, keep_days=1, keep_megabytes=FOR_EVER)
    assert (ids(journal), journal.last_sequence()) == ([], 2)
    journal.close()
    again = Journal(tmp_path)
    assert again.add(piece("c"), None).sequence == 3
    again.close()


def test_what_an_output_has_not_delivered_stays(journal: Journal):
    aged(journal, a=9, b=9, c=9)
    journal.mark_delivered("mqtt", 2)
    journal.mark_delivered("webhook", 1)
    journal.tidy(NOON, keep_days=1, keep_megabytes=FOR_EVER, outputs=["mqtt", "webhook"])
    assert ids(journal) == ["b", "c"]


def test_an_output_that_is_used_no_more_keeps_nothing(journal: Journal):
    aged(journal, a=9, b=9)
    journal.mark_delivered("mqtt", 1)
    journal.tidy(NOON, keep_days=1, keep_megabytes=FOR_EVER, outputs=[])
    assert ids(journal) == []


def test_an_output_that_has_delivered_nothing_yet_keeps_all(journal: Journal):
    aged(journal, a=9)
    journal.tidy(NOON, keep_days=1, keep_megabytes=FOR_EVER, outputs=["mqtt"])
    assert ids(journal) == ["a"]


def test_what_waits_to_be_keyed_stays_with_its_picture(journal: Journal):
    journal.hold(rejected("a", decided=NOON - 9 * DAY), noise(), NOON + 10)
    journal.tidy(NOON, keep_days=1, keep_megabytes=0)
    assert journal.piece("a") is not None
    assert journal.crop("a") is not None


def test_what_a_person_was_given_stays_with_its_picture(journal: Journal):
    journal.add(rejected("a", decided=NOON - 9 * DAY), noise())
    journal.claim("ann", NOON)
    journal.tidy(NOON, keep_days=1, keep_megabytes=0)
    assert journal.piece("a") is not None
    assert journal.crop("a") is not None


def test_what_a_person_has_keyed_stays_no_longer(journal: Journal):
    journal.add(rejected("a", decided=NOON - 9 * DAY), None)
    journal.add(rejected("b", decided=NOON - 9 * DAY), picture())
    journal.claim("ann", NOON)
    journal.key("b", "11111", "ann", NOON)
    journal.tidy(NOON, keep_days=1, keep_megabytes=FOR_EVER)
    assert ids(journal) == []


def test_the_oldest_pictures_go_until_the_others_have_room_and_their_pieces_stay(journal: Journal):
    for number in range(30):
        journal.add(rejected(f"piece-{number}"), noise(number))  # 54 kB each
    done = journal.tidy(NOON, keep_days=0, keep_megabytes=1)
    shown = [number for number in range(30) if journal.crop(f"piece-{number}")]
    assert shown == list(range(12, 30))
    assert (done.pieces, done.crops) == (0, 12)
    assert len(ids(journal)) == 30


def test_a_piece_whose_picture_went_is_reviewed_no_more(journal: Journal):
    journal.add(rejected("a"), noise())
    journal.tidy(NOON, keep_days=0, keep_megabytes=0)
    assert journal.claim("ann", NOON) is None
    assert journal.counts(0).waiting == 0


def test_more_pieces_than_one_transaction_takes_all_go(journal: Journal):
    for number in range(250):
        journal.add(piece(f"piece-{number}", decided=NOON - 9 * DAY), None)
    assert journal.tidy(NOON, keep_days=1, keep_megabytes=1).pieces == 250


def test_labels_go_with_their_pieces(journal: Journal):
    aged(journal, a=9)
    journal.key("a", "1", "ann", NOON)
    journal.tidy(NOON, keep_days=1, keep_megabytes=FOR_EVER)
    assert journal._file.read(lambda at: at.execute("SELECT count(*) FROM labels").fetchone()[0]) == 0


def test_room_is_given_back_to_the_disk(journal: Journal, tmp_path: Path):
    for number in range(2000):
        journal.add(piece(f"piece-{number}", decided=NOON - 9 * DAY, why="x" * 500), None)
    pages = "PRAGMA page_count"
    before = journal._file.read(lambda at: at.execute(pages).fetchone()[0])
    journal.tidy(NOON, keep_days=1, keep_megabytes=1)
    assert journal._file.read(lambda at: at.execute(pages).fetchone()[0]) < before / 2


def test_pictures_that_a_killed_program_left_without_a_piece_go(journal: Journal, tmp_path: Path):
    journal.add(piece("a"), picture())
    day = tmp_path / "crops" / "2026-11-30"
    for name in ("stray.png", ".half-written.png", "a.png"):
        (day / name).write_bytes(b"png")
        os.utime(day / name, (NOON - 9 * DAY, NOON - 9 * DAY))
    journal.tidy(NOON, keep_days=0, keep_megabytes=FOR_EVER)
    assert [path.name for path in day.iterdir()] == ["a.png"]


class Steady:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_clock_that_was_set_forward_is_not_believed_for_a_day():
    steady = Steady()
    believed = Believed(steady)
    assert believed.at(NOON)
    steady.now = 60
    assert not believed.at(NOON + 60 + 30 * DAY)
    steady.now = DAY + 59
    assert not believed.at(NOON + DAY + 59 + 30 * DAY)
    steady.now = DAY + 60
    assert believed.at(NOON + DAY + 60 + 30 * DAY)


def test_a_clock_that_runs_as_it_should_or_was_set_back_is_believed():
    steady = Steady()
    believed = Believed(steady)
    believed.at(NOON)
    steady.now = 30 * DAY
    assert believed.at(NOON + 30 * DAY)
    assert believed.at(NOON)


def test_nothing_is_deleted_by_a_clock_that_jumps(journal: Journal):
    aged(journal, a=1)
    journal.tidy(NOON, keep_days=30, keep_megabytes=FOR_EVER)
    journal.tidy(NOON + 365 * DAY, keep_days=30, keep_megabytes=FOR_EVER)
    assert ids(journal) == ["a"]
