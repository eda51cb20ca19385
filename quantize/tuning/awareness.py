"""Quantization-aware training with tensorflow-model-optimization."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.quantize.tuning.budget import RETUNE, Phase, Tuning, distinct_weights

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
        from edgedigits.quantize.tuning.kept_clusters import KeptClustersConfig
        from edgedigits.quantize.tuning.measured_ranges import quantize_aware
        from edgedigits.quantize.tuning.wrapped import large_layers

        if not self.keep_clusters:
            return quantize_aware(network, digits)
        return quantize_aware(network, digits, large_layers(network, tuning.least_weights), KeptClustersConfig)

    def check(self, path: Path, layers: Sequence[LayerWeights], tuning: Tuning) -> dict[str, Any]:
        """See :meth:`Phase.check`: the layers whose weights training has rounded."""
        blind = [layer.layer for layer in layers if not layer.rounded_in_training]
        if blind:
            raise EdgedigitsError(f"{path.name}: training has not rounded the weights of {blind[0]}", RETUNE)
        return {"rounded_in_training": [layer.layer for layer in layers]}


@dataclass(frozen=True)
class ShareCodebook(QuantizeAware):
    """Likewise, while the weights of each large layer share a few values: which values, and which weight has which.

    Attributes:
        size: values that a layer may have.
        common: whether all layers share them, each times a factor of its own.
        settled: share of the epochs, the last ones, in which each weight keeps its value; its epoch is one of these.
        technique: name of the phase.
    """

    size: int = 16
    common: bool = False
    settled: float = 0.3
    technique: str = field(default="codebook", init=False)

    def prepare(self, network: Any, tuning: Tuning, steps: int, digits: NDArray[np.float32]) -> Wrapped:
        """See :meth:`Phase.prepare`."""
        from edgedigits.quantize.tuning.codebook import CodebookConfig, CommonValues, Settling, finish
        from edgedigits.quantize.tuning.equalizing import equalized
        from edgedigits.quantize.tuning.measured_ranges import quantize_aware
        from edgedigits.quantize.tuning.wrapped import kernel_of, large_layers

        network = equalized(network)
        large = large_layers(network, tuning.least_weights, depthwise=True)
        common = None
        if self.common:
            kernels = [kernel_of(layer).numpy() for layer in network.layers if layer.name in large]
            common = CommonValues(kernels, self.size)
        wrapped = quantize_aware(network, digits, large, lambda: CodebookConfig(self.size, common))
        first = self.epochs - math.ceil(self.settled * self.epochs)
        return replace(wrapped, finish=lambda: finish(wrapped.model), callbacks=(Settling(first),), first=first)

    def check(self, path: Path, layers: Sequence[LayerWeights], tuning: Tuning) -> dict[str, Any]:
        """See :meth:`Phase.check`: what training has rounded, and the different weights of each large layer."""
        large = [layer for layer in layers if layer.values.size >= tuning.least_weights]
        shared = distinct_weights(path, large, self.size)
        together = len({int(value) for layer in large for value in layer.values.flat})
        if self.common and together > self.size:
            raise EdgedigitsError(f"{path.name} has {together} different weights, not {self.size}", RETUNE)
        return super().check(path, layers, tuning) | shared
