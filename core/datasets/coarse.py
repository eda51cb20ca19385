"""Digits of few pixels in the 28x28 form."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import normalise

_ENLARGED = 40
"""Pixels across to which digits are enlarged, with a margin, before their ink is cut out and made 20 high."""

_LEAST = 24
"""Grey levels below which what the enlarging leaves beside the strokes is ground."""


def from_coarse(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Enlarge digits of 8x8 or 16x16 pixels and normalise them.

    Args:
        grey: uint8 of shape (count, side, side), ink bright on dark.

    Returns:
        uint8 of shape (count, 28, 28).
    """
    size = (_ENLARGED, _ENLARGED)
    large = (cv2.resize(np.pad(image, 1), size, interpolation=cv2.INTER_CUBIC) for image in grey)
    return np.stack([normalise(np.where(image > _LEAST, image, 0).astype(np.uint8)) for image in large])
