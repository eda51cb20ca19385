"""What scale and zero point tell of a range: inputs that hold one, just about hold it, and hold another one."""

from __future__ import annotations

import numpy as np
import pytest

from edgedigits.core.contract.contract import MNIST, RANGES
from edgedigits.core.contract.quantized_input import likely_ranges


def input_of(low: float, high: float, kind: type = np.uint8) -> tuple[float, int]:
    """Scale and zero point of an input from ``low`` to ``high``."""
    scale = (high - low) / 255
    return scale, round(np.iinfo(kind).min - low / scale)


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize(
    ("ends", "likely"),
    [
        ((0, 1), ("0..1",)),
        ((-1, 1), ("-1..1", "0..1")),
        ((0, 255), ("0..255", "0..1", "-1..1", MNIST)),
        ((-0.4242, 2.8215), (MNIST, "0..1")),
        ((-1, 3), None),
    ],
)
def test_what_fills_an_input_is_likelier_than_what_leaves_most_of_it_out(kind, ends, likely):
    found = likely_ranges(kind, *input_of(*ends, kind))
    if likely:
        assert found == likely
    else:
        mean, deviation = map(float, found[0].split(","))
        assert (mean, deviation) == pytest.approx((0.25, 0.25), abs=2e-3)
        assert found[1:] == RANGES


@pytest.mark.parametrize(
    ("low", "high", "fits"), [(-0.015, 1, True), (-0.03, 1, False), (0, 1.015, True), (0, 1.03, False)]
)
def test_calibration_sees_the_ends_of_a_range_to_a_fiftieth(low, high, fits):
    scale = (high - low) / 255
    found = likely_ranges(np.uint8, scale, 0 if low == 0 else round(-low / scale))
    assert (found[0] == "0..1") is fits


@pytest.mark.parametrize(("high", "holds"), [(0.985, True), (0.97, False)])
def test_an_input_that_ends_a_little_early_holds_the_range(high, holds):
    assert (likely_ranges(np.uint8, high / 255, 0)[0] == "0..1") is holds


def test_its_own_range_begins_at_zero_without_a_sign():
    """A zero point at the least number is a mean of 0, and not of -0."""
    assert likely_ranges(np.uint8, 4 / 255, 0) == ("0,0.25", *RANGES)
    assert likely_ranges(np.int8, 4 / 255, -128) == ("0,0.25", *RANGES)


@pytest.mark.parametrize(
    ("high", "likely"),
    [
        (1, ("0..1", "-1..1")),
        (255, ("0..255", MNIST, "0..1", "-1..1")),
        (2.85, (MNIST, "0..1", "-1..1")),
        (0.5, RANGES),
    ],
)
def test_of_an_input_of_16_bits_its_upper_end_tells(high, likely):
    assert likely_ranges(np.int16, high / 32767, 0) == likely
