"""The picture of a line as a network sees it: one height, bright ink on nothing, whatever the picture was."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.strip import BLANK, HEIGHT, OUTPUTS, STEP, STRIDE, WIDTHS, padded, strip_of, width_of_network


def written(text: str = "4711", height: int = 60, ground: int = 220, ink: int = 40):
    picture = np.full((height, 26 * len(text) + 20), ground, np.uint8)
    cv2.putText(picture, text, (8, height // 2 + 12), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (ink,), 3)
    return picture


def test_it_has_one_height_and_the_pictures_proportions():
    strip = strip_of(written(height=64))
    assert strip.pixels.shape == (HEIGHT, 62)
    assert strip.pixels.dtype == np.uint8
    assert (strip.down, strip.across) == (2.0, 2.0)


@pytest.mark.parametrize("height", [20, 32, 45, 300])
def test_ink_is_bright_and_the_ground_nothing(height):
    strip = strip_of(cv2.resize(written(), (124 * height // 60, height))).pixels
    assert strip.max() == 255
    assert np.median(strip) < 10


def test_polarity_makes_no_difference():
    dark, bright = strip_of(written()), strip_of(255 - written())
    assert np.abs(dark.pixels.astype(int) - bright.pixels).mean() < 2


def test_faint_ink_is_as_bright_as_strong_ink():
    faint, strong = strip_of(written(ground=220, ink=170)).pixels, strip_of(written(ground=220, ink=20)).pixels
    assert np.abs(faint.astype(int) - strong).mean() < 6


def test_noise_of_an_empty_field_stays_faint():
    noise = np.random.default_rng(0).normal(200, 1, (40, 200)).astype(np.uint8)
    assert strip_of(noise).pixels.mean() < 40


def test_a_ground_that_darkens_to_one_side_is_taken_away():
    slope = np.linspace(0, 90, 124).astype(np.uint8)[None, :]
    strip = strip_of(written(ground=230, ink=130) - slope).pixels
    left, right = strip[:, :31].mean(), strip[:, -31:].mean()
    assert abs(left - right) < 40
    assert np.median(strip) < 15


def test_a_line_of_40000_columns_is_squeezed():
    strip = strip_of(np.full((40, 40_000), 200, np.uint8))
    assert strip.pixels.shape == (HEIGHT, WIDTHS[-1])
    assert strip.across == 40_000 / WIDTHS[-1]


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (500, 2), (32, 32)], ids=str)
def test_every_size_gives_a_strip(shape):
    pixels = strip_of(np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)).pixels
    assert pixels.shape[0] == HEIGHT
    assert 1 <= pixels.shape[1] <= WIDTHS[-1]


@pytest.mark.parametrize(
    "picture",
    [np.zeros((0, 10), np.uint8), np.zeros((10, 10, 3), np.uint8), np.zeros((10, 10), np.float32)],
    ids=["no pixels", "colours", "floats"],
)
def test_what_is_no_picture_of_a_line(picture):
    with pytest.raises(EdgedigitsError, match=r"give uint8 of \(height, width\)"):
        strip_of(picture)


def test_widths_of_networks():
    assert [width_of_network(width) for width in (1, 96, 97, 192, 193, 288)] == [96, 96, 192, 192, 288, 288]
    assert all(width % STRIDE == 0 for width in WIDTHS)
    assert OUTPUTS == STRIDE // STEP * (BLANK + 1) == 22


def test_it_is_filled_up_on_its_right():
    strip = np.full((HEIGHT, 100), 9, np.uint8)
    assert padded(strip).shape == (HEIGHT, 192)
    assert padded(strip, 288).shape == (HEIGHT, 288)
    np.testing.assert_array_equal(padded(strip)[:, :100], strip)
    assert not padded(strip)[:, 100:].any()
