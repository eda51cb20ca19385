"""Masks of ink: uint8 arrays of 0 and 1, and what is done with them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def either(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where one of two masks has something."""
    return np.asarray(cv2.bitwise_or(one, other), np.uint8)


def both(one: cv2.typing.MatLike, other: cv2.typing.MatLike) -> NDArray[np.uint8]:
    """Where both masks have something."""
    return np.asarray(cv2.bitwise_and(one, other), np.uint8)


def less(one: cv2.typing.MatLike, other: cv2.typing.MatLike) -> NDArray[np.uint8]:
    """Where the first mask has something and the other has not."""
    return np.asarray(cv2.subtract(one, other), np.uint8)


def present(mask: cv2.typing.MatLike) -> bool:
    """Whether anything is in a mask."""
    return cv2.countNonZero(mask) > 0


def flipped(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask with rows and columns exchanged, contiguous."""
    return np.ascontiguousarray(mask.T)
