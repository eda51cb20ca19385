"""Pruning by magnitude with tensorflow-model-optimization."""

from __future__ import annotations

from typing import Any

from edgedigits.core.keras.optimization import tfmot
from edgedigits.quantize.tuning.budget import Prune, Tuning
from edgedigits.quantize.tuning.wrapped import Wrapped, copied, large_layers, rebuilt

_UPDATES = 20
"""How often the share of zeros rises."""

_sparsity = tfmot.sparsity.keras


def pruned(network: Any, phase: Prune, tuning: Tuning, steps: int) -> Wrapped:
    """Prepare pruning (M. Zhu, S. Gupta, "To prune, or not to prune", 2017).

    Args:
        network: as it infers; it stays as it is.
        phase: sparsity and pattern.
        tuning: which layers are large enough.
        steps: of an epoch.

    Raises:
        EdgedigitsError: no layer is large enough.
    """
    large = large_layers(network, tuning.least_weights, phase.pattern[1] if phase.pattern else 1)
    every = max(1, steps * phase.epochs // 2 // _UPDATES)
    end = max(1, steps * phase.epochs // 2 // every) * every  # a multiple, or the last share is never reached
    if phase.pattern:
        settings = {"pruning_schedule": _sparsity.ConstantSparsity(0.5, 0), "sparsity_m_by_n": phase.pattern}
    else:
        rise = _sparsity.PolynomialDecay(0.0, phase.sparsity, 0, end, frequency=every)
        settings = {"pruning_schedule": rise}
    model = rebuilt(
        network, lambda layer: _sparsity.prune_low_magnitude(layer, **settings) if layer.name in large else layer
    )
    return Wrapped(
        model,
        lambda: copied(_sparsity.strip_pruning(model)),
        (_sparsity.UpdatePruningStep(),),
        0 if phase.pattern else end // steps,
    )
