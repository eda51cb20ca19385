"""The augmentation `reading`: digits in other hands and with remnants keep their label, wrong cuts have none."""

import cv2
import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.digit import BOX
from edgedigits.train.augmentation import fields
from edgedigits.train.augmentation.fields import FALSE_CUT_SHARE, SMOOTHING, FieldPictures
from edgedigits.train.augmentation.glyphs import any_hand, write
from edgedigits.train.augmentation.strokes import DRAWN, HEIGHT, INK, crossed, curled, drawn, flagged, joined

ADDITIONS = [(flagged, 1), (crossed, 7), (curled, 0), (joined, 3)]
COUNT = 600
SHARE = 5 / 6


@pytest.fixture(scope="module")
def digits():
    return split_dataset(load_dataset("optdigits")).train


@pytest.fixture(scope="module")
def taken(digits):
    return FieldPictures(digits, (0, 0), SHARE).take(np.arange(COUNT))


def _glyphs(digits, label, count=20):
    """Digits of one label, a height high."""
    for image in digits.images[digits.labels == label][:count]:
        left, top, width, height = cv2.boundingRect(image)
        crop = image[top : top + height, left : left + width]
        yield cv2.resize(crop, (round(width * HEIGHT / height), HEIGHT), interpolation=cv2.INTER_CUBIC)


def _ink(picture):
    return np.count_nonzero(picture > INK)


def _pieces(picture):
    return cv2.connectedComponents((picture > INK).astype(np.uint8))[0] - 1


def _has_loop(picture):
    """Whether ink encloses more ground than the corner of a thick pen does."""
    ground = np.pad((picture <= INK).astype(np.uint8), 1, constant_values=1)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ground, connectivity=4)
    return bool((stats[2:, cv2.CC_STAT_AREA] > 40).any())


def test_pictures_are_normalised_digits_in_bytes(taken):
    images, targets = taken
    assert (images.shape, images.dtype) == ((COUNT, 28, 28), np.uint8)
    assert (targets.shape, targets.dtype) == ((COUNT, 10), np.float32)
    assert images.any(axis=(1, 2)).all()
    for image in images:
        _, _, width, height = cv2.boundingRect(image)
        assert max(width, height) <= BOX


def test_pictures_are_digits_with_their_label_or_no_digit_with_none(digits, taken):
    _, targets = taken
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-5)
    no_digit = np.ptp(targets, axis=1) == 0
    assert no_digit.mean() == pytest.approx(SHARE * FALSE_CUT_SHARE, abs=0.06)
    assert (targets.argmax(axis=1) == digits.labels[:COUNT])[~no_digit].all()
    np.testing.assert_allclose(targets.max(axis=1)[~no_digit], 1 - 0.9 * SMOOTHING, atol=1e-5)


def test_some_pictures_are_the_digits_as_they_are_and_keep_their_label(digits, taken):
    images, targets = taken
    same = (images == digits.images[:COUNT]).all(axis=(1, 2))
    assert same.mean() == pytest.approx(1 - SHARE, abs=0.06)
    assert (targets.argmax(axis=1) == digits.labels[:COUNT])[same].all()


def test_a_picture_depends_on_its_digit_and_the_seed_and_not_on_what_was_taken_before(digits, taken):
    again = FieldPictures(digits, (0, 0), SHARE)
    backwards = np.arange(COUNT)[::-1]
    again.take(np.array([5, 7]))
    for first, second in zip(again.take(backwards), taken, strict=True):
        np.testing.assert_array_equal(first[::-1], second)


def test_another_seed_gives_other_pictures(digits, taken):
    images, _ = FieldPictures(digits, (0, 1), SHARE).take(np.arange(COUNT))
    assert (images != taken[0]).any(axis=(1, 2)).mean() > 0.9


def test_a_picture_without_ink_is_no_digit(digits):
    blank = digits.take(np.arange(20))
    blank.images[:] = 0
    images, targets = FieldPictures(blank, (0, 0), SHARE).take(np.arange(20))
    assert (np.ptp(targets, axis=1) == 0)[~images.any(axis=(1, 2))].all()
    assert not images.any(axis=(1, 2)).all()


