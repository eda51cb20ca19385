"""How a model's contract is found: models that are a formula, on digits of which the formula knows the answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgedigits.core.contract.contract import OUR_CONTRACT, RANGES, InputContract
from edgedigits.core.contract.finding import (
    NOTHING_TOLD,
    FoundContract,
    Scores,
    Told,
    Tried,
    _is_worse,
    _Look,
    _try,
    find_contract,
)
from edgedigits.core.datasets.digits import Digits
from edgedigits.core.errors import EdgedigitsError

SHAPE = (28, 28, 1)


def digits_of(count: int) -> Digits:
    """Digits of which the first pixel tells the label: 25 levels of grey from one to the next, from 12 on."""
    labels = (np.arange(count) % 10).astype(np.uint8)
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, 0] = 12 + 25 * labels
    return Digits(images, labels)


def reader(contract: InputContract, sure: float = 20.0, wrong: int = 0) -> Scores:
    """A model that reads such digits fed by a contract, so sure of each; of a hundred it reads a few wrongly."""
    levels = contract.levels()[12:256:25]

    def scores(values: np.ndarray) -> np.ndarray:
        read = np.abs(values.reshape(len(values), -1)[:, :1] - levels[np.newaxis]).argmin(axis=1)
        read = (read + (np.arange(len(values)) % 100 < wrong)) % 10
        made = np.exp(np.float32(sure) * np.eye(10, dtype=np.float32)[read])
        return made / made.sum(axis=1, keepdims=True)

    return scores


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("polarity", ["bright", "dark"])
def test_the_contract_by_which_a_model_reads_best_is_found(name, polarity):
    contract = InputContract(SHAPE, name, polarity)
    found = find_contract(reader(contract), SHAPE, digits_of(300), "made-up digits")
    assert (found.contract, found.how, found.digits, found.source) == (contract, "measured", 300, "made-up digits")
    assert found.tried[0] == Tried(contract, 100.0)
    assert {tried.contract for tried in found.tried} == {
        InputContract(SHAPE, one, ink) for one in RANGES for ink in ("bright", "dark")
    }
    rest = [tried.accuracy for tried in found.tried[1:]]
    assert rest == sorted(rest, reverse=True) and rest[0] < 100


def test_what_is_told_is_not_tried_otherwise():
    contract = InputContract(SHAPE, "-1..1", "dark")
    model, digits = reader(contract), digits_of(60)
    found = find_contract(model, SHAPE, digits, "d", told=Told(polarity="dark"))
    assert (found.contract, found.how) == (contract, "measured")
    assert {tried.contract.polarity for tried in found.tried} == {"dark"} and len(found.tried) == 4
    found = find_contract(model, SHAPE, digits, "d", told=Told("-1..1"))
    assert (found.contract, found.how) == (contract, "measured")
    assert [tried.contract.polarity for tried in found.tried] == ["dark", "bright"]
    found = find_contract(model, SHAPE, digits, "d", told=Told("0..255", "bright"))
    assert (found.contract, found.how) == (InputContract(SHAPE, "0..255"), "told")
    assert len(found.tried) == 1


def test_other_ranges_can_be_likelier():
    contract = InputContract(SHAPE, "0.25,0.25")
    model = reader(contract)
    found = find_contract(scores=model, shape=SHAPE, digits=digits_of(60), source="d", likely=["0.25,0.25", "0..1"])
    assert found.contract == contract
    assert len(found.tried) == 4


def test_of_contracts_that_read_alike_the_likeliest_is_taken_whose_probabilities_fit():
    """A model that reads the same at any scale; at that of bytes it is far too sure, at the smallest hardly at all."""
    digits = digits_of(400)

    def scores(values):
        """Logits that grow with the scale of what is fed; 38 of 100 digits are read wrongly."""
        flat = values.reshape(len(values), -1)
        scale = np.abs(flat).max()
        read = (digits_read(flat[:, 0] / scale) + (np.arange(len(flat)) % 100 < 38)) % 10
        return np.float32(scale * 3) * np.eye(10, dtype=np.float32)[read] - 1

    def digits_read(first):
        return np.abs(first[:, np.newaxis] - np.arange(12, 256, 25) / 237).argmin(axis=1)

    for likely, chosen in (
        (["0..255", "0..1", "0,2"], "0..1"),
        (["0,100", "0..1"], "0..1"),
        (["0,1.02", "0..1"], "0,1.02"),  # the likelier one of two that fit
        (["0..1", "0,1.02"], "0..1"),
    ):
        found = find_contract(scores, SHAPE, digits, "d", told=Told(polarity="bright"), likely=likely)
        assert [tried.accuracy for tried in found.tried] == [62.0] * len(likely)
        assert found.contract == InputContract(SHAPE, chosen, output="logits")


@pytest.mark.parametrize(("wrong", "how"), [(50, "measured"), (51, "assumed")])
def test_where_nothing_reads_half_of_the_digits_the_likeliest_is_assumed(wrong, how):
    contract = InputContract(SHAPE, "-1..1", "dark")
    found = find_contract(reader(contract, wrong=wrong), SHAPE, digits_of(200), "d", likely=["0..255", "-1..1"])
    assert found.how == how
    assert found.contract == (contract if how == "measured" else InputContract(SHAPE, "0..255"))
    assert found.tried[0] == Tried(contract, 100.0 - wrong)


def test_an_assumed_contract_keeps_the_output_that_was_seen():
    found = find_contract(lambda values: np.full((len(values), 10), 7.0, np.float32), SHAPE, digits_of(50), "d")
    assert (found.how, found.contract) == ("assumed", replace(OUR_CONTRACT, output="logits"))
    found = find_contract(
        lambda values: np.full((len(values), 10), 7.0, np.float32), SHAPE, digits_of(50), "d", told=Told("0..1", "dark")
    )
    assert (found.how, found.contract.output) == ("told", "logits")


def watched(looks: list[int]) -> Scores:
    """A reader that notes how many digits it is shown."""
    model = reader(OUR_CONTRACT)
    return lambda values: looks.append(len(values)) or model(values)


@pytest.mark.parametrize(("count", "shown"), [(200, [200] * 8), (201, [200] * 8 + [201]), (999, [200] * 8 + [999])])
def test_many_digits_are_shown_only_to_contracts_that_do_well_on_some(count, shown):
    looks = []
    find_contract(watched(looks), SHAPE, digits_of(count), "d")
    assert looks == shown


@pytest.mark.parametrize("count", [1000, 1010])
def test_no_more_than_a_thousand_digits_are_looked_at(count):
    looks = []
    found = find_contract(watched(looks), SHAPE, digits_of(count), "d")
    assert (max(looks), found.digits) == (1000, 1000)


def test_two_contracts_are_reason_enough_for_a_first_look():
    looks = []
    find_contract(watched(looks), SHAPE, digits_of(500), "d", told=Told("0..1"))
    assert looks == [200, 200, 500]


def test_a_single_contract_is_tried_once():
    looks = []
    find_contract(watched(looks), SHAPE, digits_of(500), "d", told=Told("0..1", "bright"))
    assert looks == [500]


def look(right: list[int], cross_entropy: float = 0.0) -> _Look:
    return _Look(OUR_CONTRACT, np.array(right, bool), cross_entropy)


@pytest.mark.parametrize(
    ("lost", "won", "deviations", "worse"),
    [
        (0, 0, 2, False),
        (4, 0, 2, False),
        (5, 0, 2, True),
        (10, 2, 2, True),
        (10, 4, 2, False),
        (2, 10, 2, False),
        (25, 0, 5, False),
        (26, 0, 5, True),
    ],
)
def test_one_is_worse_where_it_lost_more_than_chance_would(lost, won, deviations, worse):
    """McNemar's test: of the digits that only one of them reads, more by two roots of their count."""
    best = look([1] * lost + [0] * won + [1, 0] * 10)
    one = look([0] * lost + [1] * won + [1, 0] * 10)
    assert _is_worse(one, best, deviations) is worse
    if deviations == 2:
        assert _is_worse(one, best) is worse


