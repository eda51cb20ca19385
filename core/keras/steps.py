"""What a network's first step needs beside its weights."""

from __future__ import annotations

from typing import Any

from edgedigits.core.digit import CLASSES
from edgedigits.core.keras.backend import tf


def create_variables(model: Any) -> None:
    """Create the variables of a compiled network's optimizer, loss and metrics before its first step.

    Keras creates them within that step, and TensorFlow makes the graph of a function that creates variables twice.

    Args:
        model: a compiled ``tf_keras.Model`` with outputs of shape (batch, 10); called in the scope of its strategy.
    """
    create_optimizer_variables(model)
    scores = tf.zeros((1, CLASSES))
    model.compiled_loss.build(scores)
    model.compiled_metrics.build(scores, scores)


def create_optimizer_variables(model: Any) -> None:
    """Create the variables of a compiled network's optimizer, so that a saved state can be read into them."""
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    inner.build(model.trainable_variables)
