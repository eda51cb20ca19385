"""Pictures with transparency, laid on white paper."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def over_white(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """What a transparent picture shows on white paper.

    Args:
        picture: uint8 BGRA of shape (height, width, 4).

    Returns:
        uint8 BGR of shape (height, width, 3).
    """
    opacity = picture[..., 3:].astype(np.float32) / 255
    blended: NDArray[np.uint8] = (picture[..., :3] * opacity + 255 * (1 - opacity)).round().astype(np.uint8)
    return blended
