"""Networks that are known as a function alone: their weights and operations, not their layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from edgedigits.core.digit import CLASSES
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras, tf


class FunctionLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer that calls a function of TensorFlow's; it cannot be saved, tuned or taken apart."""

    def __init__(
        self, function: Callable[[Any], Any], variables: Iterable[Any], reason: str, batch: int | None = None
    ) -> None:
        """Wrap a function.

        Args:
            function: from (batch, *shape) to (batch, 10).
            variables: that it reads.
            reason: why there are no layers, for people.
            batch: the only one that it takes; None: any.
        """
        super().__init__(name="function", trainable=False)
        self._function, self.reason, self._batch = function, reason, batch
        self.held = list(variables)  # Keras counts as weights what stands in an attribute

    def call(self, values: Any) -> Any:
        """Scores of some digits."""
        if self._batch is None or values.shape[0] == self._batch:
            return self._function(values)
        # One digit after the other; the converter asks for one, and then gets no loop.
        spec = tf.TensorSpec((CLASSES,), tf.float32)
        return tf.map_fn(lambda one: self._function(one[tf.newaxis])[0], values, fn_output_signature=spec)


def function_model(
    function: Callable[[Any], Any],
    shape: tuple[int, ...],
    variables: Iterable[Any],
    reason: str,
    batch: int | None = None,
) -> Any:
    """A tf_keras model of one :class:`FunctionLayer`; arguments as there, and the shape of one input."""
    inputs = keras.Input(shape)
    return keras.Model(inputs, FunctionLayer(function, variables, reason, batch)(inputs))


def why_function(model: Any) -> str:
    """Why a model has no layers that can be tuned; empty where it has some."""
    return next((layer.reason for layer in model.layers if isinstance(layer, FunctionLayer)), "")


def refuse_function(model: Any, what: str) -> None:
    """Raise where a model is a function.

    Raises:
        EdgedigitsError: it is, and ``what`` needs layers.
    """
    if reason := why_function(model):
        raise EdgedigitsError(
            f"{what} needs the network's layers, and {reason}",
            "take a recipe that trains nothing, such as int8, or save the network by Keras with plain layers",
        )
