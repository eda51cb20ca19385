"""Quantization-aware training of layers whose weights share a few trained values, a codebook.

tensorflow-model-optimization clusters float weights first and rounds afterwards. Here both happen in each step: a
weight becomes the nearest of its layer's values, that one an int8 number with one scale a layer. Weights are trained
through both roundings as if there were none (Y. Bengio, N. Léonard, A. Courville, "Estimating or Propagating Gradients
Through Stochastic Neurons for Conditional Computation", 2013), so that a weight may come to another value; a value's
gradient is the sum of its weights' (S. Han, H. Mao, W. Dally, "Deep Compression", 2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.keras.optimization import tfmot
from edgedigits.quantize.tuning.kept_clusters import KeptClustersConfig

_quantizers = tfmot.quantization.keras.quantizers
_ROUNDS = 30


class Codebook(_quantizers.LastValueQuantizer):  # type: ignore[misc,name-defined]
    """Brings each weight to the nearest of its layer's values, and these to int8 with one scale a layer."""

    def __init__(self, size: int) -> None:
        """Share ``size`` values in each layer."""
        super().__init__(num_bits=8, per_axis=False, symmetric=True, narrow_range=True)
        self._size = size

    def build(self, tensor_shape: Any, name: str, layer: Any) -> dict[str, Any]:
        """Begin with the values that fit the weights best which the layer has now."""
        values = best_values(getattr(layer.layer, name).numpy(), self._size)
        start = keras.initializers.Constant(values)
        own = {"values": layer.add_weight(f"{name}_values", shape=values.shape, initializer=start)}
        ranges: dict[str, Any] = super().build(tensor_shape, name, layer)
        return ranges | own

    def __call__(self, inputs: Any, training: bool, weights: dict[str, Any], **others: Any) -> Any:
        """The shared, rounded weights."""
        values = tf.sort(weights["values"])
        nearest = tf.searchsorted((values[1:] + values[:-1]) / 2, tf.reshape(inputs, (-1,)))
        shared = tf.reshape(tf.gather(values, nearest), tf.shape(inputs))
        passed = shared + inputs - tf.stop_gradient(inputs)
        return super().__call__(passed, training, weights, **others)

    def get_config(self) -> dict[str, Any]:
        """How many values."""
        return {"size": self._size}


class CodebookConfig(KeptClustersConfig):
    """Kernel by :class:`Codebook`, activation as tensorflow-model-optimization rounds it by default."""

    def __init__(self, size: int) -> None:
        """Share ``size`` values in each layer."""
        self._size = size

    def _quantizer(self) -> Any:
        return Codebook(self._size)

    def get_config(self) -> dict[str, Any]:
        """How many values."""
        return {"size": self._size}


def best_values(weights: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """At most ``size`` numbers with a small mean square distance to their nearest weights, in their order.

    S. Lloyd, "Least squares quantization in PCM", 1982, from evenly spaced quantiles.

    Args:
        weights: float32 of any shape.
        size: at least 2.
    """
    flat = np.sort(weights, axis=None).astype(np.float64)
    values = np.quantile(flat, (np.arange(size) + 0.5) / size)
    for _ in range(_ROUNDS):
        nearest = np.searchsorted((values[1:] + values[:-1]) / 2, flat)
        count = np.bincount(nearest, minlength=size)
        total = np.bincount(nearest, weights=flat, minlength=size)
        values = np.where(count, total / np.maximum(count, 1), values)
    return np.sort(values).astype(np.float32)
