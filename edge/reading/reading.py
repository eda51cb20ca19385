"""What a reader found in one picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

REJECTED = "?"


@dataclass(frozen=True)
class Digit:
    """One digit in a picture.

    Attributes:
        box: x, y, width and height in pixels of the picture.
        label: the best guess, 0 to 9, also where the digit is rejected.
        confidence: score of that guess between 0 and 1.
        rejected: the confidence is below the reader's threshold; the text shows ``?`` here.
    """

    box: tuple[int, int, int, int]
    label: int
    confidence: float
    rejected: bool = False

    @property
    def character(self) -> str:
        """The digit as it stands in the text."""
        return REJECTED if self.rejected else str(self.label)


@dataclass(frozen=True)
class LineText:
    """What a reader that reads whole lines says of one of them.

    Attributes:
        confidence: how likely all of its digits are right, 0 to 1.
        alternatives: texts that the line may say, each with its probability, the likeliest first; that one is the best
            guess, also where digits of it are rejected.
    """

    confidence: float
    alternatives: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Reading:
    """The digits of one picture in reading order.

    Attributes:
        lines: from top to bottom, each from left to right; empty where nothing was found.
        texts: of a reader that reads whole lines what it says of each; empty of one that reads digit by digit.
        find_seconds: spent on finding and cutting out lines or digits.
        classify_seconds: spent in the network.
        why: there are no digits, for people; empty where there are.
    """

    lines: tuple[tuple[Digit, ...], ...]
    find_seconds: float = 0.0
    classify_seconds: float = 0.0
    why: str = ""
    texts: tuple[LineText, ...] = ()

    @property
    def confidence(self) -> float:
        """How likely all of it is right, 0 to 1: by lines where they were read whole, else by the doubtful digit."""
        if self.texts:
            return math.prod(said.confidence for said in self.texts)
        return min((digit.confidence for digit in self.digits), default=0.0)

    @property
    def reason(self) -> str:
        """What ``why`` says without the figures of this picture."""
        return self.why.partition(" (")[0]

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits in reading order."""
        return tuple(digit for line in self.lines for digit in line)

    @property
    def text(self) -> str:
        """The digits as text: lines joined by a newline, ``?`` for a rejected digit."""
        return "\n".join("".join(digit.character for digit in line) for line in self.lines)

    def as_dict(self) -> dict[str, Any]:
        """``text`` and ``digits`` (``box``, ``label``, ``confidence``, ``rejected``) for JSON; without digits ``why``.

        Of a reader that reads whole lines ``lines``, too: ``text``, ``confidence``, ``alternatives`` and ``digits``.
        """
        why = {"why": self.why} if self.why else {}
        told = why | {"text": self.text, "digits": _digits(self.digits)}
        if not self.texts:
            return told
        return told | {"lines": [_line(*both) for both in zip(self.lines, self.texts, strict=True)]}


def _line(digits: tuple[Digit, ...], said: LineText) -> dict[str, Any]:
    return {
        "text": "".join(digit.character for digit in digits),
        "confidence": round(said.confidence, 4),
        "alternatives": [{"text": text, "probability": round(chance, 4)} for text, chance in said.alternatives],
        "digits": _digits(digits),
    }


def _digits(digits: tuple[Digit, ...]) -> list[dict[str, Any]]:
    return [
        {
            "box": list(digit.box),
            "label": digit.label,
            "confidence": round(digit.confidence, 4),
            "rejected": digit.rejected,
        }
        for digit in digits
    ]
