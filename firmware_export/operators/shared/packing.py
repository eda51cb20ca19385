"""Weights of convolutions in the order in which the kernels read them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def _even(weights: NDArray[np.int8]) -> NDArray[np.int8]:
    """The last axis with a zero at its end where its length is odd."""
    return np.pad(weights, [(0, 0)] * (weights.ndim - 1) + [(0, weights.shape[-1] % 2)])


def conv_weights(weights: NDArray[np.int8], dilation: int) -> NDArray[np.int8]:
    """Weights of a convolution as the kernels read them: int8 of shape (channel pairs, taps, 2).

    Args:
        weights: int8 of shape (channels, rows, columns, depth).
        dilation: horizontal; without one a window row is one run of bytes, else each column is a run. Each run is
            rounded up to an even length, and so are the channels, with zeros.
    """
    channels, rows, columns, depth = weights.shape
    runs = weights.reshape(channels, rows, columns * depth) if dilation == 1 else weights
    taps = _even(runs).reshape(channels, -1)
    taps = np.pad(taps, [(0, channels % 2), (0, 0)])
    return taps.reshape(len(taps) // 2, 2, -1).transpose(0, 2, 1)


def dsp_fits(packed: NDArray[np.int8]) -> bool:
    """False where a weight of -128 stands beside one below 0: the bytes that the DSP kernel reads have no room for it.

    They hold the second weight of each pair less one where the first one is negative (``W1`` in types.h). TFLite's
    converter makes no weights of -128.

    Args:
        packed: int8 of shape (channel pairs, taps, 2).
    """
    return not np.any((packed[..., 0] < 0) & (packed[..., 1] == -128))


def dsp_block(packed: NDArray[np.int8], bias: NDArray[np.int32]) -> int:
    """Pairs of taps whose products the DSP kernel can add before the second channel's sum leaves 24 bits.

    Args:
        packed: int8 of shape (channel pairs, taps, 2), see ``conv_weights``.
        bias: int32 of shape (2 * channel pairs,), the zero point of the input taken in.
    """
    seconds = np.abs(packed[:, :, 1].astype(np.int64)).reshape(len(packed), -1, 2).sum(axis=2) * 128
    block: int = -(-seconds.shape[1] // 2) * 2
    seconds = np.pad(seconds, ((0, 0), (0, block - seconds.shape[1])))
    most = 2**23 - np.abs(bias.astype(np.int64)[1::2, np.newaxis])
    while block > 2 and np.any(np.add.reduceat(seconds, range(0, seconds.shape[1], block), axis=1) >= most):
        block = -(-block // 4) * 2
    return block


def weight_macros(packed: NDArray[np.int8], length: int) -> Iterable[str]:
    """Packed weights as macros of four taps and, where a run of ``length`` taps ends, of two."""
    run = length + length % 2
    pad = " TAIL" if packed.shape[1] % 4 else ""
    for pair in packed:
        for start in range(0, len(pair), run):
            taps = pair[start : start + run]
            fours = length // 4 * 4
            for tap in range(0, run, 4) if fours == run else (*range(0, fours, 4), *range(fours, run, 2)):
                count = 4 if tap < fours else 2
                end = pad if start + tap + count == len(pair) else ""
                yield f"W{count}({', '.join(str(int(weight)) for weight in taps[tap : tap + count].ravel())}){end}"
