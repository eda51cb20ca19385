"""A video of a live source lasts as long as what it shows."""

from __future__ import annotations

import numpy as np
import pytest

from edgedigits.edge.recordings.pace import HELD, LONGEST_GAP, Pace

PICTURE = np.zeros((2, 2, 3), np.uint8)


def written(moments: list[float], told: float = 30.0) -> tuple[list[int], float]:
    """How often each frame is written, and the rate of the video."""
    pace = Pace()
    copies = [times for moment in moments for _, times in pace.take(PICTURE, moment, told)]
    copies += [times for _, times in pace.rest()]
    return copies, pace.rate


def test_the_rate_is_that_of_the_frames_whatever_the_camera_tells():
    copies, rate = written([100 + number / 12.5 for number in range(50)], told=30.0)

    assert rate == 12.5
    assert copies == [1] * 50


def test_one_late_frame_among_the_first_does_not_change_the_rate():
    moments = [number / 20 for number in range(HELD)]
    moments[4:] = [moment + 0.7 for moment in moments[4:]]

    assert written(moments)[1] == 20


def test_a_source_that_becomes_slower_keeps_its_duration():
    moments = [number / 30 for number in range(30)] + [1 + number / 10 for number in range(200)]

    copies, rate = written(moments)

    assert sum(copies) / rate == pytest.approx(21, abs=1.1)
    assert min(copies) == 1


def test_a_source_that_becomes_faster_keeps_its_duration():
    moments = [number / 10 for number in range(30)] + [3 + number / 30 for number in range(600)]

    copies, rate = written(moments)

    assert sum(copies) / rate == pytest.approx(23, abs=1.1)
    assert set(copies) == {0, 1}


def test_a_camera_that_was_away_for_an_hour_is_still_for_seconds():
    moments = [number / 10 for number in range(20)] + [3600 + number / 10 for number in range(20)]

    copies, rate = written(moments)

    assert sum(copies) / rate == pytest.approx(4 + LONGEST_GAP, abs=1.1)


def test_jitter_of_a_camera_neither_repeats_nor_drops_a_frame():
    draw = np.random.default_rng(0)
    moments = [number / 30 + draw.uniform(-0.012, 0.012) for number in range(2000)]

    copies, rate = written(moments)

    assert rate == pytest.approx(30, rel=0.3)
    assert sum(copies) / rate == pytest.approx(2000 / 30, abs=1.2)


def test_a_single_frame_has_the_rate_that_its_source_tells():
    assert written([5.0], told=25.0) == ([1], 25.0)


@pytest.mark.parametrize(("between", "rate"), [(60.0, 1.0), (0.0001, 120.0)])
def test_the_rate_stays_between_one_and_120(between, rate):
    assert written([number * between for number in range(HELD)])[1] == rate


def test_frames_of_one_moment_have_the_rate_that_their_source_tells():
    assert written([5.0, 5.0, 5.0], told=25.0)[1] == 25.0
