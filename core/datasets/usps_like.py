"""Digits in the form of USPS's postal codes, made of digits in the 28x28 form: other pixels, the same writers.

USPS's digits were binary pictures of different sizes; they were deslanted and fitted to 16x16 pixels by a linear
transformation that keeps their aspect: pixels became grey (LeCun et al., "Backpropagation applied to handwritten
zip code recognition", 1989; "Handwritten digit recognition with a back-propagation network", 1990; the description of
"ZIP code" in the data of Hastie, Tibshirani, Friedman, "The Elements of Statistical Learning"). That is done here, step
by step, by code of our own: nothing is drawn at random.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets.coarse import from_coarse
from edgedigits.core.digit import SIDE

USPS_SIDE = 16
"""Width and height of USPS's digits in pixels."""

_FINER = 8
"""Pixels of the binary picture per pixel, across and down: 160 across a digit, finer than any scan of an envelope."""

_INK = 127
"""Grey levels above which the finer picture is ink: what is half covered is."""

_STEEPEST = 1.0
"""Columns per row that are taken for slant at most; more has a stroke that lies on its side."""


def usps_like(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Digits as the data set ``usps:DIR`` would have them had the US Postal Service scanned them.

    Args:
        images: uint8 of shape (count, 28, 28), ink bright on dark.

    Returns:
        uint8 of shape (count, 28, 28): :func:`usps_pixels`, enlarged and normalised as those of ``usps:DIR`` are.
    """
    return from_coarse(usps_pixels(images))


def usps_pixels(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Digits deslanted in 16x16 grey pixels that the ink fills from edge to edge along its longer side.

    Args:
        images: uint8 of shape (count, 28, 28), ink bright on dark.

    Returns:
        uint8 of shape (count, 16, 16), brightest pixel 255, the shorter side of the ink in the middle. USPS's files
        write 0 to 255 as -1 to 1. Without ink, all zero.
    """
    return np.array([_fitted(_deslanted(image)) for image in images], np.uint8).reshape(-1, USPS_SIDE, USPS_SIDE)


def _deslanted(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The finer binary picture of a digit, upright by its second moments: uint8 of 0 and 255, twice as wide as high."""
    moments = cv2.moments(image)
    slant = moments["mu11"] / moments["mu02"] if moments["mu02"] else 0.0
    slant = float(np.clip(slant, -_STEEPEST, _STEEPEST))
    middle = (SIDE - 1) / 2
    # From a pixel of the finer picture to where it lies in the digit; the field widens, since slant reaches beyond it.
    rows = np.array([0, 1 / _FINER, (1 / _FINER - 1) / 2])
    columns = np.array([1 / _FINER, 0, (1 / _FINER - 1) / 2 - SIDE / 2]) + slant * (rows - [0, 0, middle])
    size = (2 * SIDE * _FINER, SIDE * _FINER)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    fine = cv2.warpAffine(image, np.stack([columns, rows]), size, flags=flags)
    return np.where(fine > _INK, 255, 0).astype(np.uint8)


def _fitted(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The ink's bounding box, its longer side 16 pixels, each the mean of what falls into it."""
    field = np.zeros((USPS_SIDE, USPS_SIDE), np.uint8)
    left, top, width, height = cv2.boundingRect(ink)
    if not width:
        return field
    scale = USPS_SIDE / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = cv2.resize(ink[top : top + height, left : left + width], size, interpolation=cv2.INTER_AREA)
    across, down = (USPS_SIDE - size[0]) // 2, (USPS_SIDE - size[1]) // 2
    field[down : down + size[1], across : across + size[0]] = cv2.convertScaleAbs(grey, alpha=255 / int(grey.max()))
    return field
