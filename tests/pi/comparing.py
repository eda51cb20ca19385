"""What two machines say of the same pictures and of the same mail: what is equal, and by how much the rest differs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

RANDOM = ("id", "entered", "decided", "latency")
"""Of a piece's result: what differs from run to run on one machine, too."""

LIKELY = ("confidence", "alternatives", "why")
"""What tells how likely codes are: kernels that round otherwise change it; ``why`` names such figures."""


@dataclass(frozen=True)
class MailCompared:
    """Two stations' results of one recording.

    Attributes:
        pieces: of both.
        equal: of them, all but :data:`RANDOM` equal.
        apart: the largest difference of confidences or of an alternative's probability; None where sequence, code,
            outcome, bin, frames, model or station of a piece differ.
        differing: the first piece that does, on both sides.
    """

    pieces: int
    equal: int
    apart: float | None
    differing: str = ""


def compare_mail(there: Sequence[str], here: Sequence[str]) -> MailCompared:
    """Compare lines of JSON that two stations wrote, piece by piece in the order in which they were told."""
    both = [[_told(line) for line in lines] for lines in (there, here)]
    if len(there) != len(here):
        return MailCompared(len(there), 0, None, f"{len(there)} pieces there, {len(here)} here")
    equal, apart = 0, 0.0
    for one, other in zip(*both, strict=True):
        if one == other:
            equal += 1
            continue
        if _certain(one) != _certain(other):
            return MailCompared(len(there), equal, None, f"there {json.dumps(one)}\nhere  {json.dumps(other)}")
        apart = max(apart, _apart(one, other))
    return MailCompared(len(there), equal, apart)


def _told(line: str) -> dict[str, Any]:
    return {name: value for name, value in json.loads(line).items() if name not in RANDOM}


def _certain(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name not in LIKELY}


def _apart(one: dict[str, Any], other: dict[str, Any]) -> float:
    chances = [{told["code"]: told["probability"] for told in result["alternatives"]} for result in (one, other)]
    codes = chances[0].keys() | chances[1].keys()
    alternatives = [abs(chances[0].get(code, 0.0) - chances[1].get(code, 0.0)) for code in codes]
    return max([abs(one["confidence"] - other["confidence"]), *alternatives])


@dataclass(frozen=True)
class PicturesCompared:
    """What `edgedigits predict --json` printed of the same pictures twice, texts and digits being the same.

    Attributes:
        confidence: the largest difference of two confidences of a digit.
        pixels: the largest difference of two boxes of a digit, in x, y, width or height.
    """

    confidence: float
    pixels: int


def compare_pictures(there: str, here: str) -> PicturesCompared | None:
    """Compare what was printed; None where a picture, a text, a label or the number of digits differs."""
    confidence, pixels = 0.0, 0
    both = [[json.loads(line) for line in printed.splitlines()] for printed in (there, here)]
    if len(both[0]) != len(both[1]):
        return None
    for one, other in zip(*both, strict=True):
        if _read(one) != _read(other):
            return None
        for digit, same in zip(one["digits"], other["digits"], strict=True):
            confidence = max(confidence, abs(digit["confidence"] - same["confidence"]))
            pixels = max(pixels, *(abs(a - b) for a, b in zip(digit["box"], same["box"], strict=True)))
    return PicturesCompared(confidence, pixels)


def _read(picture: dict[str, Any]) -> tuple[str, str, list[int]]:
    return picture["image"], picture["text"], [digit["label"] for digit in picture["digits"]]
