"""One station to a journal."""

from __future__ import annotations

import subprocess
import sys

import cv2
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.recordings.mail.belt import BeltPlan
from edgedigits.edge.recordings.mail.source import SimulatedMail
from edgedigits.edge.station.configuration.settings import (
    CameraSettings,
    PageSettings,
    ReadingSettings,
    StationSettings,
)
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.one_at_a_time import StationLock
from edgedigits.edge.station.running import Station


def test_a_second_station_is_refused_until_the_first_one_ends(tmp_path):
    lock = StationLock(tmp_path)
    with pytest.raises(EdgedigitsError, match="another station works with the journal"):
        StationLock(tmp_path)
    lock.release()
    StationLock(tmp_path).release()


def test_a_killed_station_leaves_the_journal_to_others(tmp_path):
    code = (
        "import os, pathlib, sys; from edgedigits.edge.station.one_at_a_time import StationLock; "
        "StationLock(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    StationLock(tmp_path).release()


def test_each_picture_of_a_folder_stands_for_itself(tmp_path):
    source = SimulatedMail(BeltPlan(level="easy", seed=3, pieces=3, frames_in_view=10))
    with source:
        frames = list(source)
    for piece in source.passed:
        cv2.imwrite(str(tmp_path / f"{piece.index}.png"), frames[(piece.first_whole + piece.last_whole) // 2])
    settings = StationSettings(
        camera=CameraSettings(source=str(tmp_path)),
        reading=ReadingSettings(threshold=0.9),
        page=PageSettings(listen=""),
    )
    with Station(settings, tmp_path / "station") as station:
        station.run()
    journal = Journal(tmp_path / "station" / "journal")
    read = {event.result.code for event in journal.events(0)}
    journal.close()
    assert read >= {piece.code for piece in source.passed}
