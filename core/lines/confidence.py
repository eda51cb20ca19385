"""A confidence of lines that can be trusted: probabilities that fit what is right, and what may be accepted by them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.ctc import is_possible, paired_log_probabilities
from edgedigits.core.lines.decoding import log_softmax
from edgedigits.core.statistics.proportions import binomial_tail, upper_bound

MOST_LINES = 10_000_000
"""More labelled lines than anybody will make: what would take as many counts as not to be had."""

NEVER = 2.0
"""A threshold that no confidence reaches."""

_TELLING = 30
"""Lines without a wrong one among them that say how right the surest are."""

_LEAST_TEMPERATURE, _MOST_TEMPERATURE = 0.1, 20.0
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Calibration:
    """The temperature at which a network's probabilities fit what lines say best.

    Attributes:
        temperature: what logits are to be divided by, 0.1 to 20; above 1 the network was too sure of itself.
        count: lines that it was fitted on.
        left_out: lines whose text is too long for their steps: no temperature makes it possible.
        before: mean negative log-likelihood of the true texts with temperature 1, natural logarithm.
        after: the same with the temperature.
    """

    temperature: float
    count: int
    left_out: int
    before: float
    after: float


def fit_temperature(logits: Sequence[NDArray[Any]], truths: Sequence[str]) -> Calibration:
    """Find the temperature with the least negative log-likelihood of the true texts (CTC's, over all alignments).

    Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017, section 4.2; here of texts
    in place of classes. The likeliest class of each step stays what it is, and with it what :func:`greedy
    <edgedigits.core.lines.decoding.greedy>` reads.

    Args:
        logits: of each line, real numbers of shape (steps, 11): those of an int8 network dequantized.
        truths: what each line says, in ASCII digits.

    Raises:
        EdgedigitsError: no line whose steps can say its text.
    """
    groups: dict[int, list[tuple[NDArray[Any], str]]] = defaultdict(list)
    for one, truth in zip(logits, truths, strict=True):
        if is_possible(one, truth):
            groups[len(one)].append((one, truth))
    count = sum(map(len, groups.values()))
    if not count:
        raise EdgedigitsError(
            "there is no line to fit a temperature on", "give lines that are long enough for their text"
        )
    stacks = [(np.stack([one for one, _ in some]), [truth for _, truth in some]) for some in groups.values()]

    def loss(logarithm: float) -> float:
        scaled = ((log_softmax(one, math.exp(logarithm)), texts) for one, texts in stacks)
        return -sum(float(paired_log_probabilities(logps, texts).sum()) for logps, texts in scaled) / count

    best = _least(loss, math.log(_LEAST_TEMPERATURE), math.log(_MOST_TEMPERATURE))
    return Calibration(math.exp(best), count, len(truths) - count, loss(0.0), loss(best))


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function is least: on a grid, then by golden section between the neighbours of its least point."""
    grid = np.linspace(low, high, 12)
    place = int(np.argmin([function(float(point)) for point in grid]))
    low, high = float(grid[max(place - 1, 0)]), float(grid[min(place + 1, len(grid) - 1)])
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    of_left, of_right = function(left), function(right)
    while high - low > 1e-3:
        if of_left < of_right:
            high, right, of_right = right, left, of_left
            left = high - _GOLDEN * (high - low)
            of_left = function(left)
        else:
            low, left, of_left = left, right, of_right
            right = low + _GOLDEN * (high - low)
            of_right = function(right)
    return (low + high) / 2


@dataclass(frozen=True)
class Threshold:
    """The least confidence at which a line may be accepted, and what was proved of it.

    Attributes:
        value: accept lines whose confidence is as high or higher; None where the lines prove no threshold.
        target_error: share of wrong lines among the accepted that is not to be exceeded.
        level: probability with which it is not.
        count: labelled lines that were looked at.
        accepted: how many of them are accepted; where nothing was proved, the surest ones that were looked at.
        wrong: how many of these are wrong.
        bound: upper bound of the share of wrong ones at that level.
        lines_needed: about how many more lines would prove some threshold, if they are like these; 0 where one is
            proved, None where more lines would not help, as even the surest are wrong too often.
    """

    value: float | None
    target_error: float
    level: float
    count: int
    accepted: int
    wrong: int
    bound: float
    lines_needed: int | None

    @property
    def explanation(self) -> str:
        """What it says, in a sentence."""
        return self.explained("line")

    def explained(self, unit: str) -> str:
        """The same of other things than lines, such as a ``piece``."""
        goal = f"at most {100 * self.target_error:g} % of the accepted {unit}s are wrong"
        seen = f"{self.wrong:,} of {counted(self.accepted, unit)} wrong"
        if self.value is not None:
            return f"from a confidence of {self.value:.4f} on {goal}, with {100 * self.level:g} % certainty ({seen})"
        if self.lines_needed is None:
            return f"no threshold makes sure that {goal}: of the surest ones too many are wrong ({seen})"
        more = counted(self.lines_needed, f"more labelled {unit}")
        return f"{counted(self.count, unit)} cannot prove that {goal} ({seen} among the surest); about {more} could"


def choose_threshold(
    confidences: NDArray[Any],
    right: NDArray[np.bool_],
    target_error: float,
    level: float = 0.95,
    starts: Sequence[float] = (0.0,),
) -> Threshold:
    """The smallest threshold at which the share of wrong lines among the accepted is proved to be small.

    Each threshold is a hypothesis: with it more than ``target_error`` of the accepted lines are wrong. It is refuted
    where as few wrong ones as there are would be less likely than ``1 - level`` (exact binomial tail, which is Clopper
    and Pearson's bound). The hypotheses are tested in an order that is fixed beforehand, from the strictest threshold
    downwards, and the first that stands ends the test. So all of them together err as seldom as one, and choosing among
    them costs nothing: fixed-sequence testing, as in Angelopoulos, Bates, Candès, Jordan and Lei, "Learn then test:
    calibrating predictive algorithms to achieve risk control", arXiv 2110.01052, 2021.

    The order is one of ranks: first the surest lines that are just as many as prove the target if none is wrong, then
    one more at a time. Given the confidence of a line, those above it are a fair sample of what a threshold there would
    accept, whatever it is; that no true hypothesis is passed over takes for granted that among surer lines no larger
    share is wrong. Of lines of equal confidence the wrong ones count first, and all of them are accepted or none.

    One wrong line among the very surest, whose label may be at fault, ends such a test at once. Several ``starts`` test
    several sequences, each with its part of what the whole may err (section 5 there), so that one stays that begins
    further down.

    The lines have to be like those that are read later, and neither trained on nor used for the temperature.

    Args:
        confidences: of shape (lines,), higher is surer.
        right: whether each line was read without a mistake, bool of the same shape.
        target_error: share, above 0 and below 1.
        level: above 0 and below 1.
        starts: shares of the lines at whose ranks sequences begin, but never before the fewest that can prove.

    Raises:
        EdgedigitsError: a target or level out of range.
    """
    for name, share in (("target error", target_error), ("level", level)):
        if not 0 < share < 1:
            raise EdgedigitsError(f"a {name} of {share:g} is no share between 0 and 1", "give one such as 0.02 or 0.95")
    confidences, right = np.asarray(confidences, np.float64), np.asarray(right, np.bool_)
    order = np.lexsort([right, -confidences])
    ranked, wrong = confidences[order], np.cumsum(~right[order])
    count, each = len(ranked), 1 - (1 - level) / len(starts)
    fewest = fewest_lines(target_error, each)
    accepted = 0
    for start in starts:
        for rank in range(max(fewest, round(start * count)), count + 1):
            if binomial_tail(int(wrong[rank - 1]), rank, target_error) > 1 - each:
                break
            if rank == count or ranked[rank] < ranked[rank - 1]:
                accepted = max(accepted, rank)
    seen = accepted or min(fewest, count)
    errors = int(wrong[seen - 1]) if seen else 0
    needed = 0 if accepted else _needed(wrong, seen, target_error, each)
    value = float(ranked[accepted - 1]) if accepted else None
    return Threshold(value, target_error, level, count, seen, errors, upper_bound(errors, seen, level), needed)


def fewest_lines(target_error: float, level: float = 0.95, wrong: int = 0) -> int:
    """How many lines prove a target if so many of them are wrong; other arguments as of :func:`choose_threshold`."""

    def enough(lines: int) -> bool:
        return binomial_tail(wrong, lines, target_error) <= 1 - level

    too_few, lines = wrong, wrong + 1
    while not enough(lines):
        too_few, lines = lines, 2 * lines
    return _least_that_do(enough, too_few, lines)


def _least_that_do(enough: Callable[[int], bool], too_few: int, lines: int) -> int:
    """The least number that is enough, between one that is not and one that is."""
    while lines - too_few > 1:
        middle = (too_few + lines) // 2
        too_few, lines = (too_few, middle) if enough(middle) else (middle, lines)
    return lines


def _needed(wrong: NDArray[np.int64], seen: int, target_error: float, each: float) -> int | None:
    """How many more lines would do, if more of them are as right as those that were looked at.

    Either as many of the surest share are wrong as now, or of a smaller share, those that are surer than the first
    wrong one, none: that share has to have :data:`_TELLING` lines, as of fewer ones it says little.

    Args:
        wrong: of the lines, the surest first, how many are wrong up to each.
        seen: the surest ones that were looked at.
        target_error: share of wrong lines among the accepted.
        each: level of each of the sequences that are tested.
    """
    count, right, fewest = len(wrong), int((wrong == 0).sum()), fewest_lines(target_error, each)
    as_now = _lines_needed(int(wrong[seen - 1]) if seen else 0, seen, count, target_error, each)
    if right < _TELLING or right == count:
        return as_now
    none_wrong = math.ceil(fewest * count / right) - count
    return none_wrong if as_now is None or count < fewest else min(as_now, none_wrong)


def _lines_needed(wrong: int, seen: int, count: int, target_error: float, level: float) -> int | None:
    """How many more lines would do, if as many of the surest share are wrong as now; at least 1."""

    def enough(lines: int) -> bool:
        return binomial_tail(math.ceil(wrong * lines / seen) if seen else 0, lines, target_error) <= 1 - level

    too_few, lines = 0, fewest_lines(target_error, level)
    if count < lines:
        return lines - count  # none of fewer could be proved, whatever they say
    while not enough(lines):
        too_few, lines = lines, 2 * lines
        if lines > MOST_LINES or wrong >= target_error * seen:
            return None
    lines = _least_that_do(enough, too_few, lines)
    return max(math.ceil(lines * count / seen) - count if seen else lines, 1)


@dataclass(frozen=True)
class RejectPoint:
    """What a threshold does to lines.

    Attributes:
        threshold: lines whose confidence is as high or higher are accepted.
        rejected: share of the lines that is not, 0 to 1.
        error: share of wrong ones among the accepted, 0 to 1.
    """

    threshold: float
    rejected: float
    error: float


def error_at(curve: Sequence[RejectPoint], rejected: float) -> float:
    """The share of wrong lines among the accepted at the strictest threshold that rejects no more than a share of all.

    Args:
        curve: of :func:`reject_curve`.
        rejected: that share, 0 to 1.
    """
    return next((point.error for point in curve if point.rejected <= rejected), 0.0)


def reject_curve(confidences: NDArray[Any], right: NDArray[np.bool_]) -> tuple[RejectPoint, ...]:
    """What each threshold would do to lines, the strictest first: one point for each confidence that occurs.

    Args:
        confidences: of shape (lines,), higher is surer.
        right: whether each line was read without a mistake, bool of the same shape.
    """
    confidences = np.asarray(confidences, np.float64)
    order = np.argsort(-confidences, kind="stable")
    ranked, wrong = confidences[order], np.cumsum(~np.asarray(right, np.bool_)[order])
    ends = np.flatnonzero(np.append(ranked[1:] < ranked[:-1], len(ranked) > 0))
    return tuple(
        RejectPoint(float(ranked[end]), 1 - (int(end) + 1) / len(ranked), float(wrong[end] / (end + 1))) for end in ends
    )


def prove_threshold(value: float, wrong: int, accepted: int, target_error: float, level: float = 0.95) -> Threshold:
    """Whether a threshold that was fixed beforehand is proved, by a random sample of what it accepted.

    One hypothesis, tested as :func:`choose_threshold` tests each of its own: nothing was chosen by these lines, so the
    whole of what the test may err belongs to it. Whoever looks again and again until it is proved errs more often.

    Args:
        value: the threshold.
        wrong: lines of the sample that are wrong.
        accepted: lines of the sample.
        target_error: share of wrong ones, above 0 and below 1.
        level: certainty, above 0 and below 1.

    Returns:
        the proof; ``lines_needed`` is how many more lines would prove it if all of them are right.
    """
    proved = accepted > 0 and binomial_tail(wrong, accepted, target_error) <= 1 - level
    needed = 0 if proved else fewest_lines(target_error, level, wrong) - accepted
    bound = upper_bound(wrong, accepted, level) if accepted else 1.0
    return Threshold(value if proved else None, target_error, level, accepted, accepted, wrong, bound, needed)
