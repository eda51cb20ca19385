"""Digits spoilt in fifteen ways: each does what its name says, the same for the same seed."""

import cv2
import numpy as np
import pytest

from edgedigits.core.corruptions.kinds import KINDS, corrupted
from edgedigits.core.corruptions.measuring import corruption_errors
from edgedigits.core.datasets import load_dataset
from edgedigits.core.digit import BOX, normalise
from edgedigits.core.errors import EdgedigitsError

COUNT = 40


@pytest.fixture(scope="module")
def digits():
    whole = load_dataset("samples").pool
    return whole.take(np.arange(0, len(whole), len(whole) // COUNT)[:COUNT])


@pytest.fixture(scope="module")
def images(digits):
    return digits.images


def _box(image, above=60):
    return cv2.boundingRect((image > above).astype(np.uint8))


def _centre(image):
    found = cv2.moments(image)
    return np.array([found["m10"], found["m01"]]) / found["m00"]


def _lean(image):
    """Columns that the ink moves to the left for each row down."""
    found = cv2.moments(image)
    return -found["mu11"] / found["mu02"]


def test_the_kinds_are_the_published_ones():
    assert len(KINDS) == 15
    assert set(KINDS) == {
        *("shot noise", "impulse noise", "glass blur", "motion blur", "shear", "scale", "rotate", "brightness"),
        *("translate", "stripe", "fog", "spatter", "dotted line", "zigzag", "canny edges"),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_corruption_gives_other_digits_in_bytes_and_leaves_the_given_ones_alone(images, kind):
    before = images.copy()
    spoilt = corrupted(images, kind)
    assert (spoilt.shape, spoilt.dtype) == (images.shape, np.uint8)
    assert (spoilt != images).any(axis=(1, 2)).mean() > 0.9
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("kind", KINDS)
def test_what_happens_to_a_digit_depends_on_seed_kind_and_place_alone(images, kind):
    np.testing.assert_array_equal(corrupted(images, kind, 1)[:5], corrupted(images[:5], kind, 1))


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"scale", "brightness", "stripe", "canny edges"}))
def test_another_seed_and_another_place_spoil_otherwise(images, kind):
    assert (corrupted(images, kind, 0) != corrupted(images, kind, 1)).any()
    twins = corrupted(np.repeat(images[:1], 8, axis=0), kind)
    assert (twins != twins[0]).any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_without_ink_and_a_white_one_can_be_spoilt_too(kind):
    for level in (0, 255):
        assert corrupted(np.full((2, 28, 28), level, np.uint8), kind).shape == (2, 28, 28)


def test_no_digits_are_none(images):
    assert corrupted(images[:0], "fog").shape == (0, 28, 28)


def test_shot_noise_counts_three_photons_on_white():
    white = corrupted(np.full((20, 28, 28), 255, np.uint8), "shot noise")
    assert set(np.unique(white)) == {0, 85, 170, 255}
    assert (white == 0).mean() == pytest.approx(np.exp(-3), abs=0.01)
    assert not corrupted(np.zeros((1, 28, 28), np.uint8), "shot noise").any()


def test_impulse_noise_makes_as_many_pixels_black_as_white():
    grey = corrupted(np.full((20, 28, 28), 100, np.uint8), "impulse noise")
    assert (grey == 0).mean() == pytest.approx(0.085, abs=0.01)
    assert (grey == 255).mean() == pytest.approx(0.085, abs=0.01)
    assert set(np.unique(grey)) == {0, 100, 255}


def test_glass_shows_a_pixel_at_most_a_few_pixels_away(images):
    point = np.zeros((30, 28, 28), np.uint8)
    point[:, 14, 14] = 255
    seen = corrupted(point, "glass blur")
    assert not seen[:, :6].any()
    assert not seen[:, :, 22:].any()


def test_motion_leaves_a_trail_on_one_side(images):
    point = np.zeros((30, 28, 28), np.uint8)
    point[:, 14, 14] = 255
    for trail in corrupted(point, "motion blur"):
        assert _box(trail, 0)[2] >= 5
        assert 1 < np.linalg.norm(_centre(trail) - 14) < 5


def test_shear_slants_by_two_fifths_and_leaves_the_height(images):
    upright = np.zeros((30, 28, 28), np.uint8)
    upright[:, 6:22, 13:15] = 255
    lean = [_lean(one) for one in corrupted(upright, "shear")]
    np.testing.assert_allclose(np.abs(lean), 0.4, atol=0.03)
    assert min(lean) < 0 < max(lean)
    assert {_box(one)[3] for one in corrupted(upright, "shear")} == {16}


def test_scale_makes_a_digit_small_about_the_middle_of_the_field():
    block = np.zeros((1, 28, 28), np.uint8)
    block[:, 4:24, 9:19] = 255
    assert _box(corrupted(block, "scale")[0], 100) == (11, 8, 6, 12)


def test_rotation_turns_by_23_degrees_either_way():
    bar = np.zeros((30, 28, 28), np.uint8)
    bar[:, 4:24, 13:15] = 255
    lean = np.degrees(np.arctan([_lean(one) for one in corrupted(bar, "rotate")]))
    np.testing.assert_allclose(np.abs(lean), 23, atol=1.5)
    assert min(lean) < 0 < max(lean)


