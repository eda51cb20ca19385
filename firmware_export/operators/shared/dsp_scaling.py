"""Constants of channels as the kernels of the DSP variant read them: ``scaling_t`` and ``plane_t`` there."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import is_rectified, shown_exponents
from edgedigits.firmware_export.graph.model import Rescaling
from edgedigits.firmware_export.operators.shared.convolution_scratch import GATHERED
from edgedigits.firmware_export.operators.shared.packing import conv_weights

_LONGEST_SHIFT = 23
"""A product and the rounding constant, of up to 255 * 2**22, stay within 32 bits."""


def rescales_by_shift(rescaling: Rescaling) -> bool:
    """Whether a multiplication, an addition and a shift to the right, saturated to int8, rescale every channel."""
    return is_rectified(rescaling) or ((rescaling.low, rescaling.high) == (-128, 127) and _shifts_fit(rescaling))


def takes_tiles(
    weights: NDArray[np.int8], dilation: int, rescaling: Rescaling, zero: int, width: int, pooled: bool
) -> bool:
    """Whether the DSP kernel sums two or three windows of a convolution at a time, and rescales them there.

    A row of two or three windows is summed one by one where it would take much more memory at once.

    Args:
        weights: int8 of shape (channels, rows, columns, depth).
        dilation: horizontal.
        rescaling: of its sums.
        zero: the input's zero point.
        width: of an output row.
        pooled: whether the greatest of each 2x2 windows is stored.
    """
    packed = conv_weights(weights, dilation)
    bias = rescaling.bias - zero * weights.reshape(len(weights), -1).astype(np.int64).sum(axis=1)
    narrow = width < 4 and not pooled and 2 * width * packed.shape[1] > GATHERED
    return width > 1 and not narrow and _sums_fit(packed, bias) and rescales_by_shift(rescaling)


def pair_words(rescaling: Rescaling, bias: NDArray[np.int64]) -> Iterable[str]:
    """``scaling_t`` of every two channels as C.

    Args:
        rescaling: of an even number of channels.
        bias: int64 of shape (channels,), the input's zero point taken in.
    """
    for starts, multipliers in zip(_starts(rescaling, bias), rescaling.multipliers.reshape(-1, 2), strict=True):
        yield f"{multipliers[1]}, {starts[1]}, {starts[0]}, {multipliers[0]}"


def one_scale_words(rescaling: Rescaling, bias: NDArray[np.int64]) -> Iterable[str]:
    """The multiplier that all channels have, then the two words of every two channels; else as above."""
    yield str(rescaling.multipliers[0])
    yield from (f"{second}, {first}" for first, second in _starts(rescaling, bias))


def plane_words(weights: NDArray[np.int8], rescaling: Rescaling, bias: NDArray[np.int64]) -> list[str]:
    """``plane_t`` of every channel as C.

    Args:
        weights: int8 of shape (9, channels), of windows of 3x3.
        rescaling: with a rectifier.
        bias: int64 of shape (channels,), the input's zero point taken in.
    """
    made = []
    shifts = _shifts(rescaling).tolist()
    for taps, shift, start, multiplier in zip(weights.T, shifts, bias.tolist(), rescaling.multipliers, strict=True):
        upper, lower = np.ascontiguousarray(taps[[0, 3, 2, 5, 6, 1, 8, 4]]).view("<i4")
        made.append(f"{upper}, {lower}, {2**17 * int(taps[7]) + shift}, {2 * start}, {multiplier}")
    return made


def _shifts(rescaling: Rescaling) -> NDArray[np.int64]:
    """What the kernels shift each channel to the right before they do by one more, int64 of shape (channels,)."""
    return -shown_exponents(rescaling).astype(np.int64) - 1


def _starts(rescaling: Rescaling, bias: NDArray[np.int64]) -> list[list[int]]:
    """256 * bias + shift of the channels by twos."""
    starts: list[list[int]] = (256 * bias + _shifts(rescaling)).reshape(-1, 2).tolist()
    return starts


def _sums_fit(packed: NDArray[np.int8], bias: NDArray[np.int64]) -> bool:
    """Whether biases have 24 bits, and sums of the second channel of each pair with theirs."""
    sums = 128 * np.abs(packed[: len(bias) // 2, :, 1].astype(np.int64)).sum(axis=1) + np.abs(bias[1::2])
    return bool(np.all(sums < 2**23) and np.all(np.abs(bias) < 2**23))


def _shifts_fit(rescaling: Rescaling) -> bool:
    exponents = shown_exponents(rescaling)
    return bool(np.all((exponents >= -_LONGEST_SHIFT) & (exponents <= -1)))