def test_a_look_counts_right_digits_and_cross_entropy():
    digits = digits_of(4)
    made = np.float32([[0.5, 0.3, 0.2] + [0] * 7, [0.1, 0.9] + [0] * 8, [1] + [0] * 9, [0, 0, 0, 1] + [0] * 6])
    seen = _try(lambda values: made, InputContract(SHAPE, output="logits"), digits)
    assert seen.right.tolist() == [True, True, False, True]
    assert seen.accuracy == 75.0
    assert seen.contract == OUR_CONTRACT
    # No probability is taken for less than half a step of an int8 softmax.
    expected = -(np.log(0.5) + np.log(0.9) + np.log(1 / 512) + np.log(1)) / 4
    assert seen.cross_entropy == pytest.approx(expected, rel=1e-6)


def test_probabilities_a_little_above_one_count_as_one():
    seen = _try(lambda values: np.float32(1.01) * np.eye(10, dtype=np.float32)[:2], OUR_CONTRACT, digits_of(2))
    assert (seen.contract.output, seen.cross_entropy) == ("probabilities", 0.0)


def test_logits_are_looked_at_as_probabilities():
    seen = _try(lambda values: 9 * np.eye(10, dtype=np.float32)[: len(values)], OUR_CONTRACT, digits_of(2))
    assert seen.contract.output == "logits"
    assert seen.cross_entropy == pytest.approx(np.log(1 + 9 * np.exp(-9)), rel=1e-3)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (FoundContract(OUR_CONTRACT, "told"), "0..1, bright ink (told)"),
        (FoundContract(OUR_CONTRACT, "assumed"), "0..1, bright ink (assumed)"),
        (FoundContract(OUR_CONTRACT, "card"), "0..1, bright ink (as its card says)"),
        (
            FoundContract(OUR_CONTRACT, "measured", (Tried(OUR_CONTRACT, 97.25),), 1234, "digits"),
            "0..1, bright ink (measured: reads 97.2 % of 1,234 digits)",
        ),
        (
            FoundContract(
                OUR_CONTRACT, "measured", (Tried(OUR_CONTRACT, 97.0), Tried(OUR_CONTRACT, 12.0)), 5, "digits"
            ),
            "0..1, bright ink (measured: reads 97.0 % of 5 digits; next 0..1, bright ink: 12.0 %)",
        ),
        (
            FoundContract(
                OUR_CONTRACT,
                "measured",
                (
                    Tried(OUR_CONTRACT, 97.0),
                    Tried(replace(OUR_CONTRACT, polarity="dark"), 12.0),
                    Tried(replace(OUR_CONTRACT, range="0..255"), 9.0),
                ),
                500,
                "digits",
            ),
            "0..1, bright ink (measured: reads 97.0 % of 500 digits; next 0..1, dark ink: 12.0 %)",
        ),
        (
            FoundContract(
                OUR_CONTRACT, "measured", (Tried(OUR_CONTRACT, 97.0), Tried(OUR_CONTRACT, 97.5)), 200, "digits"
            ),
            "0..1, bright ink (measured: reads 97.0 % of 200 digits; next 0..1, bright ink: 97.5 %, "
            "no more than by chance)",
        ),
        (
            FoundContract(
                OUR_CONTRACT, "measured", (Tried(OUR_CONTRACT, 97.0), Tried(OUR_CONTRACT, 97.0)), 200, "digits"
            ),
            "0..1, bright ink (measured: reads 97.0 % of 200 digits; next 0..1, bright ink: 97.0 %)",
        ),
        (
            FoundContract(
                OUR_CONTRACT, "assumed", (Tried(OUR_CONTRACT, 12.0), Tried(OUR_CONTRACT, 11.0)), 500, "digits"
            ),
            "0..1, bright ink (assumed: no range reads more than 12.0 % of 500 digits)",
        ),
    ],
)
def test_how_it_is_known_for_people(found, text):
    assert str(found) == text


def test_how_it_is_known_for_cards():
    told = FoundContract(OUR_CONTRACT, "told")
    assert (told.tried, told.digits, told.source) == ((), 0, "")
    assert FoundContract(OUR_CONTRACT, "card").as_dict() == OUR_CONTRACT.as_dict() | {"known_by": "card"}
    found = FoundContract(OUR_CONTRACT, "measured", (Tried(OUR_CONTRACT, 97.0),), 500, "digits")
    assert found.as_dict() == OUR_CONTRACT.as_dict() | {
        "known_by": "measured",
        "tried_on": "500 digits",
        "tried": [{"range": "0..1", "polarity": "bright", "accuracy": 97.0}],
    }


def test_what_a_user_tells_is_a_range_and_a_polarity():
    assert Told() == NOTHING_TOLD
    assert [told.all for told in (Told(), Told("0..1"), Told(polarity="dark"), Told("0..1", "dark"))] == [False] * 3 + [
        True
    ]
    with pytest.raises(EdgedigitsError, match="no polarity is called 'grey'; choose bright or dark"):
        Told(polarity="grey")
    with pytest.raises(EdgedigitsError, match=r"no input range is called '0\.\.2'"):
        Told("0..2")
