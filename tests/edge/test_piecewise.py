"""A line read as a whole and piece by piece, and what both say together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgedigits.core.lines.ctc import is_possible
from edgedigits.core.lines.decoding import Hypothesis
from edgedigits.edge.reading.doubt import doubted_in_a_crowd, other_looks, put_together, told_by
from edgedigits.edge.reading.piecewise import is_apart, likeliest, with_piece, with_pieces
from edgedigits.edge.reading.reading import Digit, LineText
from edgedigits.edge.scenes.scene import SceneLine


def line(*boxes):
    return SceneLine(np.zeros((40, 300), np.uint8), np.eye(2, 3), 20.0, boxes)


def texts(**chances):
    return tuple(Hypothesis(name.strip("t"), math.log(chance)) for name, chance in chances.items())


def sure_of(text, chance=0.98):
    rows = np.full((len(text), 10), (1 - chance) / 9)
    rows[range(len(text)), [int(label) for label in text]] = chance
    return rows


def chances_of(found):
    return {one.text: one.probability for one in found}


def test_digits_beside_each_other_are_apart():
    assert is_apart(line((10, 5, 12, 20), (30, 6, 3, 22), (50, 4, 15, 21)))


@pytest.mark.parametrize(
    "boxes",
    [
        ((10, 5, 40, 20), (70, 5, 12, 20)),
        ((10, 5, 12, 9), (30, 5, 12, 20)),
        ((10, 5, 12, 20), (14, 26, 10, 15)),
        (),
    ],
    ids=["one piece of two digits", "a part of a digit", "one above another", "none"],
)
def test_pieces_that_may_be_no_digits_are_not_apart(boxes):
    assert not is_apart(line(*boxes))


def test_both_networks_are_surer_than_one():
    said = with_pieces(texts(t411=0.3, t41=0.25, t471=0.2), sure_of("411"))

    assert said[0].text == "411"
    assert said[0].probability > 0.75
    assert sum(one.probability for one in said) <= 1 + 1e-9


def test_a_text_of_another_length_stays_where_the_pieces_say_something_else():
    before = texts(t41=0.7, t411=0.1)

    after = chances_of(with_pieces(before, sure_of("888")))

    assert after["41"] > after["411"]


def test_a_line_that_says_nothing_is_not_talked_into_digits():
    said = with_pieces(texts(t=0.95, t1=0.04), sure_of("1"))

    assert said[0].text == ""
    assert chances_of(said)["1"] < 0.1


def test_one_piece_alone_counts_less_than_several():
    one = chances_of(with_pieces(texts(t4=0.3), sure_of("4")))["4"]
    four = chances_of(with_pieces(texts(t4444=0.3), sure_of("4444", 0.999)))["4444"]

    assert 0.3 < one < four


def test_the_likeliest_text_of_the_pieces():
    assert likeliest(sure_of("2071")) == "2071"


@pytest.mark.parametrize(("line_says", "piece_says", "least", "most"), [(0.4, 0.9, 0.8, 0.9), (0.4, 0.1, 0.0, 0.1)])
def test_a_digit_is_as_sure_as_both_are(line_says, piece_says, least, most):
    assert least <= with_piece(line_says, piece_says) <= most


def test_ends_of_the_scale_stay():
    assert with_piece(1.0, 1.0) == 1.0
    assert with_piece(0.0, 0.5) == 0.0


def test_looks_are_strips_of_the_same_height_and_differ():
    pixels = np.zeros((32, 120), np.uint8)
    pixels[6:26, 20:24] = pixels[6:10, 20:90] = 255

    looks = other_looks(pixels)

    assert len({look.tobytes() for look in looks} | {pixels.tobytes()}) == len(looks) + 1
    assert {look.shape[0] for look in looks} == {32}
    assert all(look.shape[1] <= 288 for look in other_looks(np.full((32, 288), 9, np.uint8)))


def test_several_looks_give_a_text_their_mean():
    one, other = np.log(np.full((2, 3, 11), 1 / 11))
    one[1] = np.log([*[1e-9] * 4, 1 - 1e-8, *[1e-9] * 6])

    alone, both = (told_by(looks, ["4"])[0].probability for looks in ([other], [one, other]))
    (first,) = told_by([one], ["4"])

    assert both == pytest.approx((alone + first.probability) / 2)


def test_what_only_one_look_says_counts_as_its_share():
    assert chances_of(put_together([texts(t12=0.8), texts(t13=0.6), ()])) == pytest.approx({"12": 0.8 / 3, "13": 0.2})


@pytest.mark.parametrize(("text", "steps"), [("", 0), ("12", 2), ("11", 3), ("1121", 5)])
def test_repeats_take_a_step_more(text, steps):
    assert is_possible(np.zeros((steps, 11)), text)
    assert not steps or not is_possible(np.zeros((steps - 1, 11)), text)


def read_line(text, confidence):
    return tuple(Digit((9 * x, 0, 8, 20), int(label), confidence) for x, label in enumerate(text)), LineText(
        confidence, ((text, confidence),)
    )


@pytest.mark.parametrize(
    ("line", "found", "rejected"),
    [
        (("1", 0.95), 12, True),
        (("47", 0.9), 3, True),
        (("47", 0.995), 12, False),
        (("4711", 0.9), 12, False),
        (("1", 0.95), 2, False),
        (("1", 0.95), 1, False),
    ],
)
def test_few_digits_among_many_marks_that_are_none_must_be_sure(line, found, rejected):
    ((digits, _),) = doubted_in_a_crowd([read_line(*line)], found)

    assert {digit.rejected for digit in digits} == {rejected}


def test_digits_alone_in_their_lines_stay_where_all_lines_are_digits():
    column = [read_line(label, 0.9) for label in "123456789"]

    assert doubted_in_a_crowd(column, len(column)) == column
