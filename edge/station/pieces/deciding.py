"""What a station says of a piece: its code, or why it says none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.station.pieces.fusing import Evidence, Fused
from edgedigits.edge.station.results import Outcome

ALTERNATIVES = 5
"""Codes that are told of a piece, at most."""

_LEAST = 0.02
"""Lines that say no code with more probability than this are print, stamps and patterns."""

_RIVAL = 0.5
"""A second line of a piece that says another code with this probability leaves open which is meant."""


@dataclass(frozen=True)
class Decision:
    """What is said of a piece.

    Attributes:
        code: the likeliest, empty where none was found.
        outcome: ``accepted`` or ``rejected``.
        why: it was rejected, in words.
        confidence: how likely the code is right, 0 to 1.
        alternatives: codes with their probabilities, the likeliest first.
        box: of the code in pixels of the piece; None where none was found.
        frames: in which the piece was looked at.
        features: that the confidence follows from; none where no code was found.
        digits: boxes of the marks that the code consists of, from left to right, in pixels of the piece; where digits
            touch there are fewer of them, and there may be none.
    """

    code: str
    outcome: Outcome
    why: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    box: Box | None
    frames: int
    features: tuple[float, ...] = ()
    digits: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Decider:
    """Decides by a threshold.

    Attributes:
        threshold: confidence from which a code is accepted.
        enough: frames that must have looked at a piece before a code is accepted.
    """

    threshold: float
    enough: int = 2

    def early(self, evidence: Evidence) -> Decision | None:
        """The decision where the frames so far are enough to accept a code; else None."""
        if evidence.frames < self.enough:
            return None
        decision = self.final(evidence)
        return decision if decision.outcome == "accepted" else None

    def final(self, evidence: Evidence) -> Decision:
        """The decision by all frames that there are."""
        lines = [line for line in evidence.fused() if line.texts[0][1] >= _LEAST]
        if not lines:
            why = _nothing(evidence)
            return Decision("", "rejected", why, 0.0, (), None, evidence.frames)
        best = lines[0]
        why = self._doubt(best, lines[1:], evidence)
        told = best.texts[:ALTERNATIVES]
        outcome: Outcome = "rejected" if why else "accepted"
        code, seen = best.texts[0][0], evidence.frames
        return Decision(code, outcome, why, best.confidence, told, best.box, seen, best.features, best.marks)

    def _doubt(self, best: Fused, others: Sequence[Fused], evidence: Evidence) -> str:
        if evidence.frames < self.enough:
            return "it was not in view long enough to be sure"
        code = best.texts[0][0]
        rivals = [line.texts[0][0] for line in others if line.texts[0][1] >= _RIVAL and line.texts[0][0] != code]
        if rivals:
            return f"two codes stand on it, {code} and {rivals[0]}"
        if turned := evidence.upside_down():
            return f"it may lie upside down: {code}, or {turned} when it is turned"
        if best.confidence >= self.threshold:
            return ""
        if self.threshold > 1:
            return "nothing is accepted: no threshold is proved yet"
        likely = [text for text, chance in best.texts[1:] if chance >= 0.1 * best.texts[0][1]]
        rival = f", or {likely[0]}" if likely else ""
        return f"not sure enough: {code} with {best.confidence:.3f}{rival}, and {self.threshold:.3f} is needed"


def _nothing(evidence: Evidence) -> str:
    """Why there is no code."""
    if not evidence.frames:
        return "it was not in view long enough to be read"
    other = evidence.otherwise()
    return f"{other} stands on it, which is no valid code" if other else "no code was found on it"
