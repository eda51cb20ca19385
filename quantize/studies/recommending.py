"""From studies of calibration to a size and a draw, by one rule."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgedigits.quantize.source import CALIBRATION
from edgedigits.quantize.studies.calibration import DRAWS, CalibrationStudy

LEAST = 100
"""Fewer digits are never recommended, however alike the sizes are that were tried.

A tensor's range is the least and the greatest value that the representative dataset takes there. The chance that
another digit goes beyond the greatest of n alike ones is 1 in n + 1, whatever the network (they are exchangeable), so
that with 100 no end of a range cuts more than about one digit in a hundred; of each of the ten digits there are ten.
A study sees only the mistakes that its validation digits and its draws happen to show.
"""

RULE = (
    "the smallest size of a draw from which on, up to the largest size, the mean agreement with float lies at most one "
    "standard error below the best mean and that of the worst seed at most two, averaged over the networks, but no "
    f"size below {LEAST}; where no draw has one, the draw and size of at least {LEAST} with the best mean agreement"
)


@dataclass(frozen=True)
class Bar:
    """What agreements with one network are held against.

    Attributes:
        model: name of the network.
        best: highest mean agreement of any draw and size, percent.
        standard_error: of that mean, percentage points: the spread of the seeds and, since only so many validation
            digits were read, that of a proportion with half a digit added (as Agresti and Min, 2005).
    """

    model: str
    best: float
    standard_error: float

    def lag(self, agreement: float) -> float:
        """How many standard errors an agreement lies below the best mean."""
        return (self.best - agreement) / self.standard_error


@dataclass(frozen=True)
class Recommendation:
    """What the studies come to.

    Attributes:
        draw: a key of :data:`edgedigits.quantize.studies.calibration.DRAWS`.
        size: digits in the representative dataset, at least :data:`LEAST`.
        plateaus: for each draw the smallest size from which on all pass, as measured; None where there is none.
        default_suffices: whether the default of ``edgedigits quantize`` passes too.
        bars: what agreements are held against, for each network.
        rule: that led here.
        words: for people.
    """

    draw: str
    size: int
    plateaus: dict[str, int | None]
    default_suffices: bool
    bars: tuple[Bar, ...]
    rule: str
    words: str


def recommend(studies: Sequence[CalibrationStudy]) -> Recommendation:
    """The size and draw to take, by :data:`RULE`.

    Args:
        studies: of one network or more; only sizes that all of them tried count.
    """
    judge = _Judge(tuple(studies))
    sizes = sorted(set.intersection(*(set(study.sizes) for study in studies)))
    plateaus = {draw: judge.plateau(draw, sizes) for draw in DRAWS}
    draw, size, why = _choice(judge, sizes, plateaus)
    usual = min(CALIBRATION, max(sizes))
    suffices = usual in sizes and (
        judge.passes("stratified", usual) or judge.as_good(("stratified", usual), (draw, size))
    )
    measured = ", ".join(f"{name} from {least:,} on" for name, least in plateaus.items() if least)
    words = (
        f"take {size:,} digits, {draw} ({DRAWS[draw].about}): {why}"
        f"{f' (nothing changes any more: {measured})' if measured else ''}; "
        f"{usual:,} stratified digits, the default of `edgedigits quantize`, are{'' if suffices else ' not'} as good"
    )
    return Recommendation(draw, size, plateaus, suffices, judge.bars, RULE, words)


def _choice(judge: _Judge, sizes: list[int], plateaus: dict[str, int | None]) -> tuple[str, int, str]:
    """Draw, size and why."""
    enough = [size for size in sizes if size >= LEAST]
    if not enough:
        _, draw = max((judge.mean(draw, sizes[-1]), draw) for draw in DRAWS)
        return (
            draw,
            LEAST,
            f"or all where there are fewer, as no size of {LEAST} or more was tried and fewer are too few",
        )
    found = []
    for draw, start in plateaus.items():
        size = next((size for size in enough if start is not None and size >= start), None)
        if size is not None:
            found.append((size, -judge.mean(draw, size), draw))
    if not found:
        _, less, draw = max((judge.mean(draw, size), -size, draw) for draw in DRAWS for size in enough)
        return draw, -less, _without_a_plateau(judge, draw, [size for size in enough if size >= -less])
    size, _, draw = min(found)
    if (plateaus[draw] or size) < size:
        return (
            draw,
            size,
            f"fewer than {LEAST} are never enough to be sure of a tensor's range, even if a study is content",
        )
    return draw, size, "from there on more digits change nothing that can be told from chance"


def _without_a_plateau(judge: _Judge, draw: str, sizes: list[int]) -> str:
    """Why the first of these sizes is taken though no draw is good from a size on."""
    first, *larger = sizes
    if all(judge.as_good((draw, size), (draw, first)) for size in larger):
        return f"the best of {LEAST} or more, though fewer digits did better here"
    return f"the best of {LEAST} or more, though not every larger size is as good"


def _bar(study: CalibrationStudy) -> Bar:
    cells = [study.values(draw, size, "agreement") for draw in DRAWS for size in study.sizes]
    best = max(cells, key=lambda values: float(values.mean()))
    seeds = float(best.var(ddof=1)) / len(best) if len(best) > 1 else 0.0
    share = (study.digits * (1 - float(best.mean()) / 100) + 0.5) / (study.digits + 1)
    return Bar(study.model, float(best.mean()), math.sqrt(seeds + 100**2 * share * (1 - share) / study.digits))


@dataclass(frozen=True)
class _Judge:
    """Agreements of several networks, averaged."""

    studies: tuple[CalibrationStudy, ...]

    @cached_property
    def bars(self) -> tuple[Bar, ...]:
        return tuple(_bar(study) for study in self.studies)

    def _values(self, draw: str, size: int) -> list[NDArray[np.float64]]:
        return [study.values(draw, size, "agreement") for study in self.studies]

    def mean(self, draw: str, size: int) -> float:
        return float(np.mean([values.mean() for values in self._values(draw, size)]))

    def as_good(self, one: tuple[str, int], other: tuple[str, int]) -> bool:
        """Whether a draw and size agrees with float at least as well as another one, in the mean and at worst."""
        ours, theirs = self._values(*one), self._values(*other)
        worst = [float(np.mean([values.min() for values in found])) for found in (ours, theirs)]
        return self.mean(*one) >= self.mean(*other) and worst[0] >= worst[1]

    def passes(self, draw: str, size: int) -> bool:
        pairs = list(zip(self.bars, self._values(draw, size), strict=True))
        mean = np.mean([bar.lag(float(values.mean())) for bar, values in pairs])
        worst = np.mean([bar.lag(float(values.min())) for bar, values in pairs])
        return bool(mean <= 1 and worst <= 2)

    def plateau(self, draw: str, sizes: Sequence[int]) -> int | None:
        """The smallest size from which on all pass."""
        passing = itertools.takewhile(lambda size: self.passes(draw, size), sorted(sizes, reverse=True))
        return min(passing, default=None)