def test_brightness_adds_half_of_the_range():
    assert set(np.unique(corrupted(np.full((1, 28, 28), 60, np.uint8), "brightness"))) == {187}
    assert set(np.unique(corrupted(np.full((1, 28, 28), 200, np.uint8), "brightness"))) == {255}


def test_translation_goes_three_pixels_to_a_corner():
    block = np.zeros((40, 28, 28), np.uint8)
    block[:, 10:18, 10:18] = 255
    corners = {_box(one)[:2] for one in corrupted(block, "translate")}
    assert corners == {(7, 7), (7, 13), (13, 7), (13, 13)}


def test_the_stripe_is_a_negative_of_the_middle_half(images):
    striped = corrupted(images, "stripe")
    np.testing.assert_array_equal(striped[:, :, 7:21], 255 - images[:, :, 7:21])
    np.testing.assert_array_equal(striped[:, :, :7], images[:, :, :7])
    np.testing.assert_array_equal(striped[:, :, 21:], images[:, :, 21:])


def test_fog_leaves_a_third_of_the_contrast():
    black, white = np.zeros((20, 28, 28), np.uint8), np.full((20, 28, 28), 255, np.uint8)
    cloud, both = (corrupted(field, "fog").astype(int) for field in (black, white))
    np.testing.assert_allclose(both - cloud, 85, atol=1)
    assert cloud.min(axis=(1, 2)).max() == 0
    assert cloud.max(axis=(1, 2)).min() == 170


def test_drops_cover_an_eighth_of_the_lens_bright_or_dark():
    drops = corrupted(np.full((60, 28, 28), 100, np.uint8), "spatter").astype(int)
    covered = (np.abs(drops - 100) > 50).mean(axis=(1, 2))
    np.testing.assert_allclose(covered, 0.13, atol=0.04)
    assert (drops.min(), drops.max()) == (0, 200)


def test_a_dotted_line_is_fourteen_white_points_from_side_to_side():
    dots = corrupted(np.zeros((40, 28, 28), np.uint8), "dotted line")
    assert set(np.unique(dots)) == {0, 255}
    assert {np.count_nonzero(one) for one in dots} == {14}
    assert all(max(_box(one)[2:]) == 27 for one in dots)


def test_a_zigzag_runs_from_side_to_side_and_swings(images):
    lines = corrupted(np.zeros((40, 28, 28), np.uint8), "zigzag")
    assert all(max(_box(one)[2:]) == 28 and min(_box(one)[2:]) >= 6 for one in lines)
    assert (corrupted(images, "zigzag") >= images).all()


def test_edges_are_white_where_strokes_end_and_black_inside(images):
    edges = corrupted(images, "canny edges")
    assert set(np.unique(edges)) == {0, 255}
    block = np.zeros((1, 28, 28), np.uint8)
    block[:, 6:22, 6:22] = 255
    outline = corrupted(block, "canny edges")[0]
    assert not outline[9:19, 9:19].any()
    assert 40 < np.count_nonzero(outline) < 80


def test_kinds_have_names_and_digits_a_form(images):
    with pytest.raises(EdgedigitsError, match="no kind of corruption is called 'frog'"):
        corrupted(images, "frog")
    with pytest.raises(EdgedigitsError, match="give uint8 of shape"):
        corrupted(images.astype(np.float32), "fog")


def test_the_errors_of_a_network_that_always_says_three_are_the_other_digits(digits):
    three = np.eye(10, dtype=np.float32)[3]
    done = []
    found = corruption_errors(lambda images: np.repeat(three[None], len(images), axis=0), digits, progress=done.append)
    others = 100 * np.mean(digits.labels != 3)
    assert [one.kind for one in found.kinds] == list(KINDS)
    assert {one.error for one in found.kinds} == {one.normalised for one in found.kinds} == {others}
    assert (found.count, found.mean, found.normalised_mean) == pytest.approx((COUNT, others, others))
    assert done == list(range(1, 16))


def test_digits_are_read_as_they_are_and_normalised_anew(digits):
    """A network that says 3 where the longer side of the ink is 20 pixels, as of every normalised digit with ink."""

    def scores(images):
        assert images.dtype == np.uint8
        return np.eye(10)[[3 if max(cv2.boundingRect(one)[2:]) == BOX else 4 for one in images]]

    threes = digits.take(np.flatnonzero(digits.labels == 3))
    found = {one.kind: one for one in corruption_errors(scores, threes).kinds}
    assert (found["scale"].error, found["scale"].normalised) == (100, 0)
    assert max(cv2.boundingRect(normalise(corrupted(threes.images, "fog")[0]))[2:]) == BOX


def test_the_mean_weighs_every_kind_the_same_and_takes_the_seed(digits):
    def scores(images):
        return np.eye(10)[(images.sum(axis=(1, 2)) % 10).astype(int)]

    found = corruption_errors(scores, digits, 5)
    assert found.seed == 5
    assert found.mean == pytest.approx(np.mean([one.error for one in found.kinds]))
    assert found.kinds != corruption_errors(scores, digits, 6).kinds
    assert len({one.error for one in found.kinds}) > 3
