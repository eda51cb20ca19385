"""How far a line network's confidence can be trusted, from fields whose digits are known."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from edgedigits.core.lines.confidence import RejectPoint

CURVE = "rejects.png"


@dataclass(frozen=True)
class CalibrationOfLines:
    """What was found out about a line network's confidence.

    Attributes:
        fields: that it was found out on.
        temperature: by which logits are divided, so that confidences are shares of what is right.
        target_error: percent of the accepted lines that may be wrong.
        threshold: confidence of a line from which it is accepted; above 1 where none could be proved.
        proved: whether the error lies below the target with 95 % confidence.
        accepted: lines of these fields that are.
        wrong: of them.
        error_bound: percent, upper end of the error among accepted lines.
        why: nothing could be proved, for people; else empty.
        curve: share rejected and error among the others, percent, from the strictest threshold on.
    """

    fields: int
    temperature: float
    target_error: float
    threshold: float
    proved: bool
    accepted: int
    wrong: int
    error_bound: float
    why: str
    curve: tuple[RejectPoint, ...]

    def as_dict(self) -> dict[str, Any]:
        """All of it but the curve as JSON takes it."""
        told = asdict(self)
        told.pop("curve")
        return told
