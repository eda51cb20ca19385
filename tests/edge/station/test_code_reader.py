"""What the two networks of a station say of a row of digits."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset
from edgedigits.edge.station.configuration.settings import ReadingSettings
from edgedigits.edge.station.opening import open_reader

PAPER, INK = 225, 50
SIDE, PITCH = 44, 58
LEFT, TOP = 90, 160


@pytest.fixture(scope="module")
def reader():
    return open_reader(ReadingSettings(), Path()).codes


@pytest.fixture(scope="module")
def written():
    """The first sample of each digit that ships, by its label."""
    pool = load_dataset("samples").pool
    return {label: pool.images[np.flatnonzero(pool.labels == label)[0]] for label in range(10)}


def piece(written, code, *, boxed=False, joined=False):
    """A code on paper; in boxes whose lines its digits touch, or as a pen joins them."""
    picture = np.full((320, 560), PAPER, np.uint8)
    if boxed:
        for place in range(len(code) + 1):
            x = LEFT + place * PITCH - (PITCH - SIDE) // 2
            cv2.line(picture, (x, TOP - 2), (x, TOP + SIDE + 2), (INK + 40,), 2)
        left, right = LEFT - (PITCH - SIDE) // 2, LEFT + len(code) * PITCH - (PITCH - SIDE) // 2
        for y in (TOP - 2, TOP + SIDE + 2):
            cv2.line(picture, (left, y), (right, y), (INK + 40,), 2)
    for place, label in enumerate(code):
        ink = cv2.resize(written[int(label)][4:24, 4:24], (SIDE, SIDE), interpolation=cv2.INTER_AREA) / 255
        part = picture[TOP : TOP + SIDE, LEFT + place * PITCH : LEFT + place * PITCH + SIDE]
        part[:] = np.minimum(part, PAPER - (PAPER - INK) * ink)
    if joined:
        cv2.line(picture, (LEFT + 10, TOP + SIDE // 2), (LEFT + 4 * PITCH + 20, TOP + SIDE // 2), (INK,), 3)
    return picture


@pytest.mark.parametrize("code", ["35280", "60243", "28053"])
@pytest.mark.parametrize("boxed", [False, True], ids=["on blank paper", "in boxes that they touch"])
def test_each_digit_is_looked_at_by_itself(reader, written, code, boxed):
    seen = reader.read(piece(written, code, boxed=boxed))[0].texts[0]
    assert seen.text == code
    assert seen.probability > 0.9
    assert seen.least is not None and seen.least > np.log(0.5)


def test_digits_that_cannot_be_told_apart_are_read_as_a_line_alone(reader, written):
    texts = [text for line in reader.read(piece(written, "35280", joined=True)) for text in line.texts]
    assert all(text.least is None for text in texts)


def test_the_network_of_digits_is_the_large_one(reader):
    assert reader.digits.card.network == "large"
