"""The table of the fifteen kinds, and digits corrupted by one of them.

The kinds are those of N. Mu, J. Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision", 2019; the code and the
severities are ours. One severity each: so much that it hurts a network and little enough that people read the digit.
A mean over the kinds can be compared between networks measured here, and not digit for digit with the files of MNIST-C.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.corruptions.blurs import glass_blur, motion_blur
from edgedigits.core.corruptions.light import brightness, canny_edges, fog, stripe
from edgedigits.core.corruptions.moves import rotate, scale, shear, translate
from edgedigits.core.corruptions.noise import impulse_noise, shot_noise
from edgedigits.core.corruptions.overlays import dotted_line, spatter, zigzag
from edgedigits.core.digit import checked_images
from edgedigits.core.naming import entry_named


@dataclass(frozen=True)
class Kind:
    """A way to spoil a digit.

    Attributes:
        about: in a few words, for people.
        spoil: makes of a uint8 picture of shape (28, 28) another one; what differs between digits is drawn by lot.
    """

    about: str
    spoil: Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]


KINDS = {
    "shot noise": Kind("three photons a white pixel", shot_noise),
    "impulse noise": Kind("17 % of the pixels black or white", impulse_noise),
    "glass blur": Kind("frosted glass", glass_blur),
    "motion blur": Kind("a trail of up to ten pixels", motion_blur),
    "shear": Kind("slanted by 0.4", shear),
    "scale": Kind("0.6 of the size", scale),
    "rotate": Kind("turned by 23 degrees", rotate),
    "brightness": Kind("half white everywhere", brightness),
    "translate": Kind("3 pixels across and down", translate),
    "stripe": Kind("the middle half inverted", stripe),
    "fog": Kind("fog twice as bright as the ink", fog),
    "spatter": Kind("drops on 13 % of the lens", spatter),
    "dotted line": Kind("a line of white points", dotted_line),
    "zigzag": Kind("a white zigzag", zigzag),
    "canny edges": Kind("the outline alone", canny_edges),
}


def corrupted(images: NDArray[np.uint8], kind: str, seed: int = 0) -> NDArray[np.uint8]:
    """Digits spoilt in one way.

    Args:
        images: uint8 of shape (count, 28, 28), ink bright on a dark ground.
        kind: a key of :data:`KINDS`.
        seed: not negative. What happens to a digit depends on nothing but seed, kind and the digit's index.

    Returns:
        uint8 of shape (count, 28, 28), not normalised anew.

    Raises:
        EdgedigitsError: there is no such kind, or the images have another shape or type.
    """
    spoil = entry_named(KINDS, kind, "kind of corruption").spoil
    lot = (seed, list(KINDS).index(kind))
    made = [spoil(one, np.random.default_rng((*lot, index))) for index, one in enumerate(checked_images(images))]
    return np.stack(made) if made else images.copy()
