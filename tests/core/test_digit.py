"""The digit contract: every picture of a digit ends as MNIST would have stored it."""

from __future__ import annotations

import gzip
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from tiny_models import QUANTIZE_RANGES, tiny_models

from edgedigits.core.digit import BOX, CLASSES, LABELS, SIDE, dequantize, model_input, normalise, quantize
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.runtime import runtime

COUNT = 2000


@pytest.fixture(scope="module")
def digits(data_folder: Path) -> NDArray[np.uint8]:
    """The first of MNIST's training images."""
    with gzip.open(data_folder / "mnist" / "train-images-idx3-ubyte.gz") as file:
        data = file.read(16 + COUNT * SIDE * SIDE)
    return np.frombuffer(data, np.uint8, offset=16).reshape(-1, SIDE, SIDE)


@pytest.fixture(scope="module")
def normal(digits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([normalise(digit) for digit in digits])


def centre_of_mass(images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    weights = images.astype(np.float64)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    mass = weights.sum((1, 2))
    return (weights * columns).sum((1, 2)) / mass, (weights * rows).sum((1, 2)) / mass


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.abs(one.astype(int) - other.astype(int)).mean((1, 2))


def test_mnist_is_in_this_form_already(digits: NDArray[np.uint8], normal: NDArray[np.uint8]) -> None:
    assert (normal == digits).all((1, 2)).mean() > 0.88


def test_normalising_twice_changes_nothing_more(normal: NDArray[np.uint8]) -> None:
    again = np.stack([normalise(digit) for digit in normal])
    assert (again == normal).all((1, 2)).mean() > 0.999


def test_the_place_in_the_picture_does_not_matter(digits: NDArray[np.uint8], normal: NDArray[np.uint8]) -> None:
    moved = [normalise(np.pad(digit, ((7, 130), (55, 2)))) for digit in digits]
    assert (np.stack(moved) == normal).all()


@pytest.mark.parametrize("times", [2, 4, 9])
def test_a_digit_blown_up_comes_back(times: int, digits: NDArray[np.uint8], normal: NDArray[np.uint8]) -> None:
    large = [normalise(digit.repeat(times, axis=0).repeat(times, axis=1)) for digit in digits]
    assert difference(np.stack(large), normal).max() < 1


@pytest.mark.parametrize("share", [0.75, 0.5])
def test_a_dim_digit_comes_back_nearly_equal(
    share: float, digits: NDArray[np.uint8], normal: NDArray[np.uint8]
) -> None:
    dim = [normalise((digit * share).astype(np.uint8)) for digit in digits]
    assert np.percentile(difference(np.stack(dim), normal), 95) < 2


def test_the_centre_of_mass_lies_where_mnist_has_it(digits: NDArray[np.uint8], normal: NDArray[np.uint8]) -> None:
    for images in (digits, normal):
        for axis in centre_of_mass(images):
            assert abs(axis.mean() - SIDE / 2) < 0.05
            assert np.abs(axis - SIDE / 2).max() < 0.52


def test_one_pixel_of_ink_becomes_a_full_box() -> None:
    picture = np.zeros((100, 60), np.uint8)
    picture[99, 0] = 1
    digit = normalise(picture)
    assert cv2.boundingRect(digit)[2:] == (BOX, BOX)
    assert set(np.unique(digit)) == {0, 255}


def test_grey_steps_are_spread_up_to_white() -> None:
    picture = np.full((20, 20), 200, np.uint8)
    picture[:10, :10] = 150
    assert set(np.unique(normalise(picture))) == {0, 191, 255}


@pytest.mark.parametrize("width", [3, 7, 11, 15, 19])
def test_small_ink_is_enlarged_in_even_slopes(width: int) -> None:
    """Linear between the centres of its pixels, and flat outside of them."""
    slope = np.linspace(20, 255, width).astype(np.uint8)
    digit = normalise(np.repeat(slope[np.newaxis], width, axis=0))
    centres = (np.arange(BOX) + 0.5) * width / BOX - 0.5
    left, top, *size = cv2.boundingRect(digit)
    assert size == [BOX, BOX]
    expected = np.interp(centres, np.arange(width), slope)
    assert np.abs(digit[top : top + BOX, left : left + BOX] - expected).max() <= 1


def test_faint_ink_that_is_spread_wide_gives_an_empty_digit() -> None:
    picture = np.zeros((400, 400), np.uint8)
    picture[0, 0] = picture[-1, -1] = 1
    assert not normalise(picture).any()


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (500, 3)])
def test_no_ink_gives_an_empty_digit(shape: tuple[int, int]) -> None:
    assert not normalise(np.zeros(shape, np.uint8)).any()


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0)])
def test_a_picture_without_pixels_gives_an_empty_digit(shape: tuple[int, int]) -> None:
    assert not normalise(np.zeros(shape, np.uint8)).any()


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(300, 1, (1, 20)), (1, 300, (20, 1)), (40, 10, (5, 20)), (10, 40, (20, 5)), (20, 20, (20, 20)), (3, 2, (13, 20))],
)
def test_the_aspect_of_the_ink_is_kept(height: int, width: int, expected: tuple[int, int]) -> None:
    digit = normalise(np.full((height, width), 200, np.uint8))
    left, top, *size = cv2.boundingRect(digit)
    assert tuple(size) == expected
    assert abs(left + (expected[0] - 1) / 2 - SIDE / 2) <= 0.5
    assert abs(top + (expected[1] - 1) / 2 - SIDE / 2) <= 0.5


