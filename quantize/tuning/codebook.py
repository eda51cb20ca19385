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
    """Brings each weight to the nearest of its layer's values, and these to int8 with one scale a layer.

    Near the middle between two values a weight goes to and fro until the end, and batches decide which one it ends at
    (M. Nagel et al., "Overcoming Oscillations in Quantization-Aware Training", 2022). Once :func:`settle` was called,
    weights keep their values, and only these are trained.
    """

    def __init__(self, size: int) -> None:
        """Share ``size`` values in each layer."""
        super().__init__(num_bits=8, per_axis=False, symmetric=True, narrow_range=True)
        self._size = size

    def build(self, tensor_shape: Any, name: str, layer: Any) -> dict[str, Any]:
        """Begin with the values that fit the weights best which the layer has now."""
        values = best_values(getattr(layer.layer, name).numpy(), self._size)
        start = keras.initializers.Constant(values)
        zeros = keras.initializers.Zeros()
        own = {
            "values": layer.add_weight(f"{name}_values", shape=values.shape, initializer=start),
            "places": layer.add_weight(
                f"{name}_places", shape=tensor_shape, dtype=tf.int32, initializer=zeros, trainable=False
            ),
            "settled": layer.add_weight(f"{name}_settled", shape=(), dtype=tf.bool, initializer=zeros, trainable=False),
        }
        ranges: dict[str, Any] = super().build(tensor_shape, name, layer)
        return ranges | own

    def __call__(self, inputs: Any, training: bool, weights: dict[str, Any], **others: Any) -> Any:
        """The shared, rounded weights."""
        values, settled = weights["values"], weights["settled"]
        places = tf.cond(settled, lambda: tf.identity(weights["places"]), lambda: _nearest(inputs, tf.sort(values)))
        shared = tf.gather(tf.where(settled, values, tf.sort(values)), places)
        passed = shared + inputs - tf.stop_gradient(inputs)
        return super().__call__(passed, training, weights, **others)

    def get_config(self) -> dict[str, Any]:
        """How many values."""
        return {"size": self._size}


def _nearest(weights: Any, values: Any) -> Any:
    """Which of the values, in their order, each weight is nearest to, int32 of its shape."""
    return tf.reshape(tf.searchsorted((values[1:] + values[:-1]) / 2, tf.reshape(weights, (-1,))), tf.shape(weights))


def settle(model: Any) -> None:
    """Let the weights of each layer with a codebook keep the values that they have now."""
    for layer in model.layers:
        own = {variable.name.split("/")[-1].split(":")[0]: variable for variable in layer.weights}
        for name in [name.removesuffix("_settled") for name in own if name.endswith("_settled")]:
            values = np.sort(own[f"{name}_values"].numpy())
            own[f"{name}_values"].assign(values)
            own[f"{name}_places"].assign(_nearest(own[name], tf.constant(values)))
            own[f"{name}_settled"].assign(True)


class Settling(keras.callbacks.Callback):  # type: ignore[misc]
    """Calls :func:`settle` before an epoch."""

    def __init__(self, epoch: int) -> None:
        """Before the epoch of that number, counted from 0."""
        super().__init__()
        self._epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Settle where it is time."""
        if epoch == self._epoch:
            settle(self.model)


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
