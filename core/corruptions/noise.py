"""What a sensor does to a picture: few photons, dead and hot pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import SIDE

_PHOTONS = 3.0
"""That a white pixel is struck by, on average."""

_DEAD_OR_HOT = 0.17
"""Share of the pixels that are black or white whatever they see."""


def shot_noise(picture: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """So little light that the photons can be counted: each pixel is a Poisson number of them."""
    photons = draw.poisson(picture.astype(np.float64) * (_PHOTONS / 255))
    return np.clip(photons * (255 / _PHOTONS), 0, 255).astype(np.uint8)


def impulse_noise(picture: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """Pixels that are black or white, either equally often."""
    lot = draw.random((SIDE, SIDE))
    black_or_white = np.where(lot < _DEAD_OR_HOT / 2, 0, 255)
    return np.where(lot < _DEAD_OR_HOT, black_or_white, picture).astype(np.uint8)
