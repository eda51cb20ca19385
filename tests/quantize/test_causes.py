"""What is tried where a network reads hardly any digits: on networks that are a formula and read one pixel."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from edgedigits.core.contract.contract import OUR_CONTRACT, RANGES, InputContract
from edgedigits.core.contract.finding import Scores
from edgedigits.core.datasets.digits import Digits
from edgedigits.core.datasets.orientation import turned
from edgedigits.quantize.proof.causes import Cause, cause_of

PLACE = (0, 5)
"""Of the pixel that tells a digit: no other one of the picture lies there once it is turned or mirrored."""


def digits_of(count: int) -> Digits:
    labels = (np.arange(count) % 10).astype(np.uint8)
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, *PLACE] = 10 + 20 * labels
    return Digits(images, labels)


def reader(
    contract: InputContract = OUR_CONTRACT,
    orientation: str = "upright",
    order: np.ndarray | None = None,
    wrong: int = 0,
) -> Scores:
    """A network for digits that are fed by a contract, lie so, and have their outputs in an order.

    Of a hundred digits it reads the first few wrongly.
    """
    mark = np.zeros((1, 28, 28), np.uint8)
    mark[:, *PLACE] = 255
    lying = mark if orientation == "upright" else turned(mark, orientation)
    row, column = np.argwhere(lying[0])[0]
    levels = contract.levels()[10:191:20]
    order = np.arange(10) if order is None else order

    def scores(values: np.ndarray) -> np.ndarray:
        read = np.abs(values[:, row, column] - levels).argmin(axis=1)
        read = (read + (np.arange(len(values)) % 100 < wrong)) % 10
        return np.eye(10, dtype=np.float32)[np.argsort(order)[read]]

    return scores


@pytest.mark.parametrize(("name", "polarity"), list(product(RANGES, ("bright", "dark")))[1:])
def test_a_network_that_is_fed_otherwise_is_told_how(name, polarity):
    contract = replace(OUR_CONTRACT, range=name, polarity=polarity)
    cause = cause_of(reader(contract), OUR_CONTRACT, digits_of(100))
    assert cause == Cause(100.0, f"fed {contract}", f"give --input-range {name} --polarity {polarity}")


@pytest.mark.parametrize(
    ("orientation", "says"),
    [
        ("transposed", "transposed (rows and columns changed places, as in EMNIST's files)"),
        ("rot90", "turned left by 90 degrees"),
        ("rot270", "turned right by 90 degrees"),
        ("rot180", "turned upside down"),
        ("mirrored", "mirrored"),
    ],
)
def test_a_network_for_digits_that_lie_otherwise_is_told_so(orientation, says):
    cause = cause_of(reader(orientation=orientation), OUR_CONTRACT, digits_of(100))
    remedy = "train it on upright digits, or prove it on those that it knows"
    assert cause == Cause(100.0, f"shown digits that are {says}", remedy)


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ((np.arange(10) + 1) % 10, "shifted by 1"),
        ((np.arange(10) + 9) % 10, "shifted by 9"),
        (np.arange(10)[::-1], "in the order 9, 8, 7, 6, 5, 4, 3, 2, 1, 0"),
        (np.array([0, 9, 8, 7, 6, 5, 4, 3, 2, 1]), "in the order 0, 9, 8, 7, 6, 5, 4, 3, 2, 1"),
    ],
)
def test_outputs_in_another_order_are_told(order, says):
    cause = cause_of(reader(order=order, wrong=10), OUR_CONTRACT, digits_of(100))
    assert cause == Cause(90.0, f"with its outputs {says}", "train it with the labels 0 to 9 in their order")


@pytest.mark.parametrize(("wrong", "told"), [(20, True), (21, False)])
def test_a_cause_makes_up_for_twenty_points_at_least(wrong, told):
    """A network that reads 60 of a hundred digits of 0 to 1, and so many of 0 to 255."""
    by_unit, by_bytes = reader(wrong=40), reader(replace(OUR_CONTRACT, range="0..255"), wrong=wrong)

    def scores(values):
        return by_bytes(values) if values.max() > 100 else by_unit(values)

    cause = cause_of(scores, OUR_CONTRACT, digits_of(100))
    assert (cause is not None) is told
    if cause:
        assert (cause.accuracy, cause.what) == (80.0, "fed 0..255, bright ink")


def test_of_a_network_that_reads_all_or_none_no_cause_is_made_up():
    digits = digits_of(100)
    assert cause_of(reader(), OUR_CONTRACT, digits) is None
    assert cause_of(lambda values: np.zeros((len(values), 10), np.float32), OUR_CONTRACT, digits) is None
    # Two outputs that stand for the same digit are no order.
    order = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 0])
    tied = reader(order=order)

    def scores(values):
        made = tied(values)
        made[:, 0] += 2 * made[:, 1]
        return made

    assert cause_of(scores, OUR_CONTRACT, digits) is None


@pytest.mark.parametrize("count", [1000, 1010])
def test_no_more_than_a_thousand_digits_are_looked_at(count):
    looks = []
    model = reader(replace(OUR_CONTRACT, polarity="dark"))
    cause = cause_of(lambda values: looks.append(len(values)) or model(values), OUR_CONTRACT, digits_of(count))
    assert set(looks) == {1000}
    assert cause is not None and cause.what == "fed 0..1, dark ink"
