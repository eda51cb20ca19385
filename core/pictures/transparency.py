"""Pictures with transparency, laid on paper: white under dark ink, black under light ink."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_OPAQUE = 128
"""Pixels of more than this much opacity, of 255, show what was drawn; the others are edges and ground."""

_STROKES = 0.5
"""Ink covers less than this share of a picture; what covers more is paper."""

_DARK_SHARE = 2.0
"""Percent of the opaque pixels: where so many are dark, what is light is paper with ink on it."""


def opaque(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """What a transparent picture shows on paper.

    The paper is white, as that of a drawing with dark ink, unless only light strokes are opaque, as in what a web page
    with white ink on a dark ground saves of its canvas: white paper would hide them.

    Args:
        picture: uint8 BGRA of shape (height, width, 4).

    Returns:
        uint8 BGR of shape (height, width, 3).
    """
    opacity = picture[..., 3:].astype(np.float32) / 255
    if opacity.size and opacity.min() == 1:
        return np.ascontiguousarray(picture[..., :3])
    paper = 0 if _is_light_ink(picture) else 255
    blended: NDArray[np.uint8] = (picture[..., :3] * opacity + paper * (1 - opacity)).round().astype(np.uint8)
    return blended


def _is_light_ink(picture: NDArray[Any]) -> bool:
    """Whether the opaque part is strokes of which none is dark."""
    drawn = picture[..., 3] > _OPAQUE
    if not 0 < drawn.mean() < _STROKES:
        return False
    brightness = picture[..., :3][drawn] @ np.array([0.114, 0.587, 0.299], np.float32)  # as OpenCV makes BGR grey
    return bool(np.percentile(brightness, _DARK_SHARE) >= 128)
