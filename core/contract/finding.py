"""The contract of a model that does not tell it: every usual one is tried on digits, and the best is taken."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.contract.contract import BRIGHT, DARK, RANGES, InputContract, checked_range
from edgedigits.core.datasets.digits import Digits
from edgedigits.core.datasets.splits import stratified_sample
from edgedigits.core.errors import EdgedigitsError

TOLD, CARD, MEASURED, ASSUMED = "told", "card", "measured", "assumed"

MOST_DIGITS = 1000
"""Digits on which contracts are compared, at most."""

LEAST_ACCURACY = 50.0
"""Percent; where no contract reads more, none of them is known to be the model's."""

_FIRST_LOOK = 200
_DEVIATIONS = 2.0
_DEVIATIONS_AT_FIRST = 5.0
_FITTING = 1.45  # of 48 networks that were trained for moments, the same are chosen from 1.3 to 1.6
_LEAST_PROBABILITY = 1 / 512  # half a step of an int8 softmax


@dataclass(frozen=True)
class Told:
    """What a user says of a model's input; what is None is found out.

    Attributes:
        range: as :class:`InputContract` names it.
        polarity: ``bright`` or ``dark``.
    """

    range: str | None = None
    polarity: str | None = None

    def __post_init__(self) -> None:
        """Raise :class:`EdgedigitsError` where the range or the polarity is none."""
        if self.range is not None:
            checked_range(self.range)
        if self.polarity not in (None, BRIGHT, DARK):
            raise EdgedigitsError(f"no polarity is called {self.polarity!r}", f"choose {BRIGHT} or {DARK}")

    @property
    def all(self) -> bool:
        """Whether nothing is left to be found out."""
        return self.range is not None and self.polarity is not None


NOTHING_TOLD = Told()


@dataclass(frozen=True)
class Tried:
    """A contract and the share of digits in percent that the model reads by it."""

    contract: InputContract
    accuracy: float


@dataclass(frozen=True)
class FoundContract:
    """A contract and how it is known.

    Attributes:
        contract: of the model.
        how: ``told`` by the user, by its ``card``, ``measured``, or ``assumed`` where no contract reads well.
        tried: what was tried, the best first; empty where nothing was.
        digits: that it was tried on.
        source: of these digits, for people.
    """

    contract: InputContract
    how: str
    tried: tuple[Tried, ...] = ()
    digits: int = 0
    source: str = ""

    def __str__(self) -> str:
        """How it is known, for people."""
        if not self.tried:
            return f"{self.contract} ({'as its card says' if self.how == CARD else self.how})"
        best = self.tried[0]
        on = f"{self.digits:,} {self.source}"
        if self.how == ASSUMED:
            return f"{self.contract} (assumed: no range reads more than {best.accuracy:.1f} % of {on})"
        others = f"; next {self.tried[1].contract}: {self.tried[1].accuracy:.1f} %" if len(self.tried) > 1 else ""
        if others and self.tried[1].accuracy > best.accuracy:
            others += ", no more than by chance"
        return f"{self.contract} ({self.how}: reads {best.accuracy:.1f} % of {on}{others})"

    def as_dict(self) -> dict[str, Any]:
        """As a card says it."""
        facts: dict[str, Any] = {"known_by": self.how}
        if self.tried:
            tried = [
                {"range": t.contract.range, "polarity": t.contract.polarity, "accuracy": t.accuracy} for t in self.tried
            ]
            facts |= {"tried_on": f"{self.digits} {self.source}", "tried": tried}
        return self.contract.as_dict() | facts


TrialDigits = tuple[Digits, str]
"""Digits on which contracts are tried, no test digits, and what they are, for people."""

Scores = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A model: what it is fed, float32 of shape (count, ...), to what it gives, float32 of shape (count, classes)."""


def find_contract(
    scores: Scores,
    shape: tuple[int, ...],
    digits: Digits,
    source: str,
    *,
    told: Told = NOTHING_TOLD,
    likely: Sequence[str] = RANGES,
) -> FoundContract:
    """Find out what a model takes for a digit.

    Of all contracts that read the digits about equally well (the best one's lead over them in right digits is within
    two standard deviations of chance), the likeliest is taken whose probabilities fit: a network of few layers reads
    nearly the same at any scale, but the cross-entropy shows that it is too sure or not sure enough at others.

    Args:
        scores: the model; its logits or probabilities.
        shape: of its input, the batch left out.
        digits: labelled, no test digits; a thousand of them at most are looked at.
        source: of these, for people.
        told: what is known already.
        likely: ranges to try, the likeliest first.
    """
    ranges = (told.range,) if told.range is not None else tuple(likely)
    polarities = (told.polarity,) if told.polarity is not None else (BRIGHT, DARK)
    contracts = [InputContract(shape, one, polarity) for polarity, one in product(polarities, ranges)]
    if len(digits) > MOST_DIGITS:
        digits = digits.take(stratified_sample(digits.labels, MOST_DIGITS, 0))
    if len(digits) > _FIRST_LOOK and len(contracts) > 1:
        some = digits.take(stratified_sample(digits.labels, _FIRST_LOOK, 0))
        looked = [_try(scores, contract, some) for contract in contracts]
        best = max(looked, key=lambda one: one.right.sum())
        left = [one.contract for one in looked if not _is_worse(one, best, _DEVIATIONS_AT_FIRST)]
    else:
        looked, left = [], contracts
    seen = [_try(scores, contract, digits) for contract in left]
    best = max(seen, key=lambda one: one.right.sum())
    equal = [one for one in seen if not _is_worse(one, best)]
    fitting = _FITTING * min(one.cross_entropy for one in equal)
    chosen = next(one for one in equal if one.cross_entropy <= fitting)
    others = [one for one in looked if one.contract not in left] + [one for one in seen if one is not chosen]
    order = sorted(others, key=lambda one: -one.accuracy)
    how = TOLD if told.all else MEASURED if chosen.accuracy >= LEAST_ACCURACY else ASSUMED
    tried = tuple(Tried(one.contract, one.accuracy) for one in (chosen, *order))
    contract = chosen.contract if how != ASSUMED else replace(contracts[0], output=chosen.contract.output)
    return FoundContract(contract, how, tried, len(digits), source)


@dataclass(frozen=True)
class _Look:
    """What a model made of some digits by a contract."""

    contract: InputContract
    right: NDArray[np.bool_]
    cross_entropy: float

    @property
    def accuracy(self) -> float:
        return 100 * float(self.right.mean())


def _try(scores: Scores, contract: InputContract, digits: Digits) -> _Look:
    raw = scores(contract.values(digits.images))
    contract = contract.telling(raw)
    made = contract.probabilities(raw)
    own = made[np.arange(len(digits)), digits.labels]
    cross_entropy = -float(np.log(np.clip(own, _LEAST_PROBABILITY, 1.0)).mean())
    return _Look(contract, made.argmax(axis=1) == digits.labels, cross_entropy)


def _is_worse(one: _Look, best: _Look, deviations: float = _DEVIATIONS) -> bool:
    """Whether one reads fewer digits than the best, and not by chance (McNemar's test)."""
    lost, won = int((best.right & ~one.right).sum()), int((one.right & ~best.right).sum())
    return bool(lost - won > deviations * math.sqrt(lost + won))
