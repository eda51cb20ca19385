"""The capturing thread: the newest frame of a live source, every frame of a file, and patience with lost cameras."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from mjpeg_server import MjpegServer

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.loop.capture import Backoff, Capture, Frame, Slot
from edgedigits.edge.recordings.video_writer import VideoWriter
from edgedigits.edge.sources.base import Image, Source, SourceAway
from edgedigits.edge.sources.registry import open_source


def frame(index: int) -> Frame:
    return Frame(index, 0.0, np.zeros((2, 2, 3), np.uint8), 0.0, 0.0, 30.0)


class Clock:
    """Time that passes only while somebody pauses."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class Flaky(Source):
    """A live source played from a list: a number is that many frames, an error a failed opening, a 0 silence."""

    live = True

    def __init__(self, *acts: int | EdgedigitsError) -> None:
        super().__init__("flaky")
        self._acts: Iterator[int | EdgedigitsError] = iter(acts)
        self._left = 0
        self.done = threading.Event()

    def open(self) -> None:
        act = next(self._acts, None)
        if act is None:
            self.done.set()
            raise EdgedigitsError("the list is over", "end the test")
        if isinstance(act, EdgedigitsError):
            raise act
        self._left = act

    def read(self) -> Image | None:
        if self._left == 0:
            return None
        self._left -= 1
        return np.zeros((2, 2, 3), np.uint8)

    def close(self) -> None:
        self._left = 0


def test_a_live_slot_keeps_the_newest_frame_and_counts_the_others():
    slot = Slot(keep_newest=True)

    for index in range(5):
        slot.wait_for_room()
        slot.put(frame(index))

    assert slot.take(0).index == 4
    assert slot.skipped == 4
    assert slot.take(0) is None


def test_a_slot_for_files_has_no_room_until_its_frame_is_taken():
    slot = Slot(keep_newest=False)
    slot.put(frame(0))
    room = threading.Event()

    def producer() -> None:
        slot.wait_for_room()
        room.set()

    thread = threading.Thread(target=producer, daemon=True)
    thread.start()
    assert not room.wait(0.05)

    slot.take(0)

    assert room.wait(5)
    assert slot.skipped == 0


def test_a_finished_slot_gives_its_last_frame_before_its_error():
    slot = Slot(keep_newest=True)
    slot.put(frame(7))
    slot.finish(EdgedigitsError("broken", "mend it"))

    assert slot.take(0).index == 7
    with pytest.raises(EdgedigitsError, match="broken"):
        slot.take(0)


def test_a_finished_slot_lets_nobody_wait():
    slot = Slot(keep_newest=False)
    slot.put(frame(0))

    slot.finish()

    slot.wait_for_room()
    assert slot.take(60).index == 0
    assert slot.take(60) is None
    assert slot.drained


def test_pauses_double_up_to_half_a_minute():
    backoff = Backoff(Clock())

    assert [backoff.delay() for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_pauses_start_again_only_after_a_connection_held():
    clock = Clock()
    backoff = Backoff(clock)
    backoff.delay(), backoff.delay()

    backoff.connected()
    clock.now += 1
    backoff.lost()
    after_a_moment = backoff.delay()
    backoff.connected()
    clock.now += 5
    backoff.lost()

    assert (after_a_moment, backoff.delay()) == (2, 0.5)


def test_a_lost_camera_is_tried_again_with_growing_pauses_until_it_is_back():
    clock = Clock()
    refused = EdgedigitsError("nobody answers", "wait")
    source = Flaky(1, refused, refused, 1, refused)

    with Capture(source, clock=clock, pause=clock.pause) as capture:
        assert source.done.wait(5)

        assert capture.reopened == 1
        assert clock.pauses[:5] == [0.5, 1, 2, 4, 8]


def test_the_first_opening_must_succeed():
    source = Flaky(EdgedigitsError("no such camera", "plug one in"))

    with Capture(source) as capture, pytest.raises(EdgedigitsError, match="no such camera"):
        capture.take(5)


def test_a_source_that_is_away_is_waited_for_with_pauses_of_five_seconds_at_most():
    clock = Clock()
    away = SourceAway("no such camera", "plug one in")
    source = Flaky(away, away, away, away, away, away, 1)

    with Capture(source, wait=True, clock=clock, pause=clock.pause) as capture:
        taken = capture.take(5)

    assert taken is not None
    assert clock.pauses[:6] == [0.5, 1, 2, 4, 5, 5]
    assert capture.reopened == 0


def test_an_error_that_no_waiting_mends_is_not_waited_for():
    source = Flaky(EdgedigitsError("picamera2 is missing", "install it"))

    with Capture(source, wait=True) as capture, pytest.raises(EdgedigitsError, match="picamera2 is missing"):
        capture.take(5)


def test_waiting_for_a_source_does_not_hold_up_the_end():
    source = Flaky(*[SourceAway("no such camera", "plug one in")] * 9)

    with Capture(source, wait=True) as capture:
        assert capture.take(0.2) is None
        started = time.monotonic()

    assert time.monotonic() - started < 1


def test_a_slow_reader_gets_every_frame_of_a_file(tmp_path):
    path = tmp_path / "grey.avi"
    with VideoWriter(path) as writer:
        for number in range(10):
            writer.write(np.full((120, 160, 3), 20 * number, np.uint8), 25.0)
    taken = []

    with Capture(open_source(str(path))) as capture:
        while not capture.ended:
            if (found := capture.take(1)) is not None:
                taken.append(found)
                time.sleep(0.005)

    assert [found.index for found in taken] == list(range(10))
    assert [found.image.mean() for found in taken] == pytest.approx([20 * n for n in range(10)], abs=3)
    assert capture.skipped == 0
    assert taken[3].position == pytest.approx(3 / 25)


def test_a_slow_reader_of_a_stream_gets_the_newest_frame():
    with MjpegServer(rate=100) as camera, Capture(open_source(camera.url)) as capture:
        first = capture.take(5)
        time.sleep(0.5)
        second = capture.take(5)
        skipped = capture.skipped

    assert second.index - first.index > 10
    assert time.time() - second.time < 0.5
    assert skipped == pytest.approx(second.index - 1, abs=first.index + 2)


def test_a_stream_that_is_switched_off_and_on_again_goes_on(caplog):
    with MjpegServer() as camera, Capture(open_source(camera.url)) as capture:
        before = capture.take(5)
        camera.switch_off()
        while (found := capture.take(0.3)) is not None:
            before = found
        camera.switch_on()
        after = capture.take(10)

        assert after is not None and after.index > before.index
        assert capture.reopened == 1
    assert [record.getMessage().split(" is ")[1] for record in caplog.records] == [
        "lost, trying again in 0.5 s",
        "back",
    ]


def test_a_silent_stream_does_not_hold_up_the_end():
    with MjpegServer(frames=30) as camera:
        with Capture(open_source(camera.url)) as capture:
            while capture.take(0.5) is not None:
                continue
            started = time.monotonic()

        assert time.monotonic() - started < 1
