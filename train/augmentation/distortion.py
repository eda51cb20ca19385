"""Random distortion of a batch on its way into the model, never in the model (which would break its conversion)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import SIDE
from edgedigits.core.keras.backend import tf
from edgedigits.train.recipes import Augmentation

_GRID = 5
_ROWS, _COLUMNS = np.meshgrid(np.arange(SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32), indexing="ij")


def augment(images: Any, seed: Any, settings: Augmentation, *, on_device: bool = False) -> Any:
    """Distort each digit of a batch in its own way.

    Args:
        images: float32 tensor of shape (batch, 28, 28, 1) between 0 and 1.
        seed: int32 tensor of shape (2,); the same seed gives the same distortions.
        settings: how far.
        on_device: with operations that a GPU has. TensorFlow resizes with cubic curves on the processor alone, so that
            bending is a multiplication of matrices, which differs in the last bits; and it reckons there with int32.

    Returns:
        A tensor like ``images``; what comes in from outside the field is 0, or the nearest pixel of the field.
    """
    columns, rows = _sources(tf.shape(images)[0], seed, settings)
    if settings.elastic:
        spread = tf.random.stateless_normal(
            (tf.shape(images)[0], _GRID, _GRID, 2), seed + tf.constant([0, 1]), stddev=settings.elastic
        )
        bend = _multiplied(spread) if on_device else tf.image.resize(spread, (SIDE, SIDE), "bicubic")
        columns, rows = columns + bend[..., 0], rows + bend[..., 1]
    if settings.fill == "nearest":
        columns, rows = (tf.clip_by_value(places, 0.0, SIDE - 1.0) for places in (columns, rows))
    return _sample(images, columns, rows, tf.int64 if on_device else tf.int32)


def distorted(images: NDArray[np.uint8], settings: Augmentation, seed: int) -> NDArray[np.uint8]:
    """Each digit in a distortion of its own.

    Args:
        images: uint8 of shape (count, 28, 28).
        settings: how far.
        seed: the same seed and count give the same distortions.

    Returns:
        An array like ``images``.
    """
    seen = augment(tf.constant(images[..., np.newaxis] / np.float32(255)), tf.constant([seed, 0], tf.int32), settings)
    grey: NDArray[np.uint8] = np.round(255 * seen.numpy()[..., 0]).astype(np.uint8)
    return grey


def _multiplied(spread: Any) -> Any:
    """What ``tf.image.resize`` makes of (count, 5, 5, 2) with cubic curves, which is linear: rows, then columns."""
    return tf.einsum("rg,bghc,sh->brsc", _CUBIC, spread, _CUBIC)


def _cubic() -> NDArray[np.float32]:
    """How much each point of the grid counts for each pixel of a row or column, float32 of shape (28, 5).

    R. Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -1/2; points outside the
    grid count nothing, and the others the more. TensorFlow rounds distances to 1/1024.
    """
    places = (np.arange(SIDE) + 0.5) * _GRID / SIDE - 0.5
    first = np.floor(places)
    beyond = np.round((places - first) * 1024) / 1024
    far = np.abs(first[:, np.newaxis] + beyond[:, np.newaxis] - np.arange(_GRID))
    near = 1.5 * far**3 - 2.5 * far**2 + 1
    rest = -0.5 * far**3 + 2.5 * far**2 - 4 * far + 2
    weights = np.where(far <= 1, near, np.where(far < 2, rest, 0))
    share: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return share


_CUBIC = _cubic()


def _sources(count: Any, seed: Any, settings: Augmentation) -> tuple[Any, Any]:
    """Where each pixel of the result comes from: columns and rows of shape (count, 28, 28), in pixels."""
    drawn = tf.random.stateless_uniform((6, count, 1, 1), seed, -1.0, 1.0)
    angle = drawn[0] * math.radians(settings.rotation)
    slant = drawn[1] * settings.shear
    wide, high = 1 + drawn[2] * settings.zoom, 1 + drawn[3] * settings.zoom
    middle = (SIDE - 1) / 2
    x, y = (_COLUMNS - middle) * wide, (_ROWS - middle) * high
    x = x + slant * y
    columns = tf.cos(angle) * x - tf.sin(angle) * y + middle + drawn[4] * (settings.shift * SIDE)
    rows = tf.sin(angle) * x + tf.cos(angle) * y + middle + drawn[5] * (settings.shift * SIDE)
    return columns, rows


def _sample(images: Any, columns: Any, rows: Any, whole: Any) -> Any:
    """Bilinear samples of ``images`` at fractional columns and rows; outside lies 0. ``whole``: type of indices."""
    count, wide = tf.shape(images)[0], SIDE + 3
    flat = tf.reshape(tf.pad(images[..., 0], [[0, 0], [1, 2], [1, 2]]), (count, wide * wide))
    columns = tf.clip_by_value(columns + 1, 0.0, SIDE + 1.0)
    rows = tf.clip_by_value(rows + 1, 0.0, SIDE + 1.0)
    left, top = tf.floor(columns), tf.floor(rows)
    right_share, low_share = columns - left, rows - top
    start = tf.reshape(tf.cast(top, whole) * wide + tf.cast(left, whole), (count, SIDE * SIDE))

    def at(offset: int) -> Any:
        return tf.reshape(tf.gather(flat, start + offset, batch_dims=1), (count, SIDE, SIDE))

    above = at(0) * (1 - right_share) + at(1) * right_share
    below = at(wide) * (1 - right_share) + at(wide + 1) * right_share
    return (above * (1 - low_share) + below * low_share)[..., tf.newaxis]
