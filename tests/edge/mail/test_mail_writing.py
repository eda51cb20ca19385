"""Codes in one hand: of its slant, stroke and height, the same digit formed the same way."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.recordings.mail.hands import HANDS, Hand, any_hand
from edgedigits.edge.recordings.mail.levels import LEVELS
from edgedigits.edge.recordings.mail.source import package_digits
from edgedigits.edge.recordings.mail.writing import Writer

STEADY = Hand(
    size=60.0,
    slant=0.0,
    width=1.0,
    pen=5.0,
    space=0.3,
    rise=0.0,
    uneven=0.0,
    careful=1,
    joined=0.0,
    ink=(0, 0, 0),
    strength=1.0,
)


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer(*package_digits())


def cover_of(writer: Writer, text: str, hand: Hand, seed: int = 0) -> np.ndarray:
    return writer.write(text, hand, np.random.default_rng(seed), boxed=False).cover


def lean_of(cover: np.ndarray) -> float:
    """How far the ink leans to the right at the top, in heights, by its moments."""
    moments = cv2.moments(cover)
    return -moments["mu11"] / moments["mu02"]


def parts_of(cover: np.ndarray) -> int:
    return cv2.connectedComponents((cover > 100).astype(np.uint8))[0] - 1


def test_digits_are_as_high_as_the_hand_writes_them(writer):
    for size in (30, 60, 90):
        assert cover_of(writer, "3", replace(STEADY, size=size)).shape[0] == pytest.approx(size, abs=6)


def test_the_hand_s_slant_is_added_to_that_of_the_digits(writer):
    upright, slanted = (lean_of(cover_of(writer, "8", replace(STEADY, slant=slant))) for slant in (0.0, 0.5))

    assert slanted - upright == pytest.approx(0.5, abs=0.08)


def stroke_of(cover: np.ndarray) -> float:
    """Width of strokes: the mean distance of ink to its edge is a quarter of it; a pixel's middle lies half inside."""
    distance = cv2.distanceTransform(np.pad((cover > 127).astype(np.uint8), 2), cv2.DIST_L2, 5)
    return 4 * float(distance[distance > 0].mean()) - 2


@pytest.mark.parametrize("pen", [5.0, 8.0])
@pytest.mark.parametrize("digit", "0137")
def test_strokes_are_as_wide_as_the_pen(writer, digit, pen):
    assert stroke_of(cover_of(writer, digit, replace(STEADY, pen=pen))) == pytest.approx(pen, abs=1.5)


def difference_of_two(writer: Writer, hand: Hand) -> float:
    """How much the two digits of "77" differ in their brightness, in the mean of their pixels."""
    cover = cover_of(writer, "77", hand)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats((cover > 60).astype(np.uint8))
    assert count == 3
    pair = []
    for one, (x, y, wide, high, _) in list(enumerate(boxes))[1:]:
        alone = np.where(labels == one, cover, 0)[y : y + high, x : x + wide]
        pair.append(cv2.resize(alone, (40, 60)))
    return float(np.abs(pair[0].astype(int) - pair[1]).mean())


def test_a_writer_forms_a_digit_in_the_same_way_each_time(writer):
    assert difference_of_two(writer, STEADY) < 8


def test_the_digits_of_an_uneven_hand_differ_all_the_same(writer):
    assert difference_of_two(writer, replace(STEADY, uneven=2.0)) > 12


def test_digits_in_boxes_stand_one_in_each(writer):
    written = writer.write("11111", STEADY, np.random.default_rng(0), boxed=True)

    columns = np.nonzero(written.cover.max(axis=0) > 127)[0]
    boxes = np.unique(((columns - written.left) // written.pitch).astype(int))
    assert written.boxes == 5 and list(boxes) == [0, 1, 2, 3, 4]


def test_a_pen_that_seldom_leaves_the_paper_joins_digits(writer):
    assert parts_of(cover_of(writer, "11111", STEADY)) == 5
    assert parts_of(cover_of(writer, "11111", replace(STEADY, joined=1.0))) == 1


def test_a_dash_is_written_between_groups(writer):
    with_dash, without = cover_of(writer, "11-11", STEADY), cover_of(writer, "1111", STEADY)

    assert parts_of(with_dash) == 5 and with_dash.shape[1] > without.shape[1]


def test_a_careful_writer_takes_the_plainer_form():
    images, labels = package_digits()
    scribbled = np.concatenate([images, images[labels == 7]])
    wrongly_named = np.concatenate([labels, np.full((labels == 7).sum(), 1)])
    writer = Writer(scribbled, wrongly_named)

    def sevens(careful: int) -> int:
        """How many of 40 ones look like 7s, which are wider."""
        hand = replace(STEADY, careful=careful)
        return sum(cover_of(writer, "1", hand, seed).shape[1] > 20 for seed in range(40))

    assert sevens(4) < sevens(1) / 2


@pytest.mark.parametrize("level", LEVELS.values(), ids=LEVELS)
def test_hands_of_a_level_are_within_its_limits(level):
    draw = np.random.default_rng(0)
    hands = [any_hand(HANDS["any"], level, draw) for _ in range(200)]

    assert level.digits[0] <= min(hand.size for hand in hands) and max(hand.size for hand in hands) <= level.digits[1]
    assert max(hand.pen for hand in hands) <= level.pen[1]


def test_digits_that_lack_one_cannot_write_codes():
    images, labels = package_digits()

    with pytest.raises(EdgedigitsError, match="no digit 3"):
        Writer(images[labels != 3], labels[labels != 3])
    with pytest.raises(EdgedigitsError, match="499 labels for images"):
        Writer(images, labels[1:])
