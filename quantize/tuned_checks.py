"""Whether the weights of a TFLite file are what fine-tuning promised: sparse, shared, rounded in training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.quantize.tuning.budget import Cluster, Prune, QuantizeAware, Tuning
from edgedigits.quantize.weights import LayerWeights

_REMEDY = "tune the network again"
_ROUNDED_AWAY = 0.01
"""So much less than promised a layer's share of zeros may be: half a weight, and float arithmetic."""


def check_tuning(path: Path, layers: Sequence[LayerWeights], tuning: Tuning) -> dict[str, Any]:
    """Check every promise of a recipe's phases on the weights as they are stored.

    A large layer is a convolution or dense layer with as many weights as the recipe says; the others were left alone.

    Args:
        path: of the ``.tflite`` file, for messages.
        layers: its weights.
        tuning: phases.

    Returns:
        What was found, as JSON takes it: share of zeros and different weights of each large layer.

    Raises:
        EdgedigitsError: a layer that is not what was promised; there is no large layer.
    """
    found: dict[str, Any] = {}
    for phase in tuning.phases:
        if isinstance(phase, Prune):
            found |= _check_zeros(path, layers, phase, tuning)
        elif isinstance(phase, Cluster):
            found |= _check_shared(path, layers, phase, tuning)
        elif isinstance(phase, QuantizeAware):
            found |= _check_rounded(path, layers)
    return found


def _large(path: Path, layers: Sequence[LayerWeights], least: int, channels: int = 1) -> list[LayerWeights]:
    large = [
        layer
        for layer in layers
        if layer.operator != "DEPTHWISE_CONV_2D" and layer.values.size >= least and layer.values.shape[-1] >= channels
    ]
    if not large:
        raise EdgedigitsError(f"no layer of {path.name} has {least} weights and {channels} input channels", _REMEDY)
    return large


def _check_zeros(path: Path, layers: Sequence[LayerWeights], phase: Prune, tuning: Tuning) -> dict[str, Any]:
    group = phase.pattern[1] if phase.pattern else 1
    large = _large(path, layers, tuning.least_weights, group)
    for layer in large:
        if phase.pattern and (bad := crowded_groups(layer.zeros, phase.pattern)):
            few = f"groups of {group} weights with less than {phase.pattern[0]} zeros"
            raise EdgedigitsError(f"{path.name}: {layer.layer} has {bad} {few}", _REMEDY)
        if not phase.pattern and layer.sparsity < phase.sparsity - _ROUNDED_AWAY:
            raise EdgedigitsError(
                f"{path.name}: {layer.sparsity:.1%} of the weights of {layer.layer} are zero, not {phase.sparsity:.0%}",
                _REMEDY,
            )
    total = sum(layer.values.size for layer in layers)
    return {
        "sparsity": {layer.layer: round(layer.sparsity, 4) for layer in large},
        "sparsity_of_all_weights": round(sum(int(layer.zeros.sum()) for layer in layers) / total, 4),
    }


def crowded_groups(zeros: NDArray[np.bool_], pattern: tuple[int, int]) -> int:
    """Groups of neighbouring input channels, the last axis, with fewer zeros than the pattern asks for.

    What is left over after the last whole group is filled up with zeros, as tensorflow-model-optimization does.

    Args:
        zeros: where a weight is zero, of shape (..., in).
        pattern: zeros, of how many.
    """
    fewest, size = pattern
    rest = -zeros.shape[-1] % size
    padded = np.pad(zeros, [(0, 0)] * (zeros.ndim - 1) + [(0, rest)], constant_values=True)
    return int((padded.reshape(-1, size).sum(axis=1) < fewest).sum())


def _check_shared(path: Path, layers: Sequence[LayerWeights], phase: Cluster, tuning: Tuning) -> dict[str, Any]:
    large = _large(path, layers, max(tuning.least_weights, phase.clusters))
    for layer in large:
        if layer.distinct > phase.clusters:
            raise EdgedigitsError(
                f"{path.name}: {layer.layer} has {layer.distinct} different weights, not {phase.clusters}", _REMEDY
            )
    return {"distinct_weights": {layer.layer: layer.distinct for layer in large}}


def _check_rounded(path: Path, layers: Sequence[LayerWeights]) -> dict[str, Any]:
    blind = [layer.layer for layer in layers if not layer.rounded_in_training]
    if blind:
        raise EdgedigitsError(f"{path.name}: training has not rounded the weights of {blind[0]}", _REMEDY)
    return {"rounded_in_training": [layer.layer for layer in layers]}
