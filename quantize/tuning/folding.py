"""The network as it infers: batch normalization and ReLU are part of the layer before them, dropout and decay are gone.

Fine-tuning starts from this form. What it prunes, clusters or rounds are then the very numbers that stand in the
TFLite file; the converter would fold the normalization only afterwards, and multiply weights that share a value by
factors that differ from channel to channel. And where a ReLU layer follows, tensorflow-model-optimization 0.8.1 does
not round the weights in quantization-aware training (its transform LayerReLUQuantize); where the layer itself ends in
the activation it does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras
from edgedigits.core.keras.graphs import is_graph

_layers = keras.layers
_TAKES_FACTORS = (_layers.Conv2D, _layers.DepthwiseConv2D, _layers.Dense)
_TRAINING_ONLY = (
    *(_layers.Dropout, _layers.SpatialDropout2D, _layers.GaussianDropout, _layers.GaussianNoise),
    *(_layers.AlphaDropout, _layers.ActivityRegularization, _layers.RandomFlip, _layers.RandomTranslation),
    *(_layers.RandomRotation, _layers.RandomZoom, _layers.RandomContrast, _layers.RandomBrightness),
)


def as_it_infers(model: Any, left_out: tuple[str, ...] = ()) -> Any:
    """A new network that computes what ``model(digits, training=False)`` computes, without what only training needs.

    Args:
        model: a functional or sequential tf_keras model; it stays as it is.
        left_out: names of layers with one input that are left out, too.

    Raises:
        EdgedigitsError: it is neither functional nor sequential.
    """
    if not is_graph(model):
        raise EdgedigitsError(
            f"{model.name} is no functional or sequential network", "build it with keras.Sequential or keras.Model"
        )
    model = keras.Model(model.inputs, model.outputs, name=model.name)  # a Sequential hides its first layer
    normalizations = {layer.name: after for layer in model.layers if (after := _normalization_after(layer))}
    relus = {}
    for layer in model.layers:
        last = normalizations.get(layer.name, layer)
        if _is_linear(layer) and (after := only_taker(last)) is not None and _is_relu(after):
            relus[layer.name] = after
    gone = {layer.name for layer in model.layers if isinstance(layer, _TRAINING_ONLY)} | set(left_out)
    gone |= {layer.name for layer in (*normalizations.values(), *relus.values())}
    bare = keras.Model.from_config(_config(model, gone, set(normalizations), set(relus)))
    for layer in bare.layers:
        original = model.get_layer(layer.name)
        after = normalizations.get(layer.name)
        layer.set_weights(_folded(original, after) if after else original.get_weights())
    return bare


def _is_linear(layer: Any) -> bool:
    return type(layer) in _TAKES_FACTORS and layer.activation is keras.activations.linear


def _is_relu(layer: Any) -> bool:
    if type(layer) is _layers.Activation:
        return bool(layer.activation is keras.activations.relu)
    return type(layer) is _layers.ReLU and layer.max_value is None and not layer.negative_slope and not layer.threshold


def only_taker(layer: Any) -> Any:
    """The one layer that takes what ``layer`` gives; None where several do or none."""
    takers = [node.outbound_layer for node in layer._outbound_nodes]
    return takers[0] if len(takers) == 1 else None


def _normalization_after(layer: Any) -> Any:
    """The batch normalization over channels that alone takes what a linear layer gives, or None."""
    taker = only_taker(layer) if _is_linear(layer) else None
    if not isinstance(taker, _layers.BatchNormalization) or tuple(taker.axis) != (len(layer.output_shape) - 1,):
        return None
    return taker


def _folded(layer: Any, normalization: Any) -> list[NDArray[np.float32]]:
    """Kernel and bias of a layer that normalizes: kernel * f and (bias - mean) * f + beta, f = gamma / deviation."""
    kernel, *bias = layer.get_weights()
    mean, variance = normalization.moving_mean.numpy(), normalization.moving_variance.numpy()
    factor = 1 / np.sqrt(variance + normalization.epsilon)
    if normalization.scale:
        factor = factor * normalization.gamma.numpy()
    shift = ((bias[0] if bias else 0) - mean) * factor
    if normalization.center:
        shift = shift + normalization.beta.numpy()
    channels = kernel.shape[-2:] if type(layer) is _layers.DepthwiseConv2D else kernel.shape[-1:]
    return [kernel * factor.reshape(channels), shift]


def _config(model: Any, gone: set[str], with_bias: set[str], with_relu: set[str]) -> dict[str, Any]:
    """The configuration of a functional model without the layers in ``gone``."""
    config: dict[str, Any] = model.get_config()
    layers = {layer["name"]: layer for layer in config["layers"]}

    def source(place: list[Any]) -> list[Any]:
        while place[0] in gone:
            (place,) = layers[place[0]]["inbound_nodes"][place[1]]
        return place

    for layer in layers.values():
        layer["inbound_nodes"] = [
            [[*source(place)[:3], *place[3:]] for place in node] for node in layer["inbound_nodes"]
        ]
        if layer["name"] in with_bias:
            layer["config"]["use_bias"] = True
        if layer["name"] in with_relu:
            layer["config"]["activation"] = "relu"
        for name in [name for name in layer["config"] if name.endswith("_regularizer")]:
            layer["config"][name] = None
    config["output_layers"] = [source(place)[:3] for place in config["output_layers"]]
    config["layers"] = [layer for name, layer in layers.items() if name not in gone]
    return config
