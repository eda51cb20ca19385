"""tensorflow-model-optimization, loaded after TensorFlow has been told which Keras it wants."""

from __future__ import annotations

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import tf

try:
    import tensorflow_model_optimization as tfmot
    from tensorflow_model_optimization.python.core.clustering.keras.experimental.cluster import cluster_weights
except ImportError as error:
    raise EdgedigitsError(
        f"tensorflow-model-optimization cannot be loaded beside TensorFlow {tf.__version__} ({error})",
        'pip install "edgedigits[train]"',
    ) from error

__all__ = ["cluster_weights", "tfmot"]
