"""What a digit is: 28x28 grey bytes, ink bright on a dark ground, and the one way to get there.

Everything that the toolkit reads passes through :func:`normalise` (pictures of any size) or is already in this form
(MNIST and its relatives). Our own networks are fed what :func:`model_input` makes of it, everybody else's what their
:class:`edgedigits.core.contract.contract.InputContract` says.
"""

from __future__ import annotations

from typing import Any, TypeVar, overload

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError

SIDE = 28
"""Width and height of a normalised digit in pixels."""

BOX = 20
"""The longer side of the ink's bounding box inside the 28x28 field (LeCun et al. 1998, MNIST's construction)."""

CLASSES = 10

LABELS = tuple(str(digit) for digit in range(CLASSES))

Images = NDArray[np.uint8]

Step = TypeVar("Step", np.int8, np.uint8, np.int16)


def normalise(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring a picture of one digit into MNIST's form.

    Args:
        ink: uint8 of shape (height, width); 0 is ground, brighter is more ink.

    Returns:
        uint8 of shape (28, 28): the ink's bounding box scaled to 20 pixels on its longer side with its aspect kept,
        brightest pixel 255, centre of mass moved to the centre of the field by whole pixels (as MNIST was made:
        LeCun et al., "Gradient-based learning applied to document recognition", 1998). Without ink, all zero.

    Raises:
        EdgedigitsError: the array is not uint8 or not of two dimensions.
    """
    if ink.dtype != np.uint8 or ink.ndim != 2:
        raise EdgedigitsError(
            f"a digit picture has shape {ink.shape} and type {ink.dtype}", "give one grey channel of uint8"
        )
    field = np.zeros((SIDE, SIDE), np.uint8)
    columns, rows, width, height = cv2.boundingRect(ink)
    if not width:
        return field
    crop = ink[rows : rows + height, columns : columns + width]
    scale = BOX / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    peak = int(small.max())
    if not peak:  # faint ink that is spread wide vanishes when it is made small
        return field
    small = cv2.convertScaleAbs(small, alpha=255 / peak)
    moments = cv2.moments(small)
    left = _start(moments["m10"] / moments["m00"], size[0])
    top = _start(moments["m01"] / moments["m00"], size[1])
    field[top : top + size[1], left : left + size[0]] = small
    return field


def _start(centre: float, length: int) -> int:
    """Where a span of pixels starts so that its centre of mass falls on pixel 14, kept inside the field."""
    return min(max(round(SIDE / 2 - centre), 0), SIDE - length)


def model_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn grey bytes into what a network is fed: float32 between 0 and 1 with a channel axis.

    Args:
        images: uint8 of shape (count, 28, 28).

    Returns:
        float32 of shape (count, 28, 28, 1), each pixel divided by 255.

    Raises:
        EdgedigitsError: another shape or type; floats here are the usual cause of a model that calibrates wrongly.
    """
    return (checked_images(images).astype(np.float32) / np.float32(255.0))[..., np.newaxis]


def checked_images(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The digits themselves.

    Raises:
        EdgedigitsError: they are no uint8 of shape (count, 28, 28).
    """
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
        raise EdgedigitsError(
            f"digits have shape {images.shape} and type {images.dtype}",
            f"give uint8 of shape (count, {SIDE}, {SIDE}); `normalise` makes it from any picture",
        )
    return images


@overload
def quantize(values: NDArray[np.float32], scale: float, zero_point: int) -> NDArray[np.int8]: ...


@overload
def quantize(values: NDArray[np.float32], scale: float, zero_point: int, kind: type[Step]) -> NDArray[Step]: ...


def quantize(values: NDArray[np.float32], scale: float, zero_point: int, kind: type[Any] = np.int8) -> NDArray[Any]:
    """Quantize real values by ``q = round(value / scale) + zero_point``, saturated.

    Half-way cases go away from zero, as in TFLite's reference kernels (``TfLiteRound``).

    Args:
        values: float32 of any shape.
        scale: step size, greater than 0.
        zero_point: the whole number that stands for 0.0.
        kind: int8, uint8 or int16.
    """
    steps = values / np.float32(scale)
    rounded = np.trunc(steps + np.copysign(np.float32(0.5), steps)) + zero_point
    limits = np.iinfo(kind)
    saturated: NDArray[Any] = np.clip(rounded, limits.min, limits.max).astype(kind)
    return saturated


def dequantize(steps: NDArray[Any], scale: float, zero_point: int) -> NDArray[np.float32]:
    """Undo :func:`quantize`: ``value = (q - zero_point) * scale``, float32 of the same shape."""
    return (steps.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)
