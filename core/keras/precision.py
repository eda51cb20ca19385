"""Networks that were trained in mixed precision, computed in float32 as their weights are."""

from __future__ import annotations

from typing import Any

_MIXED = ("mixed_float16", "mixed_bfloat16")


def in_float32(model: Any) -> Any:
    """A tf_keras network whose layers compute in float32.

    The model itself where they do, or where it is of a class of its own. Mixed precision is a matter of the GPU that
    trained: TFLite has no int8 form of what computes in half floats.
    """
    graph = getattr(model, "_is_graph_network", False)
    if not graph or not any(layer._dtype_policy.name in _MIXED for layer in model._flatten_layers()):
        return model
    plain = type(model).from_config(_plain(model.get_config()))
    plain.set_weights(model.get_weights())
    return plain


def compute_in_float32(model: Any) -> None:
    """Let the layers of a network of Keras 3 compute in float32."""
    for layer in model._flatten_layers():
        if layer.dtype_policy.name in _MIXED:
            layer.dtype_policy = "float32"


def _plain(part: Any) -> Any:
    """A configuration with ``float32`` in the place of each policy of mixed precision."""
    if isinstance(part, list | tuple):
        return type(part)(_plain(one) for one in part)
    if not isinstance(part, dict):
        return part
    return {name: "float32" if name == "dtype" and _is_mixed(value) else _plain(value) for name, value in part.items()}


def _is_mixed(value: Any) -> bool:
    if isinstance(value, dict):
        value = (value.get("config") or {}).get("name")
    return value in _MIXED
