"""Networks whose layers compute in half floats, or that take whole numbers, as networks of float32 from end to end."""

from __future__ import annotations

from typing import Any

from edgedigits.core.keras.backend import keras
from edgedigits.core.keras.graphs import is_graph

_MIXED = ("mixed_float16", "mixed_bfloat16")
FLOAT32, BFLOAT16 = "float32", "mixed_bfloat16"


def in_float32(model: Any) -> Any:
    """A tf_keras network that takes and computes float32.

    The model itself where it does, or where it is of a class of its own. Mixed precision is a matter of the GPU that
    trained: TFLite has no int8 form of what computes in half floats. Grey levels as whole numbers become floats in the
    first layer anyway.
    """
    if not is_graph(model) or not any(_is_other(layer) for layer in model._flatten_layers()):
        return model
    plain = type(model).from_config(_plain(model.get_config()))
    plain.set_weights(model.get_weights())
    return plain


def in_bfloat16(model: Any) -> Any:
    """A copy of a tf_keras network of float32 whose layers compute in bfloat16, all but the last."""
    config = model.get_config()
    *inner, _ = (layer for layer in config["layers"] if layer["class_name"] != "InputLayer")
    for layer in inner:
        layer["config"]["dtype"] = BFLOAT16
    fast = type(model).from_config(config)
    fast.set_weights(model.get_weights())
    return fast


def compute_in_float32(model: Any) -> None:
    """Let the layers of a network of Keras 3 compute in float32."""
    for layer in model._flatten_layers():
        if layer.dtype_policy.name in _MIXED:
            layer.dtype_policy = FLOAT32


def _is_other(layer: Any) -> bool:
    if isinstance(layer, keras.layers.InputLayer):
        return bool(layer.dtype != FLOAT32)
    return layer._dtype_policy.name in _MIXED


def _plain(part: Any, is_input: bool = False) -> Any:
    """A configuration with ``float32`` in the place of each policy of mixed precision and each input's type."""
    if isinstance(part, list | tuple):
        return type(part)(_plain(one) for one in part)
    if not isinstance(part, dict):
        return part
    of_input = part.get("class_name") == "InputLayer"
    return {
        name: FLOAT32 if name == "dtype" and (is_input or _is_mixed(value)) else _plain(value, of_input)
        for name, value in part.items()
    }


def _is_mixed(value: Any) -> bool:
    if isinstance(value, dict):
        value = (value.get("config") or {}).get("name")
    return value in _MIXED
