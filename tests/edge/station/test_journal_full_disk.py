"""A disk that gets full stops pictures before codes, is said, and stops nothing for ever."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import journal_pieces
import pytest
from journal_pieces import NOON, noise, picture, piece, rejected
from small_disks import mounted

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.journal.database import JournalUnwritable
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.read_only import last_results

MEGABYTE = 1_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system with three megabytes of room."""
    with mounted(tmp_path / "disk", 3 * MEGABYTE, "--lazy") as disk:
        yield disk


def fill(disk: Path, left: int) -> Path:
    """Take all room of a disk but so many bytes."""
    room = os.statvfs(disk)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(room.f_bavail * room.f_frsize - left))
    return ballast


def test_pictures_stop_before_the_disk_is_full_and_codes_go_on(small_disk: Path):
    journal = Journal(small_disk / "journal", least_free_megabytes=1)
    for number in range(60):  # 54 kB each: all of them have no room
        journal.add(piece(f"piece-{number}"), noise(number))
    shown = [number for number in range(60) if journal.crop(f"piece-{number}")]
    assert shown == list(range(len(shown)))
    assert 10 < len(shown) < 40
    assert journal.last_sequence() == 60
    journal.close()


@pytest.fixture
def card(small_disk: Path) -> Iterator[Path]:
    """A disk with a journal, mounted for reading only once that is closed."""
    journal = Journal(small_disk)
    journal.add(piece("a"), picture())
    journal.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    yield small_disk
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


def test_a_journal_on_a_card_that_may_only_be_read_can_be_read(card: Path):
    assert last_results(card, 5) == [piece("a")]


def test_a_station_that_may_not_write_its_journal_says_so(card: Path):
    with pytest.raises(EdgedigitsError, match="may not write"):
        Journal(card)


def test_it_is_said_once_and_once_that_it_is_over(small_disk: Path, caplog: pytest.LogCaptureFixture):
    journal = Journal(small_disk / "journal", least_free_megabytes=1)
    ballast = fill(small_disk, 800_000)
    with caplog.at_level(logging.INFO):
        for name in "ab":
            journal.add(piece(name), picture())
        stopped = journal.crops_stopped
        ballast.unlink()
        journal.add(piece("c"), picture())
    assert stopped == "the disk has 0 MB free, and 1 are kept free"
    assert journal.crops_stopped == ""
    assert caplog.text.count("pictures of pieces are not written any more") == 1
    assert caplog.text.count("pictures of pieces are written again") == 1
    journal.close()


def test_a_full_disk_is_an_error_that_passes(small_disk: Path):
    journal = Journal(small_disk / "journal", least_free_megabytes=0)
    journal.add(piece("before"), None)
    ballast = fill(small_disk, 0)
    written, refused = [], ""
    for number in range(2000):
        try:
            written.append(journal.add(piece(f"piece-{number}"), picture()).result.id)
        except JournalUnwritable as error:
            refused = str(error)
            break
    assert "database or disk is full" in refused
    assert "free some disk space" in refused
    ballast.unlink()
    event = journal.add(piece("after"), picture())
    assert [one.result.id for one in journal.events(0, 5000)] == ["before", *written, "after"]
    assert event.sequence == len(written) + 2
    journal.close()


def test_a_journal_on_a_full_disk_keeps_what_it_held(small_disk: Path):
    journal = Journal(small_disk / "journal", least_free_megabytes=0)
    journal.hold(rejected("held"), None, NOON + 10)
    ballast = fill(small_disk, 0)
    for _ in range(200):
        try:
            journal.mark_delivered("mqtt", journal.delivered("mqtt") + 1)
        except JournalUnwritable:
            break
    else:
        pytest.fail("the disk never got full")
    with pytest.raises(JournalUnwritable):
        journal.settle(NOON + 10)
    ballast.unlink()
    assert [event.result.id for event in journal.settle(NOON + 10)] == ["held"]
    journal.close()


def test_a_new_journal_on_a_full_disk_is_said_and_begins_once_there_is_room(small_disk: Path):
    ballast = fill(small_disk, 0)
    with pytest.raises(EdgedigitsError, match=r"no room left|full"):
        Journal(small_disk / "journal")
    ballast.unlink()
    journal = Journal(small_disk / "journal")
    assert (journal.set_aside, journal.add(piece("a"), None).sequence) == (None, 1)
    journal.close()


def test_a_limit_on_the_size_of_files_is_an_error_that_the_caller_can_count(tmp_path: Path):
    script = (
        "import resource, sys; from pathlib import Path; from journal_pieces import piece\n"
        "from edgedigits.core.errors import EdgedigitsError\n"
        "from edgedigits.edge.station.journal.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))\n"
        "refused = 0\n"
        "for number in range(300):\n"
        "    try:\n"
        "        journal.add(piece(f'piece-{number}'), None)\n"
        "    except EdgedigitsError as error:\n"
        "        refused += 1\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "print(refused, journal.last_sequence(), journal.add(piece('last'), None).sequence)\n"
    )
    here = str(Path(journal_pieces.__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=False, env={"PYTHONPATH": here}
    )
    assert done.returncode == 0, done.stderr
    refused, last, event = map(int, done.stdout.split())
    assert refused > 0
    assert refused + last == 300
    assert event == last + 1


def test_pictures_that_cannot_be_written_stop_no_codes(tmp_path: Path):
    (tmp_path / "crops").write_text("a file where a folder is needed")
    journal = Journal(tmp_path)
    assert journal.add(piece("a"), picture()).sequence == 1
    assert "crops is a file; name another folder" in journal.crops_stopped
    journal.close()


def test_a_file_that_another_program_keeps_locked_is_an_error_that_passes(tmp_path: Path):
    journal = Journal(tmp_path)
    other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalUnwritable, match="database is locked"):
        journal.add(piece("a"), None)
    other.execute("ROLLBACK")
    assert journal.add(piece("a"), None).sequence == 1
    other.close()
    journal.close()


def test_a_new_file_that_found_no_room_begins_once_there_is_some(small_disk: Path):
    journal = Journal(small_disk / "journal")
    for number in range(50):
        journal.add(piece(f"piece-{number}"), None)
    file = small_disk / "journal" / "journal.sqlite"
    journal.close()
    journal = Journal(small_disk / "journal")
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xa5" * (file.stat().st_size - 4096))
    ballast = fill(small_disk, 0)
    for _ in range(2):
        with pytest.raises(EdgedigitsError):
            journal.add(piece("new"), None)
    ballast.unlink()
    assert journal.add(piece("new"), None).sequence == 51
    assert journal.set_aside is not None
    journal.close()
