"""A file that is damaged or no journal is set aside and said, never deleted, and a new one begins."""

from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path

import pytest
from journal_pieces import NOON, piece, rejected

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.journal import integrity
from edgedigits.edge.station.journal.database import Database, JournalDamaged
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.replacing import JournalFile

PIECES = 200


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The closed file of a journal with pieces."""
    journal = Journal(tmp_path, durable=False)
    for number in range(PIECES):
        journal.add(piece(f"piece-{number}"), None)
    journal.close()
    return tmp_path / "journal.sqlite"


def overwrite(file: Path, page: int, pages: int = 1) -> None:
    """Put other bytes in the place of some pages."""
    with file.open("r+b") as opened:
        opened.seek(4096 * page)
        opened.write(b"\xa5" * 4096 * pages)


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: 4096 * 5 + 100])


def replace_by_text(file: Path) -> None:
    file.write_text("pieces of today\n" * 1000)


def replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "notes.txt").write_text("kept")


def replace_by_other_tables(file: Path) -> None:
    file.unlink()
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE songs (name)")
    other.close()


def make_newer(file: Path) -> None:
    newer = sqlite3.connect(file)
    newer.execute("PRAGMA user_version = 99")
    newer.close()


HARMS = {
    "bytes in the middle": lambda file: overwrite(file, file.stat().st_size // 4096 // 2),
    "bytes all over": lambda file: overwrite(file, 1, file.stat().st_size // 4096 - 1),
    "head": lambda file: overwrite(file, 0),
    "truncated": truncate,
    "a text": replace_by_text,
    "a folder": replace_by_folder,
    "other tables": replace_by_other_tables,
    "a newer version": make_newer,
}


def content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else (path / "notes.txt").read_bytes()


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_it_is_set_aside_as_it_was(file: Path, harm):
    harm(file)
    before = content(file)
    journal = Journal(file.parent)
    assert journal.set_aside is not None
    assert content(journal.set_aside) == before
    assert journal.set_aside.name.startswith("journal-set-aside-20")
    assert journal.add(piece("new"), None).result.id == "new"
    journal.close()


def test_it_is_logged_as_a_warning(file: Path, caplog: pytest.LogCaptureFixture):
    replace_by_text(file)
    with caplog.at_level(logging.WARNING):
        journal = Journal(file.parent)
    journal.close()
    assert journal.set_aside is not None
    assert journal.set_aside.name in caplog.text
    assert "is damaged (file is not a database): it is kept as" in caplog.text


def test_the_new_file_is_in_order_the_next_time(file: Path):
    replace_by_text(file)
    Journal(file.parent).close()
    again = Journal(file.parent)
    assert again.set_aside is None
    again.close()


def test_events_go_on_after_those_of_a_damaged_file_where_that_can_still_tell(file: Path):
    make_newer(file)
    journal = Journal(file.parent)
    assert (journal.last_sequence(), journal.delivered("mqtt")) == (PIECES, PIECES)
    assert journal.add(piece("new"), None).sequence == PIECES + 1
    assert journal.delivered("mqtt") == PIECES
    journal.close()


def test_two_files_set_aside_in_one_second_both_stay(file: Path):
    aside = []
    for _ in range(2):
        replace_by_text(file)
        journal = Journal(file.parent)
        journal.close()
        aside.append(journal.set_aside)
    assert all(path is not None and path.exists() for path in aside)
    assert aside[0] != aside[1]


def test_a_log_that_was_not_yet_written_back_goes_with_its_file(tmp_path: Path):
    journal = Journal(tmp_path)
    journal.add(piece("a"), None)
    log = (tmp_path / "journal.sqlite-wal").read_bytes()
    journal.close()
    replace_by_text(tmp_path / "journal.sqlite")
    (tmp_path / "journal.sqlite-wal").write_bytes(log)
    again = Journal(tmp_path)
    assert again.set_aside is not None
    assert again.set_aside.with_name(f"{again.set_aside.name}-wal").read_bytes() == log
    assert again.latest(10) == []
    again.close()


def test_a_log_that_a_killed_program_left_is_taken(tmp_path: Path):
    journal = Journal(tmp_path / "one")
    journal.add(piece("a"), None)
    (tmp_path / "two").mkdir()
    for name in ("journal.sqlite", "journal.sqlite-wal"):  # as they are while it runs
        (tmp_path / "two" / name).write_bytes((tmp_path / "one" / name).read_bytes())
    journal.close()
    after = Journal(tmp_path / "two")
    assert after.set_aside is None
    assert [result.id for result in after.latest(10)] == ["a"]
    after.close()


def test_an_empty_file_is_a_new_journal(tmp_path: Path):
    (tmp_path / "journal.sqlite").touch()
    journal = Journal(tmp_path)
    assert journal.set_aside is None
    assert journal.add(piece("a"), None).sequence == 1
    journal.close()


@pytest.mark.parametrize("ask", ["add", "events"])
def test_damage_that_shows_while_the_station_runs_is_set_aside_and_nothing_stops(file: Path, ask: str):
    journal = Journal(file.parent)
    overwrite(file, 1, file.stat().st_size // 4096 - 1)
    if ask == "events":
        journal.events(0)
    event = journal.add(piece("new"), None)
    assert event.sequence == PIECES + 1
    assert journal.set_aside is not None
    assert [event.result.id for event in journal.events(PIECES)] == ["new"]
    journal.close()
    again = Journal(file.parent)
    assert (again.set_aside, again.last_sequence()) == (None, PIECES + 1)
    again.close()


def test_two_threads_that_meet_damage_at_once_set_the_file_aside_once(tmp_path: Path):
    file = JournalFile(tmp_path, durable=False)
    damaged, both = file._database, threading.Barrier(2, timeout=60)
    found: list[str] = []

    def work(database: Database) -> str:
        if database is damaged:
            both.wait()
            raise JournalDamaged("damaged", "begin anew")
        return "done"

    threads = [threading.Thread(target=lambda: found.append(file.within(work))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file.close()
    assert found == ["done", "done"]
    assert len(list(tmp_path.glob("journal-set-aside-*.sqlite"))) == 1


def test_a_file_too_large_to_check_in_time_is_opened(file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(integrity, "CHECK_SECONDS", -1.0)
    monkeypatch.setattr(integrity, "_STEPS", 1)
    journal = Journal(file.parent)
    assert (journal.set_aside, journal.last_sequence()) == (None, PIECES)
    journal.close()


def test_held_pieces_do_not_come_back_from_a_damaged_file(tmp_path: Path):
    journal = Journal(tmp_path)
    journal.hold(rejected("a"), None, NOON + 10)
    journal.close()
    overwrite(tmp_path / "journal.sqlite", 0)
    again = Journal(tmp_path)
    with pytest.raises(EdgedigitsError, match="no piece 'a' in the journal"):
        again.key("a", "1", "ann", NOON)
    again.close()


def test_a_damaged_file_that_another_program_uses_stays_where_it_is(file: Path):
    other = Journal(file.parent)
    overwrite(file, 1, file.stat().st_size // 4096 - 1)
    with pytest.raises(EdgedigitsError, match=r"is damaged .* another program uses it; end that program"):
        Journal(file.parent)
    assert file.exists()
    other.close()
    alone = Journal(file.parent)
    assert alone.set_aside is not None
    alone.close()


def test_a_station_goes_on_with_a_damaged_file_once_the_other_program_has_ended(file: Path):
    journal, other = Journal(file.parent), Journal(file.parent)
    overwrite(file, 1, file.stat().st_size // 4096 - 1)
    with pytest.raises(EdgedigitsError, match="another program uses it"):
        journal.add(piece("a"), None)
    other.close()
    assert journal.add(piece("a"), None).sequence == PIECES + 1
    journal.close()
