"""Pruning by magnitude with tensorflow-model-optimization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.quantize.tuning.budget import RETUNE, Phase, Tuning, large_weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgedigits.quantize.tuning.wrapped import Wrapped
    from edgedigits.quantize.weights import LayerWeights

_UPDATES = 20
"""How often the share of zeros rises."""
_ROUNDED_AWAY = 0.01
"""So much less than promised a layer's share of zeros may be: half a weight, and float arithmetic."""


@dataclass(frozen=True)
class Prune(Phase):
    """Set the smallest weights of each large layer to zero and train the rest.

    Attributes:
        sparsity: share of zeros at the end. It rises along a polynomial during the first half of the steps, but for
            a ``pattern``, which is set at the first step.
        pattern: (2, 4): at least 2 zeros in every group of 4 neighbouring input channels; None: zeros anywhere.
        technique: name of the phase.
    """

    sparsity: float
    pattern: tuple[int, int] | None = None
    technique: str = field(default="prune", init=False)

    def prepare(self, network: Any, tuning: Tuning, steps: int, digits: NDArray[np.float32]) -> Wrapped:
        """See :meth:`Phase.prepare` (M. Zhu, S. Gupta, "To prune, or not to prune", 2017)."""
        from edgedigits.core.keras.optimization import tfmot
        from edgedigits.quantize.tuning.wrapped import Wrapped, copied, large_layers, rebuilt

        sparsity = tfmot.sparsity.keras
        large = large_layers(network, tuning.least_weights, self.pattern[1] if self.pattern else 1)
        every = max(1, steps * self.epochs // 2 // _UPDATES)
        end = max(1, steps * self.epochs // 2 // every) * every  # a multiple, or the last share is never reached
        if self.pattern:
            settings = {"pruning_schedule": sparsity.ConstantSparsity(0.5, 0), "sparsity_m_by_n": self.pattern}
        else:
            rise = sparsity.PolynomialDecay(0.0, self.sparsity, 0, end, frequency=every)
            settings = {"pruning_schedule": rise}
        model = rebuilt(
            network, lambda layer: sparsity.prune_low_magnitude(layer, **settings) if layer.name in large else layer
        )
        return Wrapped(
            model,
            lambda: copied(sparsity.strip_pruning(model)),
            (sparsity.UpdatePruningStep(),),
            0 if self.pattern else end // steps,
        )

    def check(self, path: Path, layers: Sequence[LayerWeights], tuning: Tuning) -> dict[str, Any]:
        """See :meth:`Phase.check`: the share of zeros of each large layer."""
        group = self.pattern[1] if self.pattern else 1
        large = large_weights(path, layers, tuning.least_weights, group)
        for layer in large:
            if self.pattern and (bad := crowded_groups(layer.zeros, self.pattern)):
                few = f"groups of {group} weights with less than {self.pattern[0]} zeros"
                raise EdgedigitsError(f"{path.name}: {layer.layer} has {bad} {few}", RETUNE)
            if not self.pattern and layer.sparsity < self.sparsity - _ROUNDED_AWAY:
                zero = f"{layer.sparsity:.1%} of the weights of {layer.layer} are zero, not {self.sparsity:.0%}"
                raise EdgedigitsError(f"{path.name}: {zero}", RETUNE)
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
    import numpy as np

    fewest, size = pattern
    rest = -zeros.shape[-1] % size
    padded = np.pad(zeros, [(0, 0)] * (zeros.ndim - 1) + [(0, rest)], constant_values=True)
    return int((padded.reshape(-1, size).sum(axis=1) < fewest).sum())
