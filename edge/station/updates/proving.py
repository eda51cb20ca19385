"""When a model is good enough to take another one's place: the one rule of who makes updates and who takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from edgedigits.core.statistics.metrics import mcnemar_p, paired_interval

Verdict = Literal["better", "equal", "worse"]

LEVEL = 0.05
"""Of McNemar's tests: below this a difference is taken for one."""

MARGIN = 2.0
"""Percentage points of the composed lines that may be lost, by the upper end of the drop's 95 % interval."""

LEAST_HELD_OUT = 20
"""Held-out lines without which nothing is proved."""

_MOST_LINES = 20_000
"""Of a proof that is taken: the exact test counts with whole numbers of as many binary digits as lines differ."""


@dataclass(frozen=True)
class Paired:
    """What two models read right of the same lines.

    Attributes:
        count: lines.
        both: read right by both, or by whatever else is counted of both.
        lost: by the model that runs alone.
        won: by the new one alone.
    """

    count: int
    both: int
    lost: int
    won: int

    @property
    def before(self) -> int:
        """Lines of the model that runs."""
        return self.both + self.lost

    @property
    def after(self) -> int:
        """Lines of the new one."""
        return self.both + self.won

    @property
    def p_value(self) -> float:
        """Two-sided, of McNemar's exact test."""
        return mcnemar_p(self.lost, self.won)

    @property
    def drop_high(self) -> float:
        """Upper end of the 95 % interval of what is lost, in percentage points of the lines."""
        return 100 * paired_interval(self.lost, self.won, self.count)[1]

    def as_dict(self) -> dict[str, Any]:
        """The counts and what follows from them, as JSON takes it."""
        told = {"before": self.before, "after": self.after, "p_value": self.p_value, "drop_high": self.drop_high}
        return asdict(self) | told


def paired(before: Sequence[bool], after: Sequence[bool]) -> Paired:
    """Count what holds of each line before, after, and both."""
    pairs = list(zip(before, after, strict=True))
    return Paired(
        len(pairs),
        sum(one and other for one, other in pairs),
        sum(one and not other for one, other in pairs),
        sum(other and not one for one, other in pairs),
    )


def paired_from(told: Any) -> Paired:
    """The counts that a manifest tells.

    Raises:
        ValueError: they are none, or do not fit together.
    """
    names = ("count", "both", "lost", "won")
    if not isinstance(told, dict) or any(type(told.get(name)) is not int or told[name] < 0 for name in names):
        raise ValueError("it lacks the counts of a proof")
    found = Paired(*(told[name] for name in names))
    if not 0 < found.count <= _MOST_LINES or found.both + found.lost + found.won > found.count:
        raise ValueError("the counts of its proof do not fit together")
    return found


@dataclass(frozen=True)
class UpdateProof:
    """A new model against the one that runs.

    Attributes:
        held_out: lines of the review queues that were not learned from, read right.
        composed: lines written by code, of many hands, read right: what must not be forgotten.
        slips: held-out lines that are accepted and wrong, by the threshold of each model.
    """

    held_out: Paired
    composed: Paired
    slips: Paired

    @property
    def forgets(self) -> bool:
        """Whether more of the composed lines may be lost than :data:`MARGIN`."""
        return self.composed.drop_high >= MARGIN

    @property
    def slips_more(self) -> bool:
        """Whether it accepts more wrong lines than the model that runs, beyond chance."""
        return self.slips.won > self.slips.lost and self.slips.p_value < LEVEL

    @property
    def verdict(self) -> Verdict:
        """``better``: more held-out lines right, by McNemar's test; ``equal``: as many or more; else ``worse``.

        ``worse`` as well where it forgets, where it accepts more wrong lines, or too few lines were held out.
        """
        held = self.held_out
        if held.count < LEAST_HELD_OUT or held.after < held.before or self.forgets or self.slips_more:
            return "worse"
        return "better" if held.p_value < LEVEL and held.after > held.before else "equal"

    @property
    def why(self) -> str:
        """What speaks against the new model, in words; empty where nothing does."""
        held, composed, slips = self.held_out, self.composed, self.slips
        against = []
        if held.count < LEAST_HELD_OUT:
            against.append(f"{held.count} held-out lines prove nothing, {LEAST_HELD_OUT} or more do")
        if held.after < held.before:
            against.append(f"it reads {held.after} of {held.count} held-out lines, the model that runs {held.before}")
        if self.forgets:
            read = f"of {composed.count} composed lines it reads {composed.after}, the one that runs {composed.before}"
            some = "" if composed.after < composed.before else ": more lines (--composed) could prove that none is lost"
            against.append(f"{read}, up to {composed.drop_high:.1f} points may be lost, {MARGIN:g} are allowed{some}")
        if self.slips_more:
            against.append(f"it accepts {slips.after} wrong lines, and the model that runs {slips.before}")
        return "; ".join(against)

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON takes it."""
        return {
            "verdict": self.verdict,
            "held_out": self.held_out.as_dict(),
            "composed": self.composed.as_dict(),
            "slips": self.slips.as_dict(),
        }


def proof_from(told: Any) -> UpdateProof:
    """The proof that a manifest tells; its verdict is found anew from the counts.

    Raises:
        ValueError: it is none, or its verdict is another one than its counts give.
    """
    if not isinstance(told, dict):
        raise ValueError("it lacks a proof")
    found = UpdateProof(*(paired_from(told.get(name)) for name in ("held_out", "composed", "slips")))
    if told.get("verdict") != found.verdict:
        raise ValueError(f"it says {str(told.get('verdict'))[:20]!r} of itself, and its counts say {found.verdict!r}")
    return found
