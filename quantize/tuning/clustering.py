"""Weight sharing with tensorflow-model-optimization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedigits.quantize.tuning.budget import Phase, Tuning, distinct_weights, large_weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgedigits.quantize.tuning.wrapped import Wrapped
    from edgedigits.quantize.weights import LayerWeights


@dataclass(frozen=True)
class Cluster(Phase):
    """Let the weights of each large layer share a few values, and train values and shares.

    Attributes:
        clusters: values that a layer may have.
        keep_zeros: weights that are zero stay zero, and zero is one of the values.
        technique: name of the phase.
    """

    clusters: int
    keep_zeros: bool = False
    technique: str = field(default="cluster", init=False)

    def prepare(self, network: Any, tuning: Tuning, steps: int, digits: NDArray[np.float32]) -> Wrapped:
        """See :meth:`Phase.prepare` (S. Han, H. Mao, W. Dally, "Deep Compression", 2016)."""
        from edgedigits.core.keras.optimization import cluster_weights, tfmot
        from edgedigits.quantize.tuning.wrapped import Wrapped, copied, large_layers, rebuilt

        clustering = tfmot.clustering.keras
        start = clustering.CentroidInitialization.KMEANS_PLUS_PLUS
        large = large_layers(network, max(tuning.least_weights, self.clusters))

        def wrap(layer: Any) -> Any:
            if layer.name not in large:
                return layer
            return cluster_weights(layer, self.clusters, start, preserve_sparsity=self.keep_zeros)

        model = rebuilt(network, wrap)
        return Wrapped(model, lambda: copied(clustering.strip_clustering(model)))

    def check(self, path: Path, layers: Sequence[LayerWeights], tuning: Tuning) -> dict[str, Any]:
        """See :meth:`Phase.check`: the different weights of each large layer."""
        large = large_weights(path, layers, max(tuning.least_weights, self.clusters))
        return distinct_weights(path, large, self.clusters)
