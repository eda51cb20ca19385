"""Networks within networks, such as a block of augmentation or a base that was trained before, as one row of layers."""

from __future__ import annotations

from typing import Any

from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.keras.graphs import is_graph


def flattened(model: Any) -> Any:
    """A network without networks in it that computes the same; the model itself where there are none.

    Args:
        model: a functional or sequential tf_keras model; it stays as it is. One of another kind is given back.

    Returns:
        A functional model with layers and weights of its own. A layer of an inner network is called by that network's
        name and its own.
    """
    if not is_graph(model) or not any(is_graph(layer) for layer in model.layers):
        return model
    copies: dict[int, tuple[Any, Any]] = {}
    inputs = [keras.Input(tuple(one.shape[1:]), one.shape[0], dtype=one.dtype) for one in model.inputs]
    outputs = _expanded(model, inputs, "", copies)
    flat = keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name=model.name)
    for layer, copy in copies.values():
        copy.set_weights(layer.get_weights())
    return flat


def _expanded(network: Any, inputs: list[Any], prefix: str, copies: dict[int, tuple[Any, Any]]) -> list[Any]:
    """What a network gives for some tensors, its layers copied once each."""
    uses = network._tensor_usage_count  # map_arguments takes a tensor away each time that it is used
    places = [str(id(tensor)) for tensor in network.inputs]
    known = {place: [tensor] * uses[place] for place, tensor in zip(places, inputs, strict=True)}
    for depth in sorted(network._nodes_by_depth, reverse=True):
        for node in network._nodes_by_depth[depth]:
            if node.is_input:
                continue
            arguments, named = node.map_arguments(known)
            layer = node.layer
            if is_graph(layer):
                given: Any = _expanded(layer, tf.nest.flatten(arguments), f"{prefix}{layer.name}_", copies)
            else:
                given = _copy(layer, prefix, copies)(*arguments, **named)
            for place, tensor in zip(node.flat_output_ids, tf.nest.flatten(given), strict=True):
                known[place] = [tensor] * uses[place]
    return [known[str(id(tensor))].pop() for tensor in network.outputs]


def _copy(layer: Any, prefix: str, copies: dict[int, tuple[Any, Any]]) -> Any:
    if id(layer) not in copies:
        copies[id(layer)] = layer, type(layer).from_config(layer.get_config() | {"name": f"{prefix}{layer.name}"})
    return copies[id(layer)][1]
