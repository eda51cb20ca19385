"""The range that the int8 logits of a line network get: what no reading depends on is cut off.

A blank that is beyond doubt has logits of 100, and a digit that is out of the question of -50, while no two candidates
for a step lie above 10. From one extreme to the other a step of int8 were half a nat, and candidates would tie.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SHARES = (1.0, 0.8, 0.65, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05)
_MOST_STEPS = 10_000
_LEAST = 1e-3


def logit_range(logits: NDArray[np.float32]) -> tuple[float, float]:
    """The range whose 256 numbers lose least: the Kullback-Leibler divergence of what they say is the smallest.

    As activations are calibrated by entropy (S. Migacz, "8-bit Inference with TensorRT", 2017), but for the
    probabilities that logits stand for, which do not change where a likely class becomes surer still.

    Args:
        logits: of the float network for calibration lines, of shape (steps, 11).

    Returns:
        Lowest and highest logit; zero lies within.
    """
    some = logits[:: -(-len(logits) // _MOST_STEPS)].astype(np.float64)
    low, high = min(float(logits.min()), -_LEAST), max(float(logits.max()), _LEAST)
    truth = _log_softmax(some)
    ranges = [(low * below, high * above) for below in _SHARES for above in _SHARES]
    return min(ranges, key=lambda one: float((np.exp(truth) * (truth - _log_softmax(_rounded(some, *one)))).sum()))


def _rounded(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Values as int8 gives them back."""
    scale = (high - low) / 255
    zero = np.round(-128 - low / scale)
    rounded: NDArray[np.float64] = (np.clip(np.round(values / scale) + zero, -128, 127) - zero) * scale
    return rounded


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    above = logits - logits.max(axis=1, keepdims=True)
    logarithms: NDArray[np.float64] = above - np.log(np.exp(above).sum(axis=1, keepdims=True))
    return logarithms
