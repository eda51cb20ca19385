"""The proof by itself: what it counts, what it tells on the way, and the picture of the digits that flipped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_networks import small_network

from edgedigits.core.datasets import Digits
from edgedigits.core.datasets.sample_digits import load_samples
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.statistics.metrics import compare
from edgedigits.core.statistics.outcome import required_digits
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.file import read_tflite
from edgedigits.quantize.proof.proving import Proof, draw_flips, float_probabilities, prove

SMALL = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"
FLOAT_BYTES = 140_000


@pytest.fixture(scope="module")
def digits() -> Digits:
    """Forty of those that ship: all ten, in turn, but for a five more and a nine less."""
    places = np.arange(40) * 50 % 500 + np.arange(40) // 10
    places[9] = 299
    return load_samples().pool.take(places)


@pytest.fixture(scope="module")
def before(digits) -> np.ndarray:
    """A float network that reads the first digit and the last one wrongly."""
    scores = np.full((40, 10), 0.02, np.float32)
    read = digits.labels.copy()
    read[[0, -1]] = (read[[0, -1]] + 1) % 10
    scores[np.arange(40), read] = 0.82
    return scores


@pytest.fixture(scope="module")
def proved(before, digits):
    told = []
    proof, after = prove(
        before,
        FLOAT_BYTES,
        str(SMALL),
        read_tflite(SMALL),
        digits,
        2.0,
        lambda *said: told.append(said),
        min_accuracy=91.5,
    )
    return proof, after, told


def test_a_proof_holds_what_the_model_reads_against_what_the_float_network_read(proved, before, digits):
    proof, after, _ = proved
    model = DigitModel(SMALL)
    assert (after == model.probabilities(digits.images)).all()
    assert proof.comparison == compare(before.argmax(1), after.argmax(1), digits.labels)
    assert {0, 39} & set(proof.comparison.flipped)
    assert (proof.runtime, proof.threads) == (str(model.runtime), 1)
    assert (proof.float_bytes, proof.tflite_bytes, proof.max_drop) == (FLOAT_BYTES, SMALL.stat().st_size, 2.0)
    assert proof.operators == read_tflite(SMALL).operators
    assert [verdict.runs for verdict in proof.verdicts] == [True, True, True]
    assert (proof.min_accuracy, proof.cause) == (91.5, "")
    assert proof.chance == 12.5, "of forty digits five are fives"


def test_a_proof_asks_for_ninety_percent_and_takes_digits_for_evenly_spread(digits):
    proof = flips(3, digits)[0]
    assert (proof.min_accuracy, proof.chance, proof.cause) == (90.0, 10.0, "")


def test_a_proof_tells_how_many_digits_are_done(proved):
    told = proved[2]
    assert {(stage, total) for stage, _, total in told} == {("tflite", 40)}
    assert told[-1][1] == 40


def test_a_proof_as_json_has_its_verdict_and_all_that_it_rests_on(proved):
    proof = proved[0]
    plain = proof.as_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["ratio"] == round(FLOAT_BYTES / SMALL.stat().st_size, 3)
    found = proof.comparison
    needed = required_digits(found.lost, found.won, 40, 2.0)
    assert (plain["verdict"], plain["passed"], plain["required_digits"]) == ("cannot tell", False, needed)
    assert plain["comparison"]["lost"] == found.lost


def test_a_proof_passes_where_the_drop_may_be_as_large_as_its_interval_ends(proved):
    proof = proved[0]
    assert replace(proof, max_drop=100.0).passed is True
    assert replace(proof, max_drop=100.0, min_accuracy=99.0).passed is False


def test_scores_of_the_float_network_are_probabilities_and_it_tells_how_many_are_done(digits):
    told = []
    scores = float_probabilities(small_network(), digits.images, lambda *said: told.append(said))
    assert scores.shape == (40, 10)
    assert np.abs(scores.sum(axis=1) - 1).max() < 1e-5
    assert told == [("float", 40, 40)]


def linear_network(bias: np.ndarray, weights: np.ndarray):
    import tf_keras as keras

    network = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    network.set_weights([weights, bias])
    return network


@pytest.mark.parametrize("highest", [1.0, 1.009])
def test_scores_of_nothing_and_a_little_more_than_all_are_taken_for_probabilities(highest):
    """Softmax underflows to 0, and rounds."""
    bias = np.zeros(10, np.float32)
    bias[3] = highest
    network = linear_network(bias, np.zeros((784, 10), np.float32))
    assert float_probabilities(network, np.zeros((2, 28, 28), np.uint8)).max() == np.float32(highest)
    assert float_probabilities(network, np.zeros((0, 28, 28), np.uint8)).shape == (0, 10)


@pytest.mark.parametrize("added", [{0: -0.105, 1: 0.105}, {3: 0.93}], ids=["negative", "greater than 1"])
def test_scores_that_are_no_probabilities_are_refused(added):
    """Those of one digit among many, and by little: the one whose first pixel is white."""
    weights = np.zeros((784, 10), np.float32)
    weights[0, list(added)] = list(added.values())
    network = linear_network(np.full(10, 0.1, np.float32), weights)
    images = np.zeros((40, 28, 28), np.uint8)
    assert float_probabilities(network, images).shape == (40, 10)
    images[7, 0, 0] = 255
    with pytest.raises(EdgedigitsError, match="end it in a softmax layer"):
        float_probabilities(network, images)


def flips(count: int, digits: Digits) -> tuple[Proof, np.ndarray, np.ndarray, Digits]:
    """A proof of so many digits of which all flipped: in turn lost, won, and wrong before and after."""
    test = digits.repeated(-(-count // 40)).take(np.arange(count))
    before, after = np.zeros((2, count, 10), np.float32)
    kind, place, truth = np.arange(count) % 3, np.arange(count), test.labels.astype(int)
    before[place, np.choose(kind, [truth, truth + 1, truth + 2]) % 10] = 0.9
    after[place, np.choose(kind, [truth + 1, truth, truth + 3]) % 10] = 0.8
    found = compare(before.argmax(1), after.argmax(1), test.labels)
    return Proof(found, "runtime", 1, 4, 1, (), (), 0.5), before, after, test


def cells_of(count: int, digits: Digits) -> tuple[np.ndarray, list[np.ndarray], Digits]:
    """The picture of so many flips, its title, and its cells: 8 in a row, all of one size, below the title."""
    proof, before, after, test = flips(count, digits)
    sheet = cv2.imdecode(np.frombuffer(draw_flips(proof, "int8", test, before, after), np.uint8), cv2.IMREAD_UNCHANGED)
    rows = max(1, -(-min(count, 64) // 8))
    width, height = sheet.shape[1] // 8, (sheet.shape[0] - 24) // rows
    assert sheet.shape == (24 + rows * height, 8 * width, 3)
    below = sheet[24:]
    cells = [
        below[height * row : height * (row + 1), width * column : width * (column + 1)]
        for row in range(rows)
        for column in range(8)
    ]
    return sheet[:24], cells, test


def test_each_eight_flips_take_a_row_of_the_picture(digits):
    heights = {count: len(cells_of(count, digits)[1][0]) * -(-min(count, 64) // 8) for count in (1, 8, 9, 64, 65)}
    assert heights == {count: rows * heights[1] for count, rows in ((1, 1), (8, 1), (9, 2), (64, 8), (65, 8))}
    assert heights[1] < 200


def test_the_title_stands_in_the_picture(digits):
    title, _, _ = cells_of(70, digits)
    rows, columns = np.nonzero((title < 250).any(axis=2))
    assert rows.min() > 0 and rows.max() < 23
    assert columns.min() > 0 and columns.max() < title.shape[1] - 1
    assert rows.max() - rows.min() >= 8, "in letters that can be read"


@pytest.mark.parametrize("count", [1, 8, 9, 64, 70])
def test_the_picture_shows_each_digit_that_flipped_at_most_64_of_them(count, digits):
    title, cells, test = cells_of(count, digits)
    assert (title < 128).any(), "how many flipped"
    for place, cell in enumerate(cells):
        if place >= count:
            assert (cell == 255).all()
            continue
        picture = cell[3 : cell.shape[1] - 3, 3:-3]
        square = picture[: picture.shape[1]]
        assert square.shape[0] == square.shape[1] > 56, "each pixel at least twice as large"
        small = cv2.resize(255 - test.images[place], square.shape[:2], interpolation=cv2.INTER_NEAREST)
        np.testing.assert_array_equal(square, np.repeat(small[..., np.newaxis], 3, axis=2))


def test_a_frame_tells_what_the_model_lost_and_won(digits):
    """Red, green and grey, in OpenCV's order of colours; the frame goes round digit and caption."""
    _, cells, _ = cells_of(30, digits)
    blue, green, red = 0, 1, 2
    for cell, colour in zip(cells, ("red", "green", "grey") * 10, strict=False):
        frame = cell[1, 1].astype(int)
        height, width = cell.shape[:2]
        for row, column in (
            (1, width - 2),
            (height - 3, 1),
            (height - 3, width - 2),
            (1, width // 2),
            (height // 2, 1),
        ):
            assert (cell[row, column] == frame).all()
        assert (cell[0] == 255).all() and (cell[:, 0] == 255).all() and (cell[:, -1] == 255).all()
        if colour == "grey":
            assert frame[blue] == frame[green] == frame[red] < 200
        else:
            strong = red if colour == "red" else green
            assert frame[strong] > 100 and frame.sum() == frame[strong]


def test_a_caption_has_two_lines_under_the_digit_in_the_frames_colour(digits):
    _, cells, _ = cells_of(3, digits)
    for cell in cells[:3]:
        inside = cell[cell.shape[1] : -3, 2:-2]
        inked = (inside < 250).any(axis=2)
        rows = np.flatnonzero(inked.any(axis=1))
        assert np.count_nonzero(np.diff(rows) > 1) == 1, "a gap between two lines, and none cut by the frame"
        assert not inked[:, -1].any()
        darkest = inside[inked][inside[inked].astype(int).sum(axis=1).argmin()]
        assert np.abs(darkest.astype(int) - cell[1, 1]).max() < 60


def test_no_flip_is_a_picture_too(digits):
    proof, before, _, test = flips(3, digits)
    same = Proof(compare(before.argmax(1), before.argmax(1), test.labels), *list(vars(proof).values())[1:])
    sheet = cv2.imdecode(np.frombuffer(draw_flips(same, "int8", test, before, before), np.uint8), cv2.IMREAD_UNCHANGED)
    assert sheet.shape[0] > 100 and (sheet[24:] == 255).all()
