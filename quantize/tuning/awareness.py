"""Quantization-aware training with tensorflow-model-optimization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.quantize.tuning.budget import RETUNE, Phase, Tuning

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgedigits.quantize.tuning.wrapped import Wrapped
    from edgedigits.quantize.weights import LayerWeights


@dataclass(frozen=True)
class QuantizeAware(Phase):
    """Train while weights and activations are rounded as int8 will round them.

    Attributes:
        keep_clusters: weights of a large layer that share a value go on sharing one, and zeros stay zero.
        technique: name of the phase.
    """

    keep_clusters: bool = False
    technique: str = field(default="quantize-aware", init=False)

    def prepare(self, network: Any, tuning: Tuning, steps: int, digits: NDArray[np.float32]) -> Wrapped:
        """See :meth:`Phase.prepare`."""
        from edgedigits.quantize.tuning.measured_ranges import quantize_aware

        return quantize_aware(network, self, tuning, digits)

    def check(self, path: Path, layers: Sequence[LayerWeights], tuning: Tuning) -> dict[str, Any]:
        """See :meth:`Phase.check`: the layers whose weights training has rounded."""
        blind = [layer.layer for layer in layers if not layer.rounded_in_training]
        if blind:
            raise EdgedigitsError(f"{path.name}: training has not rounded the weights of {blind[0]}", RETUNE)
        return {"rounded_in_training": [layer.layer for layer in layers]}
