"""A network prepared for one phase of fine-tuning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras

_KINDS = (keras.layers.Conv2D, keras.layers.Dense)


@dataclass(frozen=True)
class Wrapped:
    """A network prepared for one phase.

    Attributes:
        model: to train.
        finish: called after training, gives the network of the next phase or of the conversion.
        callbacks: that training needs.
        first: the first epoch, counted from 0, whose weights are what the phase promises.
    """

    model: Any
    finish: Callable[[], Any]
    callbacks: tuple[Any, ...] = ()
    first: int = 0


def large_layers(model: Any, least: int, channels: int = 1, depthwise: bool = False) -> frozenset[str]:
    """Names of the convolutions and dense layers that are worth pruning or clustering.

    Depthwise convolutions are not: they hold few weights, each of which matters (the registries of
    tensorflow-model-optimization leave them out too).

    Args:
        model: as it infers.
        least: weights that a layer must have.
        channels: input channels that it must have.
        depthwise: take depthwise convolutions all the same.

    Raises:
        EdgedigitsError: no layer has as many.
    """
    kinds = (*_KINDS, keras.layers.DepthwiseConv2D) if depthwise else _KINDS
    names = [
        layer.name for layer in model.layers if type(layer) in kinds and _is_large(kernel_of(layer), least, channels)
    ]
    if not names:
        raise EdgedigitsError(
            f"no convolution or dense layer of {model.name} has {least} weights and {channels} input channels",
            "take a recipe that neither prunes nor clusters, or a larger network",
        )
    return frozenset(names)


def kernel_of(layer: Any) -> Any:
    """The variable of a convolution's or a dense layer's weights."""
    return layer.depthwise_kernel if isinstance(layer, keras.layers.DepthwiseConv2D) else layer.kernel


def _is_large(kernel: Any, least: int, channels: int) -> bool:
    return bool(kernel.shape.num_elements() >= least and kernel.shape[-2] >= channels)


def copied(network: Any) -> Any:
    """The same network with layers and weights of its own."""
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def rebuilt(network: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of a network with weights of its own, each layer passed through ``change``."""
    return keras.models.clone_model(copied(network), clone_function=change)
