"""A camera that goes away, comes back, or sees nothing: an alarm, and mail is read before and after."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from whole_station import PRINTS, RunningStation, events_of, write_config

sys.path.insert(0, str(Path(__file__).parents[1]))

from mjpeg_server import MjpegServer

from edgedigits.edge.recordings.mail.belt import RATE, Belt, BeltPlan
from edgedigits.edge.recordings.mail.source import package_digits

BLACK = np.zeros((720, 1280, 3), np.uint8)


class MailCamera:
    """A network camera over a belt of mail.

    Attributes:
        covered: its lens is.
        stuck: it gives the same picture again and again.
    """

    def __init__(self) -> None:
        self.covered = self.stuck = False
        self._frames = itertools.chain.from_iterable(
            Belt(*package_digits(), BeltPlan("easy", seed, 1000, frames_in_view=12)).frames() for seed in range(100)
        )
        self._one_at_a_time = threading.Lock()  # a connection that ends may still ask while the next one does
        self._last = BLACK
        self.server = MjpegServer(rate=RATE, picture=self._picture)

    def _picture(self, _number: int):
        with self._one_at_a_time:
            if not self.stuck:
                self._last = next(self._frames)
            return BLACK if self.covered else self._last


@pytest.fixture
def camera() -> Iterator[MailCamera]:
    made = MailCamera()
    yield made
    made.server.switch_off()


@pytest.fixture
def config(camera: MailCamera, tmp_path: Path) -> Path:
    return write_config(tmp_path, camera.server.url, PRINTS, top="dark_alarm = 1.0")


def test_a_camera_that_is_unplugged_is_an_alarm_until_it_is_back(camera: MailCamera, config: Path):
    with RunningStation(config) as station:
        station.wait_for_printed(2)
        camera.server.switch_off()
        station.wait_for_alarm("camera")
        before = len(station.printed)
        camera.server.switch_on()
        station.wait_for_alarm("camera", ended=True)
        station.wait_for_printed(before + 3)
        station.stop()
        assert "camera reopened 1 time" in station.log
        printed = [one["id"] for one in station.printed]
    assert [event.result.id for event in events_of(config)][: len(printed)] == printed


def test_a_camera_that_was_never_there_is_an_alarm_and_is_waited_for(camera: MailCamera, config: Path):
    camera.server.switch_off()
    with RunningStation(config) as station:
        station.wait_for_alarm("camera")
        camera.server.switch_on()
        station.wait_for_printed(1)
        assert station.alarms() == set()
        station.stop()


@pytest.mark.parametrize(("trouble", "alarm"), [("covered", "dark picture"), ("stuck", "frozen picture")])
def test_pictures_that_show_nothing_are_an_alarm_until_they_do(
    camera: MailCamera, config: Path, trouble: str, alarm: str
):
    with RunningStation(config) as station:
        station.wait_for_printed(1)
        setattr(camera, trouble, True)
        station.wait_for_alarm(alarm)
        setattr(camera, trouble, False)
        station.wait_for_alarm(alarm, ended=True)
        station.wait_for_printed(len(station.printed) + 1)
        station.stop()