@pytest.mark.parametrize("corner", [(0, 0), (0, -1), (-1, 0), (-1, -1)])
def test_ink_with_its_mass_in_a_corner_is_never_cut_off(corner: tuple[int, int]) -> None:
    picture = np.zeros((200, 200), np.uint8)
    picture[:, 0] = picture[0, :] = picture[:, -1] = picture[-1, :] = 40
    rows, columns = (slice(0, 60) if end == 0 else slice(-60, None) for end in corner)
    picture[rows, columns] = 255
    digit = normalise(picture)
    assert cv2.boundingRect(digit)[2:] == (BOX, BOX)


@settings(max_examples=200, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 70))))
def test_any_picture_gives_a_digit_of_the_contract(picture: NDArray[np.uint8]) -> None:
    before = picture.copy()
    digit = normalise(picture)
    assert digit.shape == (SIDE, SIDE)
    assert digit.dtype == np.uint8
    assert (picture == before).all()
    assert max(cv2.boundingRect(digit)[2:]) <= BOX
    assert int(digit.max()) in (0, 255)


def test_a_view_into_a_larger_picture_is_read_as_it_is() -> None:
    large = np.random.default_rng(3).integers(0, 256, (90, 90), dtype=np.uint8)
    view = large[5:80:2, 3:60:3]
    assert (normalise(view) == normalise(view.copy())).all()


@pytest.mark.parametrize(
    "picture", [np.zeros((28, 28)), np.zeros((28, 28, 1), np.uint8), np.zeros(784, np.uint8), np.zeros((28, 28), bool)]
)
def test_another_type_or_shape_is_refused(picture: NDArray[np.uint8]) -> None:
    with pytest.raises(EdgedigitsError, match="give one grey channel"):
        normalise(picture)


def test_a_network_sees_pixels_between_0_and_1() -> None:
    images = np.arange(256, dtype=np.uint8).repeat(49)[: 16 * 784].reshape(16, SIDE, SIDE)
    values = model_input(images)
    assert values.shape == (16, SIDE, SIDE, 1)
    assert values.dtype == np.float32
    assert (values.ravel() == images.ravel() / np.float32(255)).all()


@pytest.mark.parametrize(
    "images",
    [
        *(np.zeros((1, 28, 28), kind) for kind in (np.float32, np.float64, np.int8, np.int16, bool)),
        *(np.zeros(shape, np.uint8) for shape in ((28, 28), (784,), (1, 28, 28, 1))),
        *(np.zeros((1, *shape), np.uint8) for shape in ((28, 27), (28, 29), (27, 28), (29, 28), (784,))),
    ],
    ids=lambda images: f"{images.dtype} {images.shape}",
)
def test_anything_else_is_kept_from_the_network(images: NDArray[np.uint8]) -> None:
    with pytest.raises(EdgedigitsError, match="normalise"):
        model_input(images)


def test_classes_are_the_ten_digits() -> None:
    assert CLASSES == 10
    assert tuple("0123456789") == LABELS


@pytest.mark.parametrize("name", QUANTIZE_RANGES)
def test_quantizing_rounds_as_tflites_reference_kernel(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    module = runtime().module
    interpreter = module.Interpreter(
        model_path=str(tiny_models(tmp_path_factory)[name]),
        experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = result["quantization"]
    pixels = np.arange(256, dtype=np.uint8).astype(np.float32) / np.float32(255)
    half_way = (np.arange(-140, 140) + np.float32(0.5)).astype(np.float32) * np.float32(scale)
    rest = np.random.default_rng(0).uniform(-3, 9, 40 * 784 - len(pixels) - len(half_way)).astype(np.float32)
    values = np.concatenate([pixels, half_way, rest]).reshape(-1, 1, SIDE, SIDE)
    for part in values:
        interpreter.set_tensor(source["index"], part)
        interpreter.invoke()
        expected = interpreter.get_tensor(result["index"]).ravel()
        assert (quantize(part.ravel(), scale, zero_point) == expected).all()


def test_every_grey_step_has_its_own_int8_value() -> None:
    grey = np.arange(256, dtype=np.uint8)
    steps = quantize(grey.astype(np.float32) / np.float32(255), 1 / 255, -128)
    assert (steps == grey.astype(int) - 128).all()


def test_dequantizing_undoes_quantizing() -> None:
    steps = np.arange(-128, 128).astype(np.int8)
    assert (quantize(dequantize(steps, 0.037, -5), 0.037, -5) == steps).all()


def test_values_outside_the_range_saturate() -> None:
    values = np.array([-1e9, -1.01, 1.01, 1e9, np.inf, -np.inf], np.float32)
    assert quantize(values, 1 / 128, 0).tolist() == [-128, -128, 127, 127, 127, -128]


def test_int16_has_its_own_range() -> None:
    values = np.array([-1e9, -1.01, -0.5, 0.0, 0.5, 1.01, 1e9], np.float32)
    steps = quantize(values, 1 / 32768, 0, np.int16)
    assert steps.dtype == np.int16
    assert steps.tolist() == [-32768, -32768, -16384, 0, 16384, 32767, 32767]
    every = np.arange(-32768, 32768).astype(np.int16)
    assert (quantize(dequantize(every, 1 / 32768, 0), 1 / 32768, 0, np.int16) == every).all()
