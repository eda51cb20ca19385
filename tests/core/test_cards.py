"""Cards: what is wrong with one is said, never guessed over."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from edgedigits.core.cards import Card, card_of, code_version, read_card, write_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"the bytes of a model")
    return path


@pytest.fixture
def card(model: Path) -> Card:
    card = Card(
        kind="tflite",
        file=model.name,
        sha256=sha256_of(model),
        bytes=model.stat().st_size,
        network="small",
        parameters=12_345,
        dataset={"name": "mnist", "counts": [54_000, 6_000, 10_000]},
        seed=3,
        settings={"recipe": "int8"},
        measured={"test_accuracy": 99.2},
        parent={"file": "model.keras", "sha256": "0" * 64},
    )
    write_card(model.parent, card)
    return card


def change(model: Path, **fields: Any) -> None:
    path = model.parent / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_card_comes_back_as_it_was_written(model: Path, card: Card) -> None:
    assert card_of(model) == card
    assert read_card(model.parent / "card.json") == card


def test_a_model_without_a_card_has_none(model: Path) -> None:
    assert card_of(model) is None


def test_a_card_of_another_file_is_not_this_models(model: Path, card: Card) -> None:
    other = model.with_name("other.tflite")
    other.write_bytes(b"something else")
    assert card_of(other) is None


@pytest.mark.parametrize("content", [b"", b"the bytes of a mode", b"the bytes of a modem", b"x" * 10_000])
def test_a_model_that_changed_does_not_match_its_card(content: bytes, model: Path, card: Card) -> None:
    model.write_bytes(content)
    with pytest.raises(EdgedigitsError, match=r"its card says .*copy it again"):
        card_of(model)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(EdgedigitsError, match=r"no model at .*none\.tflite"):
        card_of(tmp_path / "none.tflite")
    with pytest.raises(EdgedigitsError, match="no model at"):
        card_of(tmp_path)


@pytest.mark.parametrize("field", [name for name, value in asdict(Card("", "", "", 0, "", 0, {}, 0, {}, {})).items()])
def test_every_field_is_read_with_its_own_type_only(field: str, model: Path, card: Card) -> None:
    for value in (None, ["a", "list"], 1.5, "text" if field in ("parameters", "seed", "bytes") else True):
        if field == "passed" and value is True:
            continue
        change(model, **{field: value})
        with pytest.raises(EdgedigitsError, match="card"):
            card_of(model)
        write_card(model.parent, card)


@pytest.mark.parametrize("field", ["kind", "file", "sha256", "bytes", "network", "parameters", "dataset", "measured"])
def test_a_card_that_lacks_a_field_names_it(field: str, model: Path, card: Card) -> None:
    path = model.parent / "card.json"
    content = json.loads(path.read_text())
    del content[field]
    path.write_text(json.dumps(content))
    with pytest.raises(EdgedigitsError, match=rf"lacks fields .*{field}"):
        card_of(model)


def test_a_card_that_says_false_in_words_has_not_passed(model: Path, card: Card) -> None:
    change(model, passed="false")
    with pytest.raises(EdgedigitsError, match="wrong type in passed"):
        card_of(model)


OLD_PROOF = {"comparison": {"drop": 0.1, "drop_low": 0.0, "drop_high": 0.2}, "max_drop": 0.5}
UNDECIDED_PROOF = {"comparison": {"drop": 1.67, "drop_low": -2.84, "drop_high": 6.07}, "max_drop": 0.5}
LOST_PROOF = {"comparison": {"drop": 2.0, "drop_low": 1.5, "drop_high": 2.5}, "max_drop": 0.5}


def make_old(model: Path, **fields: Any) -> None:
    """A card as it was before there was a verdict in it."""
    change(model, **fields)
    path = model.parent / "card.json"
    content = json.loads(path.read_text())
    del content["verdict"]
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("passed", "proof", "verdict"),
    [
        (True, OLD_PROOF, "passed"),
        (False, LOST_PROOF, "failed"),
        (False, UNDECIDED_PROOF, "cannot tell"),
        (True, UNDECIDED_PROOF, "cannot tell"),
        # changed by hand, or without what was measured: never better than it says of itself
        (False, OLD_PROOF, "failed"),
        (True, LOST_PROOF, "failed"),
        (False, {}, "failed"),
        (True, {"max_drop": 0.5}, "passed"),
        (False, {"comparison": {"drop_low": "-1", "drop_high": None}, "max_drop": 0.5}, "failed"),
    ],
)
def test_an_old_card_has_the_verdict_of_its_interval(
    passed: bool, proof: dict[str, Any], verdict: str, model: Path, card: Card
) -> None:
    make_old(model, passed=passed, proof=proof)
    found = read_card(model.parent / "card.json")
    assert (found.verdict, found.passed) == (verdict, verdict == "passed")


def test_an_old_card_of_a_model_that_was_not_proved_has_no_verdict(model: Path, card: Card) -> None:
    make_old(model)
    assert card_of(model) == card
    assert (card.verdict, card.passed) == ("", True)


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/cards/*.json")), ids=lambda path: path.stem)
def test_cards_of_the_first_version_still_read(path: Path) -> None:
    assert read_card(path).verdict == "passed"


@pytest.mark.parametrize("verdict", ["Passed", "cannot_tell", "yes"])
def test_a_card_with_another_word_for_a_verdict_is_refused(verdict: str, model: Path, card: Card) -> None:
    change(model, verdict=verdict)
    with pytest.raises(EdgedigitsError, match=r"says verdict .*make the model again"):
        card_of(model)


@pytest.mark.parametrize(("verdict", "passed"), [("passed", False), ("failed", True), ("cannot tell", True)])
def test_a_card_that_contradicts_itself_is_refused(verdict: str, passed: bool, model: Path, card: Card) -> None:
    change(model, verdict=verdict, passed=passed)
    with pytest.raises(EdgedigitsError, match="do not fit"):
        card_of(model)
    change(model, verdict=verdict, passed=not passed)
    assert card_of(model) == replace(card, verdict=verdict, passed=not passed)


@pytest.mark.parametrize("number", [0, 2, "1", None, True])
def test_a_card_of_another_format_is_refused(number: object, model: Path, card: Card) -> None:
    change(model, format=number)
    with pytest.raises(EdgedigitsError, match=r"format|wrong type"):
        card_of(model)


def test_a_card_with_an_unknown_field_is_refused(model: Path, card: Card) -> None:
    change(model, colour="red")
    with pytest.raises(EdgedigitsError, match="not a card of format 1"):
        card_of(model)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe{}", b"null", b"[]", b'"card"', b"1e999", b"[" * 200_000, b"\0" * 100]
)
def test_a_file_that_is_no_card_is_refused(content: bytes, model: Path) -> None:
    (model.parent / "card.json").write_bytes(content)
    with pytest.raises(EdgedigitsError, match=r"is not JSON|not a card"):
        card_of(model)


def test_a_card_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(EdgedigitsError, match=r"cannot read .*card\.json"):
        read_card(tmp_path / "card.json")


def test_the_version_is_that_of_the_installed_toolkit() -> None:
    assert code_version() != "unknown"
