"""Channels of like size: what layers pass on to each other is scaled so that weights of a layer share values well.

Batch normalization, once it is folded, leaves channels in a layer that differ twentyfold, and sixteen values for all of
them fit none. What ReLU passes on may be scaled: a channel of a layer divided by a factor, the weights of the next
layer that take it multiplied by it, and the network computes the same. After M. Nagel et al., "Data-Free Quantization
Through Weight Equalization and Bias Correction" (2019), who go by the largest weight of a channel; here it is the root
mean square, as the values of a codebook are many and lie where the weights are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.keras.backend import keras
from edgedigits.quantize.tuning.folding import only_taker
from edgedigits.quantize.tuning.wrapped import copied, kernel_of

_layers = keras.layers
_WEIGHTED = (_layers.Conv2D, _layers.DepthwiseConv2D, _layers.Dense)
_PASSING = (
    *(_layers.MaxPooling2D, _layers.AveragePooling2D, _layers.GlobalAveragePooling2D, _layers.GlobalMaxPooling2D),
    *(_layers.ZeroPadding2D, _layers.Cropping2D, _layers.Dropout),
)
"""Layers that give twice as much for twice as much, each channel by itself."""
_HOMOGENEOUS = (keras.activations.linear, keras.activations.relu)
_ROUNDS = 30


def equalized(network: Any) -> Any:
    """A copy that computes the same, the weights of each layer's channels as large as one another where that is free.

    Args:
        network: as it infers; it stays as it is. Pairs of layers are left as they are where something lies between them
            that does not pass factors on, such as an addition.
    """
    copy = copied(network)
    pairs = [(layer, after) for layer in copy.layers if (after := _next_weighted(layer)) is not None]
    weights = {layer.name: layer.get_weights() for pair in pairs for layer in pair}
    for _ in range(_ROUNDS):
        for first, second in pairs:
            _balance(first, second, weights)
    for pair in pairs:
        for layer in pair:
            layer.set_weights(weights[layer.name])
    return copy


def _next_weighted(layer: Any) -> Any:
    """The one layer with weights that alone takes what a layer gives, channel for channel; None where there is none."""
    if not _is_plain(layer) or layer.activation not in _HOMOGENEOUS:
        return None
    taker = only_taker(layer)
    while type(taker) in _PASSING:
        taker = only_taker(taker)
    return taker if taker is not None and _is_plain(taker) else None


def _is_plain(layer: Any) -> bool:
    """Whether each of a layer's weights takes one channel in and belongs to one channel out."""
    return type(layer) in _WEIGHTED and getattr(layer, "groups", 1) == 1 and getattr(layer, "depth_multiplier", 1) == 1


def _balance(first: Any, second: Any, weights: dict[str, list[NDArray[np.float32]]]) -> None:
    """Let each channel be as large in the weights that make it as in those that take it."""
    made, taken = weights[first.name], weights[second.name]
    given, received = _size(made[0], _channel_out(first)), _size(taken[0], _channel_in(second))
    factor = np.sqrt(np.divide(given, received, out=np.ones_like(given), where=(given > 0) & (received > 0)))
    made[0] = made[0] / _along(factor, made[0], _channel_out(first))
    if len(made) > 1:
        made[1] = made[1] / factor
    taken[0] = taken[0] * _along(factor, taken[0], _channel_in(second))


def _channel_out(layer: Any) -> int:
    """Axis of a kernel on which the channels lie that it makes."""
    return int(kernel_of(layer).shape.rank) - (2 if isinstance(layer, _layers.DepthwiseConv2D) else 1)


def _channel_in(layer: Any) -> int:
    """Axis of a kernel on which the channels lie that it takes."""
    return int(kernel_of(layer).shape.rank) - 2


def _size(kernel: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Root mean square of each channel's weights, float32 of shape (channels,)."""
    others = tuple(one for one in range(kernel.ndim) if one != axis)
    size: NDArray[np.float32] = np.sqrt(np.mean(np.square(kernel), axis=others))
    return size


def _along(factor: NDArray[np.float32], kernel: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    return factor.reshape([-1 if one == axis else 1 for one in range(kernel.ndim)])
