"""Digits in the boxes of forms: each is read, or shown as ``?``, and no side of a box is read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgedigits.core.pretrained.bundled import bundled_line_model, bundled_model
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.edge import LineReader

PAPER, PEN = 220.0, 50.0
TEXT = "3141592"


@pytest.fixture(scope="module")
def reader():
    return LineReader(bundled_line_model(), digits=DigitModel(bundled_model()))


@pytest.fixture(scope="module")
def form(mnist_training_digits):
    """A function that draws a row of boxes apart, of boxes that share sides, or a comb, with a digit in each."""
    images, labels = mnist_training_digits

    def drawn(text, kind="apart", thick=2, high=0.7, aside=0.0, side=64, print_level=90.0, seed=5):
        draw = np.random.default_rng(seed)
        across, step = round(0.95 * side), round((1.15 if kind == "apart" else 0.95) * side)
        shape = (3 * side, step * len(text) + 2 * side)
        ink, lines = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for place, label in enumerate(text):
            left, top = side + place * step, side
            if kind == "comb":
                cv2.line(lines, (left, 2 * side), (left + across, 2 * side), 1.0, thick)
                for column in (left, left + across):
                    cv2.line(lines, (column, round(1.6 * side)), (column, 2 * side), 1.0, thick)
            else:
                cv2.rectangle(lines, (left, top), (left + across, top + side), 1.0, thick)
            digit = images[draw.choice(np.flatnonzero(labels == int(label)))]
            rows, columns = np.flatnonzero(digit.max(axis=1) > 60), np.flatnonzero(digit.max(axis=0) > 60)
            cut = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            size = (max(4, round(cut.shape[1] * high * side / len(cut))), round(high * side))
            glyph = cv2.resize(cut.astype(np.float32) / 255, size, interpolation=cv2.INTER_CUBIC).clip(0, 1)
            x = left + (across - size[0]) // 2
            if aside:
                x = left - round(aside * size[0]) if place % 2 else left + across - round((1 - aside) * size[0])
            y = top + (side - size[1]) // 2
            np.maximum(ink[y : y + size[1], x : x + size[0]], glyph, out=ink[y : y + size[1], x : x + size[0]])
        picture = PAPER + (PEN - PAPER) * ink
        picture = np.minimum(picture, PAPER + (print_level - PAPER) * lines)
        soft = cv2.GaussianBlur(picture, (0, 0), 0.6) + draw.normal(0, 2, picture.shape)
        return np.clip(soft, 0, 255).astype(np.uint8)

    return drawn


def right(text, said):
    """How many digits were read right where each is there; none where one is missing or too many."""
    return sum(one == other for one, other in zip(text, said, strict=True)) if len(text) == len(said) else 0


@pytest.mark.parametrize("kind", ["apart", "joined", "comb"])
@pytest.mark.parametrize("thick", [1, 3, 5])
def test_forms_of_any_thickness_are_read_through(reader, form, kind, thick):
    assert right(TEXT, reader.read(form(TEXT, kind, thick)).text) >= 6


@pytest.mark.parametrize("thick", [1, 2, 3])
def test_digits_that_touch_the_sides_of_boxes_apart_are_all_there(reader, form, thick):
    assert right(TEXT, reader.read(form(TEXT, thick=thick, aside=0.08)).text) >= 5


@pytest.mark.parametrize("kind", ["apart", "joined"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ones_nearly_as_high_as_their_boxes_are_read(reader, form, kind, seed):
    assert right("1111111", reader.read(form("1111111", kind, high=0.92, seed=seed)).text) >= 6


def test_grey_boxes_are_no_bright_writing_on_their_sides(reader, form):
    assert right(TEXT, reader.read(form(TEXT, thick=5, side=48, print_level=140.0)).text) >= 6


def test_empty_boxes_between_do_not_part_a_line(reader, form):
    picture = form(TEXT)
    for place in (1, 2, 4):
        left = 64 + place * 74 + 6
        picture[64 + 6 : 64 + 58, left : left + 50] = 220

    assert right("3192", reader.read(picture).text) >= 3


def test_a_doubtful_digit_in_a_box_leaves_the_others(reader, form):
    picture = form(TEXT, thick=1)
    blot = (64 + 74 * 3 + 30, 96)
    cv2.circle(picture, blot, 20, (50,), -1)

    said = reader.read(picture).text

    assert len(said) == len(TEXT)
    assert right(TEXT[:3] + TEXT[4:], said[:3] + said[4:]) >= 5
