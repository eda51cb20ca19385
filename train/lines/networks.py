"""The line networks themselves: fully convolutional, so that a strip may have any width."""

from __future__ import annotations

from typing import Any

from edgedigits.core.keras.backend import keras
from edgedigits.core.lines.strip import HEIGHT, OUTPUTS
from edgedigits.train.lines.catalogue import LineNetwork

_DROPOUT = 0.15


def build_line_network(network: LineNetwork) -> Any:
    """A network that maps strips, float32 (batch, 32, width, 1) of 0 to 1, to logits (batch, 1, width / 4, 22).

    Convolutions only, so that it can be int8 throughout and be exported as C: what a recurrent layer would bring, a
    look at the neighbours, the last layers bring by looking along the line. Each output holds the eleven scores of two
    steps, so that small digits close to each other have steps enough, at no more layers of that width.
    """
    first, a, b, c, d, column, along, last = network.filters
    digits = strips = keras.Input((HEIGHT, None, 1))
    digits = keras.layers.MaxPool2D(2)(_convolution(digits, first, (5, 5)))
    digits = _convolution(digits, a, (3, 3))
    digits = keras.layers.MaxPool2D(2)(_convolution(digits, b, (3, 3)))
    digits = _convolution(digits, c, (3, 3))
    digits = keras.layers.MaxPool2D((2, 1))(_convolution(digits, d, (3, 3)))
    digits = keras.layers.MaxPool2D((4, 1))(_convolution(digits, column, (3, 5)))
    digits = keras.layers.Dropout(_DROPOUT)(digits)
    digits = _convolution(digits, along, (1, 5))
    digits = keras.layers.Dropout(_DROPOUT)(digits)
    digits = _convolution(digits, last, (1, 5))
    logits = keras.layers.Conv2D(OUTPUTS, 1)(digits)
    return keras.Model(strips, logits, name=network.name.replace("-", "_"))


def _convolution(inputs: Any, filters: int, size: tuple[int, int]) -> Any:
    layers = keras.layers
    convolved = layers.Conv2D(filters, size, padding="same", use_bias=False, kernel_initializer="he_normal")(inputs)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.97)(convolved))
