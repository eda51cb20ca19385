"""Models of Keras 3, rebuilt layer by layer in tf_keras, which the libraries for fine-tuning want.

Keras 3 lies beside tf_keras in the environment and is loaded only where a file needs it, which takes seconds.
"""

from __future__ import annotations

import inspect
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgedigits.core.digit import SIDE
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.keras.function_model import function_model
from edgedigits.core.keras.precision import compute_in_float32
from edgedigits.core.quiet import native_logs_hidden

TOLERANCE = 1e-5
"""Of outputs against the greatest one: float32 rounds to 6e-8, and a network adds up thousands of numbers."""

_RENAMED = {("LeakyReLU", "negative_slope"): "alpha"}
_BATCH = 8


@dataclass(frozen=True)
class Keras3Model:
    """A model of Keras 3 as it is used here.

    Attributes:
        model: the tf_keras model: twins of all layers, or one layer that calls Keras 3.
        difference: the greatest one between the outputs of the two on random input, against the greatest output.
        reason: why it is no network of twins; empty where it is.
    """

    model: Any
    difference: float | None
    reason: str = ""


class _NoTwin(Exception):
    """A layer that tf_keras has not, or computes in another way."""


def load_keras3(path: Path, *, trust: bool = False) -> Keras3Model:
    """Load a ``.keras`` or ``.h5`` file of Keras 3 and rebuild it.

    Raises:
        EdgedigitsError: Keras 3 is not installed.
        Exception: whatever Keras 3 raises of a file that it cannot load.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        with native_logs_hidden():
            import keras as keras3
    except ImportError as error:
        raise EdgedigitsError(
            f"{path} was made by Keras 3, which cannot be loaded ({error})", "pip install keras"
        ) from error
    if keras3.backend.backend() != "tensorflow" or not hasattr(keras3, "ops"):
        raise EdgedigitsError(
            f"{path} was made by Keras 3, and Keras {keras3.__version__} on {keras3.backend.backend()} is loaded",
            "pip install 'keras>=3', and leave KERAS_BACKEND to edgedigits",
        )
    with native_logs_hidden():
        model = keras3.saving.load_model(path, compile=False, safe_mode=not trust)
        compute_in_float32(model)
        return rebuilt(model)


def rebuilt(model: Any) -> Keras3Model:
    """A model of Keras 3 as one of tf_keras, proved by equal outputs; where that fails, as a function."""
    try:
        twin = _twin_model(model, {})
        difference = _difference(model, twin)
        if difference <= TOLERANCE:
            return Keras3Model(twin, difference)
        reason = f"rebuilt in Keras 2 it gives other outputs (by {difference:.2g} of the greatest)"
    except _NoTwin as error:
        reason = str(error)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        return Keras3Model(model, None, reason)
    shape = tuple(model.inputs[0].shape[1:])
    batch = model.inputs[0].shape[0]
    run = tf.function(lambda values: model(values, training=False))
    variables = [variable.value for variable in model.weights]
    return Keras3Model(function_model(run, shape, variables, reason, batch), None, reason)


def _difference(model: Any, twin: Any) -> float:
    """Over random inputs of small and large values, float32: of any finite shape."""
    random = np.random.default_rng(0)
    worst = 0.0
    for greatest in (1.0, 255.0):
        batch = model.inputs[0].shape[0] or _BATCH
        shapes = [tuple(length or SIDE for length in one.shape[1:]) for one in model.inputs]  # of pictures of any size
        inputs = [random.uniform(0, greatest, (batch, *shape)).astype(np.float32) for shape in shapes]
        whole = ["float" not in str(one.dtype) for one in model.inputs]
        inputs = [
            np.round(values) if of_integers else values for values, of_integers in zip(inputs, whole, strict=True)
        ]
        fed = inputs if len(inputs) > 1 else inputs[0]
        wanted, given = (
            [np.asarray(one) for one in tf.nest.flatten(network(fed, training=False))] for network in (model, twin)
        )
        for left, right in zip(wanted, given, strict=True):
            scale = max(float(np.abs(left).max()), 1e-12)
            found = float(np.abs(left - right).max()) / scale
            worst = max(worst, found if np.isfinite(found) else float("inf"))
    return worst


def _twin_model(model: Any, known: dict[int, Any]) -> Any:
    graph = getattr(model, "_functional", None) or model
    if not hasattr(graph, "_run_through_graph"):
        raise _NoTwin(f"{type(model).__name__} is no Sequential or Functional model of Keras")
    inputs = [keras.Input(tuple(one.shape[1:])) for one in graph.inputs]

    def twin(layer: Any) -> Any:
        if id(layer) not in known:
            known[id(layer)] = _twin_layer(layer, known)
        return known[id(layer)]

    weighed: list[tuple[Any, Any]] = []

    def call(pair: tuple[Any, Any], *values: Any, **named: Any) -> Any:
        layer, other = pair
        # In Keras 3 what a network is called with overrules what its layers were.
        given = {name: value for name, value in named.items() if value is not None and name != "training"}
        try:
            result = other(*values, **given)
        except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
            raise _NoTwin(f"the layer {layer.name!r} is not called as in Keras 2 ({_short(error)})") from error
        weighed.append(pair)
        return result

    outputs = graph._run_through_graph(inputs, operation_fn=lambda layer: (layer, twin(layer)), call_fn=call)
    for layer, other in weighed:
        _copy_weights(layer, other)
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, outputs, name=model.name)


def _copy_weights(layer: Any, other: Any) -> None:
    if hasattr(layer, "layers"):
        return  # those of a network inside were copied with it
    weights = layer.get_weights()
    if [value.shape for value in weights] != [tuple(one.shape) for one in other.weights]:
        raise _NoTwin(f"the layer {layer.name!r} has other weights in Keras 2")
    other.set_weights(weights)


def _twin_layer(layer: Any, known: dict[int, Any]) -> Any:
    if hasattr(layer, "layers"):
        return _twin_model(layer, known)
    name = type(layer).__name__
    made = getattr(keras.layers, name, None)
    if made is None or not type(layer).__module__.startswith("keras.") or name in ("Lambda", "TFSMLayer"):
        raise _NoTwin(f"the layer {layer.name!r} ({name}) has no twin in Keras 2")
    if layer.dtype_policy.name != "float32":
        raise _NoTwin(f"the layer {layer.name!r} computes in {layer.dtype_policy.name}")
    accepted = {word for one in made.__mro__ if "__init__" in vars(one) for word in inspect.signature(one).parameters}
    config = {}
    for key, value in layer.get_config().items():
        key = _RENAMED.get((name, key), key)  # noqa: PLW2901
        if key in accepted and key != "dtype" and not key.endswith("_initializer"):
            config[key] = _plain(value)
    config |= {"name": layer.name, "trainable": layer.trainable}
    try:
        return made.from_config(config)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise _NoTwin(f"the layer {layer.name!r} ({name}) has no twin in Keras 2 ({_short(error)})") from error


def _plain(value: Any) -> Any:
    """A regularizer or constraint as Keras 2 names it; other values as they are."""
    if isinstance(value, dict) and "class_name" in value:
        return {"class_name": value["class_name"], "config": value.get("config")}
    return value


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
