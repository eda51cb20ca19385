"""Weight sharing with tensorflow-model-optimization."""

from __future__ import annotations

from typing import Any

from tensorflow_model_optimization.python.core.clustering.keras.experimental.cluster import cluster_weights

from edgedigits.core.keras.optimization import tfmot
from edgedigits.quantize.tuning.budget import Cluster, Tuning
from edgedigits.quantize.tuning.wrapped import Wrapped, copied, large_layers, rebuilt

_START = tfmot.clustering.keras.CentroidInitialization.KMEANS_PLUS_PLUS


def clustered(network: Any, phase: Cluster, tuning: Tuning) -> Wrapped:
    """Prepare weight clustering (S. Han, H. Mao, W. Dally, "Deep Compression", 2016).

    Args:
        network: as it infers; it stays as it is.
        phase: how many values, and whether zeros stay.
        tuning: which layers are large enough.

    Raises:
        EdgedigitsError: no layer is large enough.
    """
    large = large_layers(network, max(tuning.least_weights, phase.clusters))

    def wrap(layer: Any) -> Any:
        if layer.name not in large:
            return layer
        return cluster_weights(layer, phase.clusters, _START, preserve_sparsity=phase.keep_zeros)

    model = rebuilt(network, wrap)
    return Wrapped(model, lambda: copied(tfmot.clustering.keras.strip_clustering(model)))
