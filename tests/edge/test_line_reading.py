"""The built-in network of lines on pictures that are drawn here, with what is told it."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgedigits.core.lines.allowed import from_forms
from edgedigits.core.lines.decoding import Hypothesis
from edgedigits.core.pretrained.bundled import bundled_line_model, bundled_model
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.edge import LineReader
from edgedigits.edge.reading.line_reader import _may_be_nothing, turns_of
from edgedigits.edge.reading.pictures import load_image

SAMPLE = Path(__file__).parents[2] / "docs" / "sample.jpg"
TEXTS = ("0123456789", "31415926", "5807")


def reader(**options) -> LineReader:
    return LineReader(bundled_line_model(), digits=DigitModel(bundled_model()), **options)


def texts(reading) -> set[str]:
    return set(reading.text.split())


def bars(count: int) -> np.ndarray:
    picture = np.full((240, 640), 215, np.uint8)
    for place in range(count):
        column = 120 + 55 * place
        cv2.line(picture, (column + 7, 90), (column, 150), (40,), 6, cv2.LINE_AA)
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)


@pytest.mark.parametrize("count", [1, 2, 5, 7])
def test_ones_never_vanish(count):
    reading = reader().read(bars(count))

    assert len(reading.digits) == count
    assert {digit.label for digit in reading.digits if not digit.rejected} <= {1}


def joined_zeros(count: int, height: int) -> tuple[np.ndarray, int]:
    """A 1 and zeros in one go of the pen on a page, and the column in which the last one ends."""
    picture = np.full((300, 700), 215, np.uint8)
    cv2.line(picture, (70, 110), (66, 110 + height), (40,), 3, cv2.LINE_AA)
    turn = np.linspace(0, 2 * np.pi * 1.08, 24) + 1.2
    loops = [
        (100 + (0.9 * place + np.cos(turn) / 2) * height, 110 + height / 2 * (1 - np.sin(turn)))
        for place in range(count)
    ]
    points = np.concatenate([np.column_stack(loop) for loop in loops])
    cv2.polylines(picture, [np.round(points * 8).astype(np.int32)], False, (40,), 3, cv2.LINE_AA, 3)
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), int(points[:, 0].max())


@pytest.mark.parametrize("height", [24, 36])
@pytest.mark.parametrize("count", [3, 4, 6])
def test_zeros_that_are_joined_to_a_chain_do_not_vanish(count, height):
    picture, end = joined_zeros(count, height)
    reading = reader().read(picture)

    assert len(reading.lines) == 1
    assert max(digit.box[0] + digit.box[2] for digit in reading.digits) >= end - height


def test_a_form_does_not_make_lines_that_fit_it_worse():
    free, told = (
        reader(allowed=allowed).read(load_image(SAMPLE)) for allowed in (from_forms([]), from_forms([r"\d*"]))
    )

    assert texts(told) == texts(free) == set(TEXTS)


def test_lines_that_do_not_fit_leave_those_that_do():
    assert texts(reader(allowed=from_forms([r"\d{4}"])).read(load_image(SAMPLE))) >= {"5807"}


def test_lines_that_fit_no_form_are_seen_and_not_read():
    reading = reader(allowed=from_forms([r"\d{20}"])).read(load_image(SAMPLE))

    assert len(reading.digits) == len("".join(TEXTS))
    assert all(digit.rejected for digit in reading.digits)


def test_where_nothing_fits_the_form_it_is_named():
    words = cv2.putText(bars(0), "Karman", (60, 140), cv2.FONT_HERSHEY_SIMPLEX, 2, (40, 40, 40), 4, cv2.LINE_AA)
    reading = reader(allowed=from_forms([r"\d{20}"])).read(words)

    assert reading.text == ""
    assert r"\d{20}" in reading.why


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (28, 28), (28, 1), (1, 5000), (40, 200)], ids=str)
def test_where_nothing_stands_no_mark_is_told_of(shape):
    reading = reader().read(np.full(shape, 255, np.uint8))
    assert reading.text == ""
    assert "marks of digit size were found" not in reading.why
    assert reading.why.startswith(("no mark of a digit's size was found", "no ink was found"))


@pytest.mark.parametrize("quarters", [0, 1, 2])
def test_a_page_is_turned_upright(quarters):
    picture = np.ascontiguousarray(np.rot90(load_image(SAMPLE), quarters))

    assert texts(reader(turns=turns_of("auto")).read(picture)) == set(TEXTS)


def test_several_digits_where_nothing_may_stand_are_doubted():
    texts = [Hypothesis("1111111", math.log(0.51)), Hypothesis("", math.log(0.3))]

    assert _may_be_nothing(tuple(texts))
    assert not _may_be_nothing((texts[0], Hypothesis("", math.log(0.05))))
    assert not _may_be_nothing((Hypothesis("7", math.log(0.6)), texts[1]))
