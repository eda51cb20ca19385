"""Lines composed by code: the same for the same seed and index, digits alone as truth, and every kind of nothing."""

import re
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.lines.strip import HEIGHT, STEP
from edgedigits.train.augmentation import strokes
from edgedigits.train.lines.composing import hands, marks, patterns
from edgedigits.train.lines.composing.composing import NOTHING_SHARE, SINGLE_SHARE, Composer
from edgedigits.train.lines.composing.nothing import KINDS, any_kind, nothing
from edgedigits.train.lines.composing.pens import skeleton, with_pen
from edgedigits.train.lines.composing.scanning import scanned
from edgedigits.train.lines.composing.texts import MOST_DIGITS, Wording, any_wording
from edgedigits.train.lines.composing.writing import Writer, any_hand

COUNT = 500


@pytest.fixture(scope="module")
def digits():
    return split_dataset(load_dataset("optdigits")).train


@pytest.fixture(scope="module")
def composer(digits):
    return Composer(digits, (7, 1))


@pytest.fixture(scope="module")
def lines(composer):
    return [composer.line(index) for index in range(COUNT)]


def _draw(*seed):
    return np.random.default_rng(seed)


def test_same_seed_and_index_give_the_same_line(digits, lines):
    again = Composer(digits, (7, 1))
    for index in (41, 3, 0):  # in another order
        line = again.line(index)
        assert line.text == lines[index].text
        np.testing.assert_array_equal(line.picture, lines[index].picture)


def test_another_index_or_seed_gives_another_line(digits, lines):
    other = Composer(digits, (7, 2))
    assert len({line.picture.tobytes() for line in lines}) == COUNT
    assert all(other.line(index).picture.tobytes() != lines[index].picture.tobytes() for index in range(5))


def test_pictures_are_grey_and_their_texts_digits(lines):
    for line in lines:
        assert line.picture.dtype == np.uint8
        assert line.picture.ndim == 2
        assert line.picture.size
        assert re.fullmatch(r"\d{0,12}", line.text)


def test_strips_show_ink_and_have_steps_for_their_text(composer, lines):
    for index in range(0, COUNT, 5):
        strip, text = composer.strip_and_text(index)
        assert text == lines[index].text
        assert strip.shape[0] == HEIGHT
        if text:
            assert strip.max() > 100
            repeats = sum(one == other for one, other in pairwise(text))
            assert strip.shape[1] / STEP >= len(text) + repeats


def test_shares(lines):
    texts = [line.text for line in lines]
    assert np.mean([not text for text in texts]) == pytest.approx(NOTHING_SHARE, abs=0.05)
    assert np.mean([len(text) == 1 for text in texts]) == pytest.approx(SINGLE_SHARE, abs=0.04)
    assert np.mean([3 <= len(text) <= 8 for text in texts]) > 0.6
    assert max(map(len, texts)) >= 10
    assert set("".join(texts)) == set("0123456789")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_nothing_is_drawn_in_many_sizes(kind):
    pictures = [scanned(nothing(kind, _draw(index)), 30, _draw(index)) for index in range(12)]
    assert all(picture.dtype == np.uint8 and picture.size for picture in pictures)
    assert len({picture.shape for picture in pictures}) > 6


def test_every_kind_of_nothing_is_drawn_by_lot():
    draw = _draw(1)
    assert {any_kind(draw) for _ in range(400)} == set(KINDS)


def test_wordings_have_2_to_12_digits_and_marks_that_can_be_drawn():
    draw = _draw(2)
    known = set("0123456789 ") | set(marks._MARKS)
    for _ in range(2000):
        wording = any_wording(draw)
        assert 2 <= len(wording.text) <= MOST_DIGITS
        assert set(wording.marks) <= known
        assert not re.search(r"\d[/|]+\d", wording.marks)


@pytest.mark.parametrize("label", range(10))
def test_every_form_of_a_digit_is_drawn_whole(label):
    for form in range(hands.forms_of(label)):
        for slant in (-0.4, 0.0, 0.6):
            glyph = hands.drawn(label, form, 0.6, slant, 4, _draw(form))
            assert 0.8 * strokes.HEIGHT < glyph.shape[0] < 1.5 * strokes.HEIGHT
            assert glyph.max() == 255


@pytest.mark.parametrize("mark", marks._MARKS)
def test_every_mark_is_drawn(mark):
    picture, below = marks.mark_drawn(mark, 0.2, 4, _draw(0))
    assert picture.max() == 255
    assert -0.4 < below < 1.2


@pytest.mark.parametrize("pen", [3, 5, 8, 12])
def test_pen_of_a_glyph_is_the_one_asked_for(digits, pen):
    for thick in (5, 8):
        glyph = np.zeros((60, 60), np.uint8)
        strokes.polyline(glyph, np.array([(20.0, 15.0), (40.0, 45.0)]), thick)
        inked = np.count_nonzero(with_pen(glyph, pen) > 127)
        assert inked == pytest.approx(pen * (36 + pen * 0.8), rel=0.5)


def test_digits_stand_in_the_order_of_the_wording(digits):
    writer = Writer(digits)
    for index in range(20):
        draw = _draw(index)
        hand = any_hand(draw)
        short = writer.write(Wording("12", 2), hand, draw).ink
        longer = writer.write(Wording("1234567", 7), hand, draw).ink
        assert longer.shape[1] > short.shape[1]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_zeros_in_one_go_are_one_stroke_with_a_loop_for_each(count):
    for index in range(20):
        glyph = hands.chained_zeros(count, 0.9, 0.1, 3, _draw(index))
        loops = cv2.findContours(glyph, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[1][0]
        assert cv2.connectedComponents((glyph > strokes.INK).astype(np.uint8))[0] == 2
        assert sum(around >= 0 for _, _, _, around in loops) >= count


def test_hands_that_chain_zeros_write_all_that_stand_together_in_one_go(digits):
    hand = replace(any_hand(_draw(3)), chains=1.0, gap=0.5, gap_spread=0.0, forms=(-1,) * 10, joins=0.0)
    ink = Writer(digits).write(Wording("70000", 5), hand, _draw(4)).ink
    assert cv2.connectedComponents((ink > strokes.INK).astype(np.uint8))[0] == 3


@pytest.mark.parametrize("pattern", [kind for _, kind in patterns._KINDS])
def test_every_pattern_covers_a_field_but_for_a_part(pattern):
    for index in range(5):
        mask = pattern((40, 150), _draw(index))
        assert mask.shape == (40, 150)
        assert 0.002 < np.mean(mask > 127) < 0.9


def test_skeleton_keeps_what_hangs_together_and_its_holes(digits):
    for image in digits.images[:40]:
        large = cv2.copyMakeBorder(cv2.resize(image, (48, 48)), 2, 2, 2, 2, cv2.BORDER_CONSTANT)
        inked = (large > strokes.INK).astype(np.uint8)
        thin = skeleton(inked)
        assert 0 < np.count_nonzero(thin) < np.count_nonzero(inked) / 2
        assert not np.any(thin & ~inked)
        assert cv2.connectedComponents(thin)[0] == cv2.connectedComponents(inked)[0]
        assert (
            cv2.connectedComponents(1 - thin, connectivity=4)[0]
            == cv2.connectedComponents(1 - inked, connectivity=4)[0]
        )
