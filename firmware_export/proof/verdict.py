"""What the card beside a model tells of its proof, and what users of its C are told."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.cards import card_of, refuse_failed
from edgedigits.core.statistics.outcome import CANNOT_TELL, FAILED

_REMARKS: dict[str, str] = {
    FAILED: (
        "the proof of this model failed: quantization cost more accuracy than was allowed, or it reads too few digits."
    ),
    CANNOT_TELL: (
        "the proof of this model cannot tell whether quantization cost more accuracy than was allowed: its test digits "
        "leave both possible."
    ),
}


def proof_verdict(model: Path, allow_failed: bool) -> str:
    """The verdict of a model's proof by the card beside it: a word of ``core.outcome``, empty where there is none.

    A model of which the proof cannot tell is taken: the C files say so, and commands do.

    Raises:
        EdgedigitsError: the card does not match, or tells of a failed proof and ``allow_failed`` is not set.
    """
    card = card_of(model)
    refuse_failed(model, card, allow_failed)
    return card.verdict if card else ""


def remark_on(verdict: str) -> str:
    """What users of a model are told of its proof; nothing where it passed or was not made."""
    return _REMARKS.get(verdict, "")
