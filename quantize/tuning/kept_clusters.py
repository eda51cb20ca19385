"""Quantization-aware training of weights that share values, which go on sharing them.

tensorflow-model-optimization has a scheme for this, Default8BitClusterPreserveQuantizeScheme. But it rounds a
convolution channel by channel, so that what was one value becomes another int8 number in every channel and compression
finds nothing; it may let each channel have values of its own; and its one quantizer for all layers stops keeping zeros
after the first layer without any. This one has one value and one int8 number for all weights of a cluster.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.keras.optimization import tfmot
from edgedigits.quantize.tuning.wrapped import kernel_of

_quantizers = tfmot.quantization.keras.quantizers


class KeptClusters(_quantizers.LastValueQuantizer):  # type: ignore[misc,name-defined]
    """Rounds weights to int8 with one scale a layer; trains the values of the clusters, not who belongs to them."""

    def __init__(self) -> None:
        super().__init__(num_bits=8, per_axis=False, symmetric=True, narrow_range=True)

    def build(self, tensor_shape: Any, name: str, layer: Any) -> dict[str, Any]:
        """Find the clusters in the weights that the layer has now."""
        values, members = np.unique(getattr(layer.layer, name).numpy(), return_inverse=True)
        centroids = layer.add_weight(
            f"{name}_centroids", shape=values.shape, initializer=keras.initializers.Constant(values)
        )
        own = {
            "centroids": centroids,
            "trained": (values != 0).astype(np.float32),
            "members": members.reshape(tensor_shape).astype(np.int32),
        }
        ranges: dict[str, Any] = super().build(tensor_shape, name, layer)
        return ranges | own

    def __call__(self, _inputs: Any, training: bool, weights: dict[str, Any], **others: Any) -> Any:
        """The rounded weights."""
        shared = tf.gather(weights["centroids"] * weights["trained"], weights["members"])
        return super().__call__(shared, training, weights, **others)

    def get_config(self) -> dict[str, Any]:
        """Nothing: there are no settings."""
        return {}


class KeptClustersConfig(tfmot.quantization.keras.QuantizeConfig):  # type: ignore[misc]
    """Kernel by :class:`KeptClusters`, activation as tensorflow-model-optimization rounds it by default."""

    def get_weights_and_quantizers(self, layer: Any) -> list[tuple[Any, Any]]:
        """The kernel."""
        return [(kernel_of(layer), self._quantizer())]

    def _quantizer(self) -> Any:
        return KeptClusters()

    def get_activations_and_quantizers(self, layer: Any) -> list[tuple[Any, Any]]:
        """The activation."""
        average = _quantizers.MovingAverageQuantizer(num_bits=8, per_axis=False, symmetric=False, narrow_range=False)
        return [(layer.activation, average)]

    def set_quantize_weights(self, layer: Any, quantize_weights: list[Any]) -> None:
        """Compute with the rounded kernel."""
        name = "depthwise_kernel" if isinstance(layer, keras.layers.DepthwiseConv2D) else "kernel"
        setattr(layer, name, quantize_weights[0])

    def set_quantize_activations(self, layer: Any, quantize_activations: list[Any]) -> None:
        """Compute with the rounded activation."""
        layer.activation = quantize_activations[0]

    def get_output_quantizers(self, _layer: Any) -> list[Any]:
        """None: the activation is rounded already."""
        return []

    def get_config(self) -> dict[str, Any]:
        """Nothing: there are no settings."""
        return {}
