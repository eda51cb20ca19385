"""What light and processing do to the grey levels of a picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import SIDE

_BRIGHTER = 0.5
"""Of the full range of grey levels, added everywhere."""

_FOG = 2.0
"""Brightness of the thickest fog in units of the brightest ink; ink and fog together are then dimmed to the range."""

_FOG_ROUGHNESS = 2.0
"""Each octave of the fog has half the width of the one before and its strength divided by this."""

_EDGES = (100, 200)
"""Thresholds of Canny's detector: gradients from the second on are edges, and from the first on where they go on."""


def brightness(picture: NDArray[np.uint8], _draw: np.random.Generator) -> NDArray[np.uint8]:
    """Too much light: the ground is half bright, and the pen's pale edges are lost in white."""
    return np.clip(picture.astype(np.float32) + 255 * _BRIGHTER, 0, 255).astype(np.uint8)


def stripe(picture: NDArray[np.uint8], _draw: np.random.Generator) -> NDArray[np.uint8]:
    """The middle half of the columns is a negative of itself."""
    striped = picture.copy()
    striped[:, SIDE // 4 : SIDE - SIDE // 4] ^= 255
    return striped


def fog(picture: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """Behind fog: a cloud of random octaves lies over ink and ground."""
    cloud = np.zeros((SIDE, SIDE), np.float32)
    points, strength = 2, 1.0
    while points <= SIDE:
        octave = draw.random((points, points), np.float32)
        cloud += strength * cv2.resize(octave, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        points, strength = 2 * points, strength / _FOG_ROUGHNESS
    cloud = (cloud - cloud.min()) / max(float(np.ptp(cloud)), 1e-6)
    behind: NDArray[np.uint8] = (
        np.round(255 * (picture / 255 + _FOG * cloud) / (1 + _FOG)).clip(0, 255).astype(np.uint8)
    )
    return behind


def canny_edges(picture: NDArray[np.uint8], _draw: np.random.Generator) -> NDArray[np.uint8]:
    """The outline alone (J. Canny, "A computational approach to edge detection", 1986)."""
    return cv2.Canny(picture, *_EDGES).astype(np.uint8)
