"""What a model is fed and what its scores are: numbers by hand, both sides of each limit."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edgedigits.core.contract.contract import (
    OUR_CONTRACT,
    RANGES,
    InputContract,
    checked_range,
    contract_from,
    field_of,
    is_picture,
    mean_and_deviation,
)
from edgedigits.core.errors import EdgedigitsError


def noise(count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)


def test_our_networks_take_pictures_of_0_to_1_and_give_probabilities() -> None:
    assert InputContract((28, 28, 1), "0..1", "bright", "probabilities") == OUR_CONTRACT
    assert RANGES == ("0..1", "0..255", "-1..1", "0.1307,0.3081")


@pytest.mark.parametrize(
    ("name", "black", "grey", "white"),
    [
        ("0..1", 0, 51 / 255, 1),
        ("0..255", 0, 51, 255),
        ("-1..1", -1, 51 / 127.5 - 1, 1),
        ("0.1307,0.3081", -0.424213, (0.2 - 0.1307) / 0.3081, 2.821486),
        ("0.5,0.25", -2, -1.2, 2),
    ],
)
def test_levels_of_grey(name: str, black: float, grey: float, white: float) -> None:
    levels = InputContract(range=name).levels()
    assert levels.shape == (256,) and levels.dtype == np.float32
    assert levels[[0, 51, 255]] == pytest.approx([black, grey, white], abs=1e-6)
    dark = InputContract(range=name, polarity="dark").levels()
    np.testing.assert_array_equal(dark, levels[::-1])


def test_bytes_and_units_are_exact() -> None:
    assert InputContract(range="0..255").levels().tolist() == list(range(256))
    np.testing.assert_array_equal(InputContract().levels(), np.arange(256, dtype=np.float32) / np.float32(255))


def test_mean_and_deviation_say_the_same_as_the_levels() -> None:
    pixels = np.arange(256) / 255
    for name in (*RANGES, "0.3,2"):
        contract = InputContract(range=name)
        mean, deviation = contract.mean_and_deviation
        assert (mean, deviation) == mean_and_deviation(name)
        np.testing.assert_allclose(contract.levels(), (pixels - mean) / deviation, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "way"),
    [
        ((20, 20), cv2.INTER_AREA),
        ((27, 27), cv2.INTER_AREA),
        ((32, 32), cv2.INTER_LINEAR),
        ((20, 28), cv2.INTER_LINEAR),
        ((28, 20), cv2.INTER_LINEAR),
        ((20, 32), cv2.INTER_LINEAR),
        ((29, 20), cv2.INTER_LINEAR),
    ],
)
def test_pictures_of_another_size(shape: tuple[int, int], way: int) -> None:
    images = noise()
    made = InputContract(shape).pictures(images)
    assert made.shape == (2, *shape) and made.dtype == np.uint8
    expected = [cv2.resize(image, shape[::-1], interpolation=way) for image in images]
    np.testing.assert_array_equal(made, expected)


def test_pictures_of_our_size_are_the_same() -> None:
    images = noise()
    assert InputContract().pictures(images) is images
    with pytest.raises(EdgedigitsError):
        InputContract().pictures(images.astype(np.float32))


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (784,)])
def test_one_channel_in_any_shape(shape: tuple[int, ...]) -> None:
    images = noise()
    made = InputContract(shape, "0..255", "dark").values(images)
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, (255 - images.astype(np.float32)).reshape(2, *shape))


@pytest.mark.parametrize("shape", [(28, 28, 3), (3 * 784,)])
def test_three_channels_are_three_times_the_same(shape: tuple[int, ...]) -> None:
    images = noise()
    made = InputContract(shape, "0..255").values(images)
    assert made.shape == (2, *shape)
    for channel in range(3):
        np.testing.assert_array_equal(made.reshape(2, 28, 28, 3)[..., channel], images)


def test_no_pictures_are_no_values() -> None:
    assert InputContract((20, 20, 3)).values(noise(0)).shape == (0, 20, 20, 3)


def test_probabilities_of_logits_are_their_softmax() -> None:
    scores = np.float32([[1, 2, 3], [1000, 1000, 1000], [-1000, 0, 1000]])
    assert OUR_CONTRACT.probabilities(scores) is scores
    made = InputContract(output="logits").probabilities(scores)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made[0], np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum(), rtol=1e-6)
    np.testing.assert_allclose(made[1:], [[1 / 3] * 3, [0, 0, 1]], atol=1e-6)


@pytest.mark.parametrize(
    ("scores", "output"),
    [
        ([[0, 1]], "probabilities"),
        ([[-0.0199, 1.0199]], "probabilities"),
        ([[-0.0201, 1]], "logits"),
        ([[0, 1.0201]], "logits"),
        ([[-5, 0.5]], "logits"),
        ([[0.5, 5]], "logits"),
    ],
)
def test_scores_tell_what_they_are(scores: list[list[float]], output: str) -> None:
    for before in ("logits", "probabilities"):
        contract = InputContract(range="-1..1", output=before)
        assert contract.telling(np.float32(scores)) == replace(contract, output=output)
    assert InputContract(output="logits").telling(np.empty((0, 10), np.float32)).output == "probabilities"


def test_a_contract_for_cards_and_for_people() -> None:
    contract = InputContract((20, 20, 3), "0.5,0.25", "dark", "logits")
    said = contract.as_dict()
    assert said == {"shape": [20, 20, 3], "range": "0.5,0.25", "polarity": "dark", "output": "logits"}
    assert contract_from(said) == contract
    assert contract_from(said | {"type": "int8", "known_by": "card"}) == contract
    assert contract_from({"polarity": "dark"}) == replace(OUR_CONTRACT, polarity="dark")
    assert contract_from({"shape": ["20", 20.0]}).shape == (20, 20)
    assert str(contract) == "0.5,0.25 (mean, deviation), dark ink"
    assert str(OUR_CONTRACT) == "0..1, bright ink"
    assert str(InputContract(range="0.1307,0.3081")) == "0.1307,0.3081 (mean, deviation), bright ink"


@pytest.mark.parametrize("said", [{"shape": 28}, {"shape": ["a"]}, {"range": 3}, {"range": None}])
def test_a_card_that_says_something_else_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(EdgedigitsError):
        contract_from(said)


@pytest.mark.parametrize("wrong", [{"polarity": "grey"}, {"output": "scores"}, {"polarity": "", "output": ""}])
def test_polarity_and_output_are_one_of_two(wrong: dict[str, str]) -> None:
    with pytest.raises(EdgedigitsError, match="the polarity is bright or dark, the output probabilities or logits"):
        InputContract(**wrong)


@pytest.mark.parametrize(
    ("shape", "field"),
    [
        ((28, 20), (28, 20, 1)),
        ((2, 2), (2, 2, 1)),
        ((28, 20, 1), (28, 20, 1)),
        ((28, 20, 3), (28, 20, 3)),
        ((2, 2, 1), (2, 2, 1)),
        ((784,), (28, 28, 1)),
        ((4,), (2, 2, 1)),
        ((12,), (2, 2, 3)),
        ((2352,), (28, 28, 3)),
        ((144,), (12, 12, 1)),
    ],
)
def test_the_picture_that_an_input_is(shape: tuple[int, ...], field: tuple[int, int, int]) -> None:
    assert field_of(shape) == InputContract(shape).field == field
    assert is_picture(shape)


@pytest.mark.parametrize(
    "shape",
    [
        (),
        (0,),
        (1,),
        (3,),
        (5,),
        (783,),
        (785,),
        (2353,),
        (28, 1),
        (1, 28),
        (0, 28),
        (0, 28, 1),
        (784, 1),
        (784, 1, 1),
        (28, 1, 1),
        (1, 28, 3),
        (28, 28, 2),
        (28, 28, 4),
        (28, 28, 0),
        (28, 28, 1, 1),
    ],
)
def test_what_is_no_picture(shape: tuple[int, ...]) -> None:
    assert not is_picture(shape)
    with pytest.raises(EdgedigitsError, match="no picture of a digit"):
        InputContract(shape)


@pytest.mark.parametrize("name", [*RANGES, "0,1", "-3.5,1e-3", " 0.5 , 2 "])
def test_ranges_that_there_are(name: str) -> None:
    assert checked_range(name) == name


@pytest.mark.parametrize(
    "name", ["", "0..2", "0.5", "0.5,", ",1", "0.5,0", "0.5,-1", "nan,1", "inf,1", "0,inf", "0,nan"]
)
def test_ranges_that_there_are_not(name: str) -> None:
    with pytest.raises(EdgedigitsError) as caught:
        InputContract(range=name)
    assert "choose one of 0..1, 0..255, -1..1, or give" in caught.value.remedy
    assert "such as 0.1307,0.3081" in caught.value.remedy
