"""Our own networks for microcontrollers: a strided convolution, depthwise-separable blocks, global average pooling.

Batch normalization folds into the convolutions at conversion, and nothing but CONV_2D, DEPTHWISE_CONV_2D, MEAN,
FULLY_CONNECTED and SOFTMAX is left. No padding where ink does not reach: an MNIST digit keeps 4 pixels from the edge.
"""

from __future__ import annotations

from typing import Any

from edgedigits.core.keras.backend import keras
from edgedigits.train.networks.stack import Stack

layers = keras.layers


_SHORT, LONG = 0.9, 0.99
"""Momentum of the statistics of batch normalization. In short runs they have to follow the weights within a few dozen
steps. In long ones, whose rate falls to nearly nothing, 0.9 keeps the noise of the last ten batches, by which the
validation accuracy of a small network swings by 0.1 points from epoch to epoch."""


def _normalised(values: Any, momentum: float) -> Any:
    return layers.ReLU()(layers.BatchNormalization(momentum=momentum)(values))


def _convolution(
    values: Any, filters: int, side: int, stride: int = 1, padding: str = "valid", momentum: float = _SHORT
) -> Any:
    convolution = layers.Conv2D(
        filters, side, strides=stride, padding=padding, use_bias=False, kernel_initializer="he_normal"
    )
    return _normalised(convolution(values), momentum)


def _separable(values: Any, filters: int, stride: int = 1, padding: str = "valid", momentum: float = _SHORT) -> Any:
    """A 3x3 depthwise convolution, then a 1x1 convolution that mixes the channels (Howard et al., MobileNets, 2017)."""
    depthwise = layers.DepthwiseConv2D(
        3, strides=stride, padding=padding, use_bias=False, depthwise_initializer="he_normal"
    )
    return _convolution(_normalised(depthwise(values), momentum), filters, 1, momentum=momentum)


def nano_features(values: Any) -> Any:
    """For an ATmega328P (2 kB of RAM): input 784 bytes, then 12x12x4, 10x10x8, 4x4x24, 4x4x32, 4x4x48.

    Input and first activation, or any two that follow each other, stay below 1,500 bytes.
    """
    values = _convolution(values, 4, 5, stride=2)
    values = _separable(values, 8)
    values = _separable(values, 24, stride=2)
    values = _separable(values, 32, padding="same")
    values = _separable(values, 48, padding="same")
    return layers.GlobalAveragePooling2D()(values)


def micro_features(values: Any) -> Any:
    """For a Cortex-M0: 12x12x8, 10x10x16, 8x8x32, 6x6x48, 4x4x64."""
    values = _convolution(values, 8, 5, stride=2)
    values = _convolution(values, 16, 3)
    for filters in (32, 48, 64):
        values = _separable(values, filters)
    return layers.GlobalAveragePooling2D()(values)


def small_features(values: Any) -> Any:
    """For a Cortex-M4 or a Raspberry Pi: 12x12x16, 10x10x32, 8x8x48, 6x6x64, 4x4x96.

    Plain convolutions stand where the fields are large: on a processor they train four times faster than
    depthwise ones of the same number of multiplications.
    """
    values = _convolution(values, 16, 5, stride=2)
    values = _convolution(values, 32, 3)
    values = _convolution(values, 48, 3)
    for filters in (64, 96):
        values = _separable(values, filters)
    return layers.GlobalAveragePooling2D()(values)


def large_features(values: Any) -> Any:
    """For a Raspberry Pi, where a digit may cost 11 million multiplications: 26x26x32, 12x12x32, 10x10x64, 8x8x64,
    6x6x128, 4x4x128."""
    values = _convolution(values, 32, 3)
    values = _convolution(values, 32, 3, stride=2)
    for filters in (64, 64, 128, 128):
        values = _convolution(values, filters, 3)
    return layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(values))


def teacher_features(values: Any) -> Any:
    """What a GPU host trains several of, for smaller networks to learn from; 24 million multiplications: as ``large``,
    half as wide again."""
    values = _convolution(values, 48, 3, momentum=LONG)
    values = _convolution(values, 48, 3, stride=2, momentum=LONG)
    for filters in (96, 96, 192, 192):
        values = _convolution(values, filters, 3, momentum=LONG)
    return layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(values))


def teacher_5x5_features(values: Any) -> Any:
    """A second kind of teacher, that errs on other digits: 24x24x40, 10x10x80, 6x6x128, 4x4x160 twice."""
    values = _convolution(values, 40, 5, momentum=LONG)
    values = _convolution(values, 80, 5, stride=2, momentum=LONG)
    values = _convolution(values, 128, 5, momentum=LONG)
    values = _convolution(values, 160, 3, momentum=LONG)
    values = _convolution(values, 160, 3, padding="same", momentum=LONG)
    return layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(values))


def teacher_7x7_features(values: Any) -> Any:
    """A third kind: 22x22x40, 8x8x96 and 2x2x192 by wide windows, the mean of what four places say; 17 million
    multiplications."""
    values = _convolution(values, 40, 7, momentum=LONG)
    values = _convolution(values, 96, 7, stride=2, momentum=LONG)
    values = _convolution(values, 192, 7, momentum=LONG)
    return layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(values))


def stacked_features(values: Any, stack: Stack, momentum: float = _SHORT) -> Any:
    """An architecture given as a value, such as a search proposes, with that momentum of its statistics."""
    values = _convolution(values, stack.filters, stack.side, stack.stride, momentum=momentum)
    for block, padding in zip(stack.blocks, stack.paddings(), strict=True):
        if block.separable:
            values = _separable(values, block.filters, block.stride, padding, momentum)
        else:
            values = _convolution(values, block.filters, 3, block.stride, padding, momentum)
    return layers.GlobalAveragePooling2D()(values)
