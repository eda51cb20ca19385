"""A disk that gets full under a station that works: pictures stop first, and results wait until there is room."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_disks import mounted
from whole_station import PRINTS, RunningStation, events_of, write_config

MEGABYTE = 1_000_000
MAIL = "mail:easy,pace=real,frames=12"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system with twelve megabytes of room."""
    with mounted(tmp_path / "disk", 12 * MEGABYTE, "--lazy") as disk:
        yield disk


def fill(disk: Path, left: int) -> Path:
    """Take all room of a disk but so many bytes."""
    room, ballast = os.statvfs(disk), disk / "ballast"
    with ballast.open("ab") as file:
        file.write(bytes(max(0, room.f_bavail * room.f_frsize - left)))
    return ballast


def pictures(disk: Path) -> int:
    return len(list((disk / "journal" / "crops").rglob("[!.]*.png")))


def test_pictures_stop_before_codes_and_results_wait_for_room(small_disk: Path):
    config = write_config(small_disk.parent, MAIL, PRINTS, journal=_on(small_disk))
    with RunningStation(config) as station:
        station.wait_for_printed(2)
        fill(small_disk, 1_500_000)
        station.wait_for_alarm("pictures")
        shown, told = pictures(small_disk), len(station.printed)
        station.wait_for_printed(told + 2)
        assert pictures(small_disk) == shown

        ballast = fill(small_disk, 0)
        station.wait_for_alarm("journal")
        station.wait_for(lambda: "3 results wait" in station.state(), "results that wait")
        told = len(station.printed)
        ballast.unlink()
        station.wait_for_alarm("journal", ended=True)
        station.wait_for_alarm("pictures", ended=True)
        station.wait_for_printed(told + 4)
        pieces = station.stop().pieces
    events = events_of(config, small_disk / "journal")
    assert [event.sequence for event in events] == list(range(1, pieces + 1))
    assert [event.result.decided for event in events] == sorted(event.result.decided for event in events)


def test_results_that_go_with_a_program_that_is_stopped_on_a_full_disk_are_told(small_disk: Path):
    config = write_config(small_disk.parent, MAIL, journal=_on(small_disk))
    with RunningStation(config) as station:
        station.wait_for_frames(1)
        fill(small_disk, 0)
        station.wait_for_alarm("journal")
        station.process.terminate()
        assert station.wait_until_ended() == 1
        assert "found no room in the journal and went with the program" in station.log


def _on(disk: Path) -> str:
    return f'folder = "{disk / "journal"}"\nleast_free_megabytes = 2'
