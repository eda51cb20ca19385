"""Quantization-aware training of layers whose weights share a few trained values, a codebook.

tensorflow-model-optimization clusters float weights first and rounds afterwards. Here both happen in each step: a
weight becomes the nearest of its layer's values, that one an int8 number with one scale a layer. Weights are trained
through both roundings as if there were none (Y. Bengio, N. Léonard, A. Courville, "Estimating or Propagating Gradients
Through Stochastic Neurons for Conditional Computation", 2013), so that a weight may come to another value; a value's
gradient is the sum of its weights' (S. Han, H. Mao, W. Dally, "Deep Compression", 2016).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.keras.optimization import tfmot
from edgedigits.quantize.tuning.kept_clusters import KeptClustersConfig

_quantizers = tfmot.quantization.keras.quantizers
_ROUNDS = 30
_MOST = 127


class CommonValues:
    """Values that all layers of a network share, each layer times a factor of its own.

    Tables are then one. In the smallest networks they take as many bytes as a layer of weights does.
    """

    def __init__(self, kernels: Sequence[NDArray[np.float32]], size: int) -> None:
        """Begin with ``size`` values that fit best what layers have, each brought to a root mean square of 1."""
        alike = [kernel.ravel() / _root_mean_square(kernel) for kernel in kernels]
        self._start = best_values(np.concatenate(alike), size)
        self._variable: Any = None

    def variable(self, layer: Any) -> Any:
        """The values, float32 of shape (size,), a weight of the first layer that asks."""
        if self._variable is None:
            start = keras.initializers.Constant(self._start)
            self._variable = layer.add_weight("common_values", shape=self._start.shape, initializer=start)
        return self._variable

    def factor(self, kernel: NDArray[np.float32]) -> float:
        """By what the values fit a layer's weights, to a small mean square distance."""
        factor = _root_mean_square(kernel)
        for _ in range(_ROUNDS):
            middles = factor * (self._start[1:] + self._start[:-1]) / 2
            near = self._start[np.searchsorted(middles, kernel.ravel())]
            factor = float(np.dot(near, kernel.ravel()) / max(np.dot(near, near), 1e-12))
        return factor


class Codebook(_quantizers.LastValueQuantizer):  # type: ignore[misc,name-defined]
    """Brings each weight to the nearest of its layer's values, and these to int8 with one scale a layer.

    Near the middle between two values a weight goes to and fro until the end, and batches decide which one it ends at
    (M. Nagel et al., "Overcoming Oscillations in Quantization-Aware Training", 2022). Once :func:`settle` was called,
    weights keep their values, and only these are trained.
    """

    def __init__(self, size: int, common: CommonValues | None = None) -> None:
        """Share ``size`` values in each layer, or those of all layers."""
        super().__init__(num_bits=8, per_axis=False, symmetric=True, narrow_range=True)
        self._size, self._common = size, common

    def build(self, tensor_shape: Any, name: str, layer: Any) -> dict[str, Any]:
        """Begin with the values that fit the weights best which the layer has now."""
        kernel = getattr(layer.layer, name).numpy()
        zeros = keras.initializers.Zeros()
        own = self._shared(kernel, name, layer) | {
            "places": layer.add_weight(
                f"{name}_places", shape=tensor_shape, dtype=tf.int32, initializer=zeros, trainable=False
            ),
            "settled": layer.add_weight(f"{name}_settled", shape=(), dtype=tf.bool, initializer=zeros, trainable=False),
        }
        ranges: dict[str, Any] = super().build(tensor_shape, name, layer)
        return ranges | own

    def _shared(self, kernel: NDArray[np.float32], name: str, layer: Any) -> dict[str, Any]:
        constant = keras.initializers.Constant
        if self._common is None:
            values = best_values(kernel, self._size)
            return {"values": layer.add_weight(f"{name}_values", shape=values.shape, initializer=constant(values))}
        factor = constant(self._common.factor(kernel))
        return {
            "values": self._common.variable(layer),
            "factor": layer.add_weight(f"{name}_factor", shape=(), initializer=factor),
        }

    def __call__(self, inputs: Any, training: bool, weights: dict[str, Any], **others: Any) -> Any:
        """The shared, rounded weights."""
        values, settled = _values(weights), weights["settled"]
        places = tf.cond(settled, lambda: tf.identity(weights["places"]), lambda: _nearest(inputs, tf.sort(values)))
        shared = tf.gather(tf.where(settled, values, tf.sort(values)), places)
        passed = shared + inputs - tf.stop_gradient(inputs)
        if self._common is None:
            return super().__call__(passed, training, weights, **others)
        low, high = weights["min_var"], weights["max_var"]
        if training:  # not every layer has the largest value
            most = tf.stop_gradient(tf.reduce_max(tf.abs(values)))
            low, high = low.assign(-most), high.assign(most)
        return tf.quantization.fake_quant_with_min_max_vars(passed, low, high, num_bits=8, narrow_range=True)

    def settle(self, kernel: Any, weights: dict[str, Any]) -> None:
        """Let the weights of a layer keep the values that they have now."""
        weights["values"].assign(tf.sort(weights["values"]))
        weights["places"].assign(_nearest(kernel, _values(weights)))
        weights["settled"].assign(True)

    def finish(self, weights: dict[str, Any]) -> None:
        """Bring common values to the int8 numbers that they are in every layer, and the layer's scale to theirs."""
        if self._common is None:
            return
        values = weights["values"]
        most = tf.reduce_max(tf.abs(values))
        values.assign(tf.round(values / most * _MOST) / _MOST * most)
        weights["min_var"].assign(-most * weights["factor"])
        weights["max_var"].assign(most * weights["factor"])

    def get_config(self) -> dict[str, Any]:
        """How many values, and those of all layers."""
        return {"size": self._size, "common": self._common}


def _values(weights: dict[str, Any]) -> Any:
    """What a layer's weights may be, float32 of shape (size,)."""
    return weights["values"] * weights["factor"] if "factor" in weights else tf.identity(weights["values"])


def _root_mean_square(kernel: NDArray[np.float32]) -> float:
    return max(float(np.sqrt(np.mean(np.square(kernel)))), 1e-12)


def _nearest(weights: Any, values: Any) -> Any:
    """Which of the values, in their order, each weight is nearest to, int32 of its shape."""
    return tf.reshape(tf.searchsorted((values[1:] + values[:-1]) / 2, tf.reshape(weights, (-1,))), tf.shape(weights))


def settle(model: Any) -> None:
    """Let the weights of each layer with a codebook keep the values that they have now."""
    for kernel, quantizer, weights in _coded(model):
        quantizer.settle(kernel, weights)


def finish(model: Any) -> Any:
    """The trained model, its values as they will stand in the file."""
    for _, quantizer, weights in _coded(model):
        quantizer.finish(weights)
    return model


def _coded(model: Any) -> Iterator[tuple[Any, Codebook, dict[str, Any]]]:
    """Kernel, quantizer and its variables of each layer with a codebook."""
    for layer in model.layers:
        for kernel, quantizer, weights in getattr(layer, "_weight_vars", ()):
            if isinstance(quantizer, Codebook):
                yield kernel, quantizer, weights


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

    def __init__(self, size: int, common: CommonValues | None = None) -> None:
        """Share ``size`` values in each layer, or those of all layers."""
        self._size, self._common = size, common

    def _quantizer(self) -> Any:
        return Codebook(self._size, self._common)

    def get_config(self) -> dict[str, Any]:
        """How many values, and those of all layers."""
        return {"size": self._size, "common": self._common}


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
