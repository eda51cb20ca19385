"""What the scale and the zero point of a quantized input say of the range that a model is fed."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from edgedigits.core.contract.contract import RANGES, mean_and_deviation

_SAME = 0.02
"""Of a range's width: calibration sees its ends to within so much."""


def likely_ranges(kind: DTypeLike, scale: float, zero_point: int) -> tuple[str, ...]:
    """The ranges that an input can be fed, the likeliest first: those of :data:`RANGES` that it holds, or its own.

    What fills the numbers of int8 or uint8 is likelier than what leaves most of them out. An int16 input is symmetric
    about zero, so that its lower end tells nothing.

    Args:
        kind: of the input tensor: int8, uint8 or int16.
        scale: of the tensor, greater than 0.
        zero_point: of the tensor.
    """
    limits = np.iinfo(np.dtype(kind))
    low, high = scale * (limits.min - zero_point), scale * (limits.max - zero_point)
    slack = _SAME * (high - low)
    ends = {name: _ends(name) for name in RANGES}
    held = [name for name, (lowest, highest) in ends.items() if lowest >= low - slack and highest <= high + slack]
    if np.dtype(kind) == np.int16:
        return tuple(sorted(held, key=lambda name: high - ends[name][1])) or RANGES
    filling = [name for name in held if abs(ends[name][0] - low) <= slack and abs(ends[name][1] - high) <= slack]
    if filling:
        return (*filling, *(name for name in held if name not in filling))
    deviation = 1 / (high - low)
    return (f"{0.0 - low * deviation:.6g},{deviation:.6g}", *RANGES)


def _ends(name: str) -> tuple[float, float]:
    mean, deviation = mean_and_deviation(name)
    return -mean / deviation, (1 - mean) / deviation
