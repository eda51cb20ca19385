"""The share of frames that a station skips."""

from __future__ import annotations

import pytest

from edgedigits.edge.station.frame_share import FrameShare


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_before_the_first_frame_none_is_skipped():
    assert FrameShare().of_skipped == 0.0


def test_two_of_three_are_skipped():
    clock = Clock()
    share = FrameShare(clock)
    for number in range(100):
        clock.now += 0.1
        share.skipped(2 * number)
        share.frame(0.01)
    assert share.of_skipped == pytest.approx(2 / 3, abs=0.01)


def test_what_was_skipped_long_ago_is_forgotten():
    clock = Clock()
    share = FrameShare(clock)
    share.frame(0.01)
    share.skipped(1000)
    for _ in range(200):
        clock.now += 0.1
        share.frame(0.01)
    assert share.of_skipped == 0.0


def test_a_camera_that_was_opened_again_counts_from_zero():
    share = FrameShare(Clock())
    share.skipped(1000)
    share.frame(0.01)
    share.skipped(0)
    assert share.of_skipped == 0.0
