"""Model cards: the JSON beside each model that says what it is, where it comes from and what was proved of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of, write_json
from edgedigits.core.model_files.packing import is_saved_model
from edgedigits.core.paths import StrPath
from edgedigits.core.statistics.outcome import CANNOT_TELL, FAILED, OUTCOMES, PASSED, outcome_of

CARD_NAME = "card.json"
FORMAT = 1

LINE_TASK = "line"
"""What the contract of a line network calls its task; networks of digits have no such word."""


@dataclass(frozen=True)
class Card:
    """What is known of one model file.

    Attributes:
        kind: ``keras`` or ``tflite``.
        file: name of the model file, which lies in the same folder as the card.
        sha256: of that file, hexadecimal.
        bytes: its size.
        network: name in the zoo.
        parameters: number of weights and biases of the float network.
        dataset: what it was trained and measured on: name, split, counts, sha256 of the images and labels.
        seed: of the split, the first weights and the order of the images.
        settings: of the stage that made the file.
        measured: figures in percent or as named, on data named in ``dataset``.
        proof: for a quantized model, its comparison with the float one.
        passed: whether the verdict is ``passed``; False for ``failed`` and for ``cannot tell`` alike, so that whoever
            looks at this alone takes neither for proved. True where nothing was proved, as of a float model.
        parent: ``file`` and ``sha256`` of the model it was made from.
        pretrained_on: where a training started from the weights of another model, what that one and those before it
            were trained on, as ``dataset`` says it, the latest first: what they have seen is not to be measured on.
        software: versions that made it.
        verdict: of the proof, a word of :mod:`edgedigits.core.statistics.outcome`; empty where nothing was proved.
        contract: what the model is fed and what it gives, see :mod:`edgedigits.core.contract`; empty on cards from
            before there were contracts, whose models are fed 0 to 1 with bright ink and give probabilities.
    """

    kind: str
    file: str
    sha256: str
    bytes: int
    network: str
    parameters: int
    dataset: dict[str, Any]
    seed: int
    settings: dict[str, Any]
    measured: dict[str, Any]
    proof: dict[str, Any] = field(default_factory=dict)
    passed: bool = True
    parent: dict[str, str] = field(default_factory=dict)
    pretrained_on: list[dict[str, Any]] = field(default_factory=list)
    software: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT
    verdict: str = ""
    contract: dict[str, Any] = field(default_factory=dict)


def is_line_card(card: Card | None) -> bool:
    """Whether a card is that of a line network."""
    return card is not None and card.contract.get("task") == LINE_TASK


def refuse_line_network(model: StrPath, card: Card | None, what: str = "this") -> None:
    """Keep a line network from where a network of digits is needed.

    Args:
        model: of the file, for the message.
        card: of the model.
        what: is not for it, such as a command's name.

    Raises:
        EdgedigitsError: it is one.
    """
    if is_line_card(card):
        raise EdgedigitsError(
            f"{model} reads lines, and {what} is for networks that read single digits",
            "give a network of digits, as `edgedigits train --model small` makes it",
        )


def code_version() -> str:
    """Version of the installed toolkit, ``unknown`` when it runs without being installed."""
    try:
        return version("edgedigits")
    except PackageNotFoundError:
        return "unknown"


def write_card(folder: StrPath, card: Card) -> Path:
    """Write ``card.json`` into ``folder`` and return its path."""
    folder = Path(folder)
    path = folder / CARD_NAME
    write_json(path, asdict(card))
    return path


def read_card(path: StrPath) -> Card:
    """Read a card.

    Raises:
        EdgedigitsError: no JSON, not a card, or of a format that this version does not know.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise EdgedigitsError(
            f"{path} is not JSON ({error})", "copy it from where the model was made, or make the model again"
        ) from error
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check the path") from error
    names = {item.name for item in fields(Card)}
    if not isinstance(content, dict) or content.get("format") != FORMAT or set(content) - names:
        raise EdgedigitsError(f"{path} is not a card of format {FORMAT}", "make the model again with this version")
    try:
        card = Card(**content)
    except TypeError as error:
        raise EdgedigitsError(f"{path} lacks fields ({error})", "make the model again with this version") from error
    wrong = [item.name for item in fields(Card) if not _fits(getattr(card, item.name), item.type)]
    if wrong:
        raise EdgedigitsError(f"{path} has the wrong type in {', '.join(wrong)}", "make the model again")
    if "verdict" not in content:
        return _with_verdict(card)
    if card.verdict not in ("", *OUTCOMES) or (card.verdict and card.passed != (card.verdict == PASSED)):
        told = f"verdict {card.verdict!r} and passed {json.dumps(card.passed)}"
        raise EdgedigitsError(f"{path} says {told}, which do not fit", "make the model again")
    return card


def _with_verdict(card: Card) -> Card:
    """A card from before verdicts, when a model passed whose drop was at most the limit: with that of its interval.

    The interval finds some that passed and some that failed to be ``cannot tell``. A model that failed never becomes
    one that passed: an interval below the limit has its drop below it, too, so such a card was changed by hand.
    """
    try:
        compared = card.proof["comparison"]
        judged = outcome_of(compared["drop_low"], compared["drop_high"], card.proof["max_drop"])
    except (KeyError, TypeError):  # no proof, or one without an interval
        if card.passed and not card.proof:
            return card
        judged = PASSED
    verdict = judged if card.passed or judged == CANNOT_TELL else FAILED
    return replace(card, verdict=verdict, passed=verdict == PASSED)


def _fits(value: object, annotation: object) -> bool:
    """Whether a value is what JSON gives for a field: ``passed: "false"`` must not count as passed."""
    plain, _, inner = str(annotation).partition("[")
    if type(value) is not {"str": str, "int": int, "bool": bool, "dict": dict, "list": list}[plain]:
        return False
    return not isinstance(value, list) or all(_fits(one, inner) for one in value)


def card_of(model: StrPath) -> Card | None:
    """The card of a model file, checked against its bytes; None where no card lies beside it.

    Raises:
        EdgedigitsError: the model is missing, or the card names this file but another sha256.
    """
    model = Path(model)
    if is_saved_model(model):
        return None  # a folder of TensorFlow's, beside whose files no card lies
    if not model.is_file():
        raise EdgedigitsError(f"no model at {model}", "check the path")
    path = model.parent / CARD_NAME
    if not path.is_file():
        return None
    card = read_card(path)
    if card.file != model.name:
        return None
    found = sha256_of(model)
    if found != card.sha256:
        raise EdgedigitsError(
            f"{model} has sha256 {found[:12]}..., its card says {card.sha256[:12]}...",
            "the file was changed or cut short: copy it again, or make it again",
        )
    return card


def refuse_failed(model: StrPath, card: Card | None, allowed: bool) -> None:
    """Keep a model from being used whose card says that its proof failed.

    Raises:
        EdgedigitsError: it says so, and ``allowed`` is not set.
    """
    if card and card.verdict == FAILED and not allowed:
        raise EdgedigitsError(
            f"the proof of {model} failed, by its card: quantization cost more accuracy than was allowed, or it reads "
            "too few digits",
            "quantize it again (another recipe, more calibration), or add --force to take it all the same",
        )
