"""What one of several trainings is chosen by: validation digits as they are, and in other hands."""

from __future__ import annotations

from functools import reduce

from edgedigits.core.datasets import Digits

DISTORTIONS = 9
"""Of each digit. Trainings that differ in their seed alone are closer than 5,000 digits as they are can tell apart."""

STRENGTH = "light"
"""Of :data:`edgedigits.train.AUGMENTATIONS`: what other hands do."""


def with_distortions(digits: Digits) -> Digits:
    """Digits, and then all of them in one light distortion after another, each time by a seed of its own.

    TensorFlow draws the same on every machine, but sums floats as its processor does: a pixel may differ by one.
    """
    from edgedigits.train import AUGMENTATIONS, distorted

    settings = AUGMENTATIONS[STRENGTH]
    others = (Digits(distorted(digits.images, settings, seed), digits.labels) for seed in range(DISTORTIONS))
    return reduce(Digits.joined, others, digits)
