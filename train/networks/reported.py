"""The zoo's networks as Keras models: those of the reports here, our own in :mod:`edgedigits.train.networks.separable`.

Each takes float32 of shape (batch, 28, 28, 1) between 0 and 1 and gives ten probabilities, float32 of shape
(batch, 10), whatever precision it computes in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgedigits.core.digit import CLASSES, SIDE
from edgedigits.core.keras.backend import keras
from edgedigits.core.paths import StrPath
from edgedigits.train.networks.catalogue import network
from edgedigits.train.networks.coded import STACKS
from edgedigits.train.networks.resnet import load_imagenet_weights, resnet50_features
from edgedigits.train.networks.separable import (
    LONG,
    large_features,
    micro_features,
    nano_features,
    small_features,
    stacked_features,
    teacher_5x5_features,
    teacher_7x7_features,
    teacher_features,
)
from edgedigits.train.networks.stack import Stack

layers = keras.layers


def build(name: str, *, weights: StrPath | None = None, pretrained: bool = True) -> Any:
    """Build a network of the zoo with fresh weights.

    Args:
        name: in the zoo.
        weights: file with ImageNet weights, for the network that starts from them.
        pretrained: False leaves such a network with random weights, to count or to time it.

    Returns:
        A ``tf_keras.Model``, not compiled.

    Raises:
        EdgedigitsError: unknown name; ImageNet weights that are damaged or can neither be found nor fetched.
    """
    weights = Path(weights) if weights is not None else None
    entry = network(name)
    model = _model(_FEATURES[name], name.replace("-", "_"))
    if entry.pretrained and pretrained:
        load_imagenet_weights(model, weights)
    return model


def build_stack(stack: Stack) -> Any:
    """Build an architecture that is given as a value, with fresh weights: a ``tf_keras.Model``, not compiled."""
    return _model(lambda source: stacked_features(source, stack), "stack")


def _model(features: Callable[[Any], Any], name: str) -> Any:
    source = layers.Input((SIDE, SIDE, 1), name="digit")
    scores = layers.Dense(CLASSES, activation="softmax", dtype="float32", name="scores")(features(source))
    return keras.Model(source, scores, name=name)


def _conv(values: Any, filters: int, side: int, padding: str = "valid", start: str = "glorot_uniform") -> Any:
    return layers.Conv2D(filters, side, padding=padding, activation="relu", kernel_initializer=start)(values)


def _dense(values: Any, units: int, start: str = "glorot_uniform") -> Any:
    return layers.Dense(units, activation="relu", kernel_initializer=start)(values)


def _nf264_cnn1(values: Any) -> Any:
    values = layers.MaxPooling2D()(_conv(values, 32, 3, start="he_uniform"))
    return _dense(layers.Flatten()(values), 100, "he_uniform")


def _nf264_cnn2(values: Any) -> Any:
    values = layers.MaxPooling2D()(_conv(values, 32, 3, start="he_uniform"))
    values = _conv(_conv(values, 64, 3, start="he_uniform"), 64, 3, start="he_uniform")
    return _dense(layers.Flatten()(layers.MaxPooling2D()(values)), 100, "he_uniform")


def _vit_cnn(values: Any) -> Any:
    for filters, side in ((32, 5), (64, 3)):
        values = _conv(_conv(values, filters, side, "same"), filters, side, "same")
        values = layers.Dropout(0.3)(layers.MaxPooling2D()(values))
    return layers.Dropout(0.5)(_dense(layers.Flatten()(values), 256))


def _vit_cnn_small(values: Any) -> Any:
    for filters, side in ((32, 5), (64, 3)):
        values = layers.MaxPooling2D()(_conv(values, filters, side, "same"))
        values = layers.MaxPooling2D()(_conv(values, filters, side, "same"))
        values = layers.Dropout(0.3)(values)
    return layers.Dropout(0.5)(_dense(layers.Flatten()(values), 256))


def _inf283_nn(values: Any) -> Any:
    values = layers.Flatten()(values)
    for units in (256, 128):
        decay = keras.regularizers.L2(1e-4)
        values = layers.Dense(units, activation="relu", kernel_regularizer=decay)(values)
    return values


def _inf283_cnn(values: Any) -> Any:
    values = layers.MaxPooling2D()(_conv(values, 32, 5))
    return _dense(layers.Flatten()(layers.Dropout(0.5)(values)), 128)


def _inf283_cnn_best(values: Any) -> Any:
    values = layers.MaxPooling2D(3)(_conv(values, 32, 5))
    return _dense(layers.Flatten()(layers.Dropout(0.4)(values)), 128)


def _fakebank_cnn(values: Any) -> Any:
    for filters in (16, 32):
        values = layers.MaxPooling2D()(_conv(values, filters, 3, "same"))
    return _dense(layers.Flatten()(values), 128)


def _fakebank_resnet50(values: Any) -> Any:
    return _dense(resnet50_features(values), 512)


def _endsley_park_cnn(values: Any) -> Any:
    values = layers.MaxPooling2D()(_conv(_conv(values, 32, 3), 64, 3))
    values = layers.Flatten()(layers.Dropout(0.25)(values))
    return layers.Dropout(0.5)(_dense(values, 128))


_FEATURES: dict[str, Callable[[Any], Any]] = {
    "nano": nano_features,
    "micro": micro_features,
    "small": small_features,
    "large": large_features,
    "teacher": teacher_features,
    "teacher-5x5": teacher_5x5_features,
    "teacher-7x7": teacher_7x7_features,
    **{name: partial(stacked_features, stack=stack, momentum=LONG) for name, stack in STACKS.items()},
    "nf264-cnn1": _nf264_cnn1,
    "nf264-cnn2": _nf264_cnn2,
    "vit-cnn": _vit_cnn,
    "vit-cnn-small": _vit_cnn_small,
    "inf283-nn": _inf283_nn,
    "inf283-cnn": _inf283_cnn,
    "inf283-cnn-best": _inf283_cnn_best,
    "fakebank-cnn": _fakebank_cnn,
    "fakebank-resnet50": _fakebank_resnet50,
    "endsley-park-cnn": _endsley_park_cnn,
}


def take_over_scale(model: Any, scale: float) -> None:
    """Let a network that learned from inputs times ``scale`` read them without: its first layer takes the factor over.

    That layer is linear in its inputs before its bias, so that nothing else changes.

    Args:
        model: whose first layer with weights sees the inputs themselves, at most flattened.
        scale: that it learned with.
    """
    if scale == 1:
        return
    first = next(layer for layer in model.layers if layer.weights)
    kernel, *bias = first.get_weights()
    first.set_weights([kernel * np.float32(scale), *bias])


def multiply_accumulates(model: Any) -> int:
    """Multiply-accumulates of one inference: every weight of a kernel is used once at each place of its layer's output.

    Counts convolutions and dense layers, as :func:`edgedigits.core.tflite.costs.costs_of` does in the converted model.

    Args:
        model: a ``tf_keras.Model`` of plain layers, not of models.
    """
    return sum(
        math.prod(layer.output_shape[1:-1]) * math.prod(weight.shape)
        for layer in model.layers
        for weight in layer.weights
        if len(weight.shape) >= 2
    )
