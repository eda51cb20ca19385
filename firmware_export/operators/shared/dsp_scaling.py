"""Constants of channels as the kernels of the DSP variant read them: ``channel_t`` in ``dsp.c``."""

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
    return width > 1 and not narrow and _seconds_fit(packed, bias) and rescales_by_shift(rescaling)


def channel_words(rescaling: Rescaling) -> NDArray[np.int32]:
    """Multiplier, rounding and shift of each channel, int32 of shape (channels, 3).

    Rounding is ``(1 + 2 * zero point) * 2**(shift - 1)``; 0 where the shift leaves no room for it, and other kernels
    rescale.
    """
    shifts = -shown_exponents(rescaling).astype(np.int64)
    fitting = np.clip(shifts, 1, _LONGEST_SHIFT)
    rounding = np.where(fitting == shifts, (1 + 2 * rescaling.zero_point) << (fitting - 1), 0)
    words: NDArray[np.int32] = np.stack([rescaling.multipliers, rounding, shifts], axis=1).astype(np.int32)
    return words


def pair_words(rescaling: Rescaling, bias: NDArray[np.int64], tiled: bool) -> Iterable[str]:
    """``scaling_t`` of every two channels as C.

    Args:
        rescaling: of an even number of channels.
        bias: int64 of shape (channels,), the input's zero point taken in.
        tiled: whether the second sum starts at 256 * its bias + the first bias.
    """
    words = channel_words(rescaling).reshape(-1, 2, 3)
    for starts, (one, other) in zip(_starts(bias, tiled), words.tolist(), strict=True):
        yield ", ".join(str(number) for number in (*starts, *other, *one))


def one_scale_words(rescaling: Rescaling, bias: NDArray[np.int64], tiled: bool) -> Iterable[str]:
    """The ``channel_t`` that all channels have, then the start of both sums of every two channels; else as above."""
    yield ", ".join(str(number) for number in channel_words(rescaling)[0].tolist())
    yield from (f"{first}, {second}" for first, second in _starts(bias, tiled))


def _starts(bias: NDArray[np.int64], tiled: bool) -> Iterable[tuple[int, int]]:
    for first, second in bias.reshape(-1, 2).tolist():
        yield first, (256 * second + first + 2**31) % 2**32 - 2**31 if tiled else second


def plane_words(weights: NDArray[np.int8], rescaling: Rescaling, bias: NDArray[np.int64]) -> list[str]:
    """``plane_t`` of every channel as C, weights and bias doubled.

    Args:
        weights: int8 of shape (9, channels), of windows of 3x3.
        rescaling: with a rectifier.
        bias: int64 of shape (channels,), the input's zero point taken in.
    """
    made = []
    for taps, words, start in zip(weights.T.astype(int).tolist(), channel_words(rescaling).tolist(), bias, strict=True):
        rows = (_halves(taps[0], taps[2]), _halves(taps[3], taps[5]), _halves(taps[6], taps[8]))
        numbers = (*rows, _halves(taps[1], taps[4]), 2 * taps[7], *words, 2 * int(start))
        made.append(", ".join(str(number) for number in numbers))
    return made


def _halves(low: int, high: int) -> int:
    """Twice two weights as the halves of a word of 32 bits."""
    return 2 * high * 2**16 + (2 * low) % 2**16


def _seconds_fit(packed: NDArray[np.int8], bias: NDArray[np.int64]) -> bool:
    """Whether sums of the second channel of each pair stay within 24 bits, their bias included."""
    sums = 128 * np.abs(packed[: len(bias) // 2, :, 1].astype(np.int64)).sum(axis=1) + np.abs(bias[1::2])
    return bool(np.all(sums < 2**23))


def _shifts_fit(rescaling: Rescaling) -> bool:
    exponents = shown_exponents(rescaling)
    return bool(np.all((exponents >= -_LONGEST_SHIFT) & (exponents <= -1)))