@pytest.mark.parametrize(("add", "label"), ADDITIONS, ids=[add.__name__ for add, _ in ADDITIONS])
def test_other_hands_add_strokes_to_a_digit_and_take_none_away(digits, add, label):
    draw = np.random.default_rng(0)
    more = [_ink(add(glyph, draw)) - _ink(glyph) for glyph in _glyphs(digits, label)]
    assert min(more) >= 0
    assert np.median(more) > 20


@pytest.mark.parametrize(("add", "label"), ADDITIONS, ids=[add.__name__ for add, _ in ADDITIONS])
def test_what_other_hands_add_hangs_together_with_the_digit(digits, add, label):
    draw = np.random.default_rng(0)
    apart = [_pieces(add(glyph, draw)) - _pieces(glyph) for glyph in _glyphs(digits, label)]
    assert np.mean(np.array(apart) > 0) <= 0.1


@pytest.mark.parametrize("label", DRAWN)
def test_digits_drawn_by_code_are_one_stroke_high_and_never_alike(label):
    draw = np.random.default_rng(0)
    pictures = [drawn(label, draw) for _ in range(30)]
    assert all(picture.dtype == np.uint8 and picture.max() == 255 for picture in pictures)
    assert all(80 < picture.shape[0] < 150 for picture in pictures)
    assert np.mean([_pieces(picture) == 1 for picture in pictures]) > 0.8
    assert len({picture.tobytes() for picture in pictures}) == 30


def test_a_nine_drawn_by_code_has_a_loop_and_a_one_has_none():
    draw = np.random.default_rng(0)
    assert np.mean([_has_loop(drawn(9, draw)) for _ in range(60)]) > 0.6
    assert np.mean([_has_loop(drawn(1, draw)) for _ in range(60)]) < 0.1


@pytest.mark.parametrize("label", range(10))
def test_a_digit_is_written_anew_about_a_height_high(digits, label):
    draw = np.random.default_rng(label)
    for image in digits.images[digits.labels == label][:20]:
        glyph = write(image, label, any_hand(draw), draw)
        assert glyph.dtype == np.uint8
        assert glyph.max() > INK
        assert 0.4 * HEIGHT < glyph.shape[0] < 1.6 * HEIGHT


def test_zeros_are_written_wider_than_they_were(digits):
    draw = np.random.default_rng(0)
    zeros = digits.images[digits.labels == 0][:100]
    written = [write(image, 0, any_hand(draw), draw) for image in zeros]
    before = np.mean([box[2] / box[3] for box in map(cv2.boundingRect, zeros)])
    assert np.mean([glyph.shape[1] / glyph.shape[0] for glyph in written]) > 1.1 * before


@pytest.mark.parametrize(("share", "make"), fields._FALSE_CUTS, ids=[make.__name__ for _, make in fields._FALSE_CUTS])
def test_each_kind_of_wrong_cut_is_made_and_differs_from_the_digit(digits, share, make):
    draw = np.random.default_rng(0)
    writer = fields._Writer(digits, np.flatnonzero(digits.labels == 0), any_hand(draw), draw)
    pictures = [fields._scanned(make(writer, index), draw) for index in range(20)]
    assert 0 < share < 1
    assert all((picture.shape, picture.dtype) == ((28, 28), np.uint8) for picture in pictures)
    differences = [cv2.absdiff(picture, digits.images[index]).mean() for index, picture in enumerate(pictures)]
    assert np.median(differences) > 20


def test_the_shares_of_wrong_cuts_are_all_of_them():
    assert sum(share for share, _ in fields._FALSE_CUTS) == pytest.approx(1)


def test_digits_without_a_zero_serve_as_well(digits):
    others = digits.take(np.flatnonzero(digits.labels != 0)[:100])
    images, _ = FieldPictures(others, (0, 0), SHARE).take(np.arange(100))
    assert images.any(axis=(1, 2)).all()
