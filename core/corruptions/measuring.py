"""How many digits a network still reads wrongly when they are spoilt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.corruptions.kinds import KINDS, corrupted
from edgedigits.core.datasets import Digits
from edgedigits.core.digit import normalise

Scores = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Of digits, uint8 of shape (count, 28, 28), probabilities of shape (count, 10)."""


@dataclass(frozen=True)
class CorruptionError:
    """What became of digits corrupted by one kind.

    Attributes:
        kind: a key of :data:`edgedigits.core.corruptions.kinds.KINDS`.
        error: percent read wrongly, fed as they are.
        normalised: percent read wrongly after :func:`edgedigits.core.digit.normalise`, through which a reader of
            pictures feeds its digits.
    """

    kind: str
    error: float
    normalised: float


@dataclass(frozen=True)
class CorruptionErrors:
    """Errors for every kind, and how they were measured.

    Attributes:
        count: digits of each kind.
        seed: of the corruptions.
        kinds: one after another, as in the table of kinds.
        mean: of the errors over the kinds, each kind weighing the same.
        normalised_mean: likewise of the errors after normalisation.
    """

    count: int
    seed: int
    kinds: tuple[CorruptionError, ...]
    mean: float
    normalised_mean: float


@dataclass(frozen=True)
class SpoiltDigits:
    """Digits corrupted by one kind.

    Attributes:
        kind: a key of :data:`edgedigits.core.corruptions.kinds.KINDS`.
        images: as they are, uint8 of shape (count, 28, 28).
        anew: the same after :func:`edgedigits.core.digit.normalise`.
    """

    kind: str
    images: NDArray[np.uint8]
    anew: NDArray[np.uint8]


def spoilt_digits(digits: Digits, seed: int = 0) -> Iterator[SpoiltDigits]:
    """Digits corrupted in every way, one kind after another.

    Args:
        digits: to corrupt, at least one.
        seed: of the corruptions; not negative.
    """
    for kind in KINDS:
        images = corrupted(digits.images, kind, seed)
        yield SpoiltDigits(kind, images, np.stack([normalise(one) for one in images]))


def errors_on(
    scores: Scores,
    spoilt: Iterable[SpoiltDigits],
    digits: Digits,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> CorruptionErrors:
    """Let a network read digits that are corrupted already, as they are and normalised anew.

    Args:
        scores: what the network makes of digits; of equal scores the smallest digit wins.
        spoilt: what :func:`spoilt_digits` made of ``digits`` with this seed.
        digits: that were corrupted.
        seed: of the corruptions.
        progress: told how many kinds have been read by now.
    """
    found = []
    for one in spoilt:
        errors = (percent_wrong(scores, images, digits) for images in (one.images, one.anew))
        found.append(CorruptionError(one.kind, *errors))
        if progress:
            progress(len(found))
    mean, normalised = fmean(one.error for one in found), fmean(one.normalised for one in found)
    return CorruptionErrors(len(digits), seed, tuple(found), mean, normalised)


def percent_wrong(scores: Scores, images: NDArray[np.uint8], digits: Digits) -> float:
    """Percent of pictures of digits, uint8 of shape (count, 28, 28), that a network reads as other ones."""
    return 100 * float(np.mean(scores(images).argmax(axis=1) != digits.labels))


def corruption_errors(
    scores: Scores, digits: Digits, seed: int = 0, progress: Callable[[int], object] | None = None
) -> CorruptionErrors:
    """Corrupt digits in every way and let a network read them; as :func:`errors_on`, but for one network alone."""
    return errors_on(scores, spoilt_digits(digits, seed), digits, seed, progress)
