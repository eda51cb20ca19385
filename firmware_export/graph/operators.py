"""Convolutions, dense layers and pools: from operators of the file to nodes of the graph."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph import arithmetic
from edgedigits.firmware_export.graph.layers import LARGEST_MULTIPLIER, LEAVE_OUT, QUANTIZE_FIRST, Layer, Made
from edgedigits.firmware_export.graph.model import Conv, Depthwise, Pool, Rescaling, Reshape, Value, Window

ONE_SCALE = "flatten before it, or convert with _experimental_disable_per_channel_quantization_for_dense_layers = True"


def conv(layer: Layer) -> Made:
    """CONV_2D: weights (output channels, rows, columns, input channels), scales along axis 0."""
    layer.arity(2, 3)
    source = layer.value(0)
    shape = layer.tensor(1).shape
    if len(shape) != 4 or len(layer.tensor(0).shape) != 4:
        raise layer.error("has weights or an input without four axes")
    channels, rows, columns, depth = shape
    if depth != source.shape[2]:
        raise layer.error(f"has weights for {depth} channels and an input of {source.shape[2]}", LEAVE_OUT)
    window, made = layer.window(source, (rows, columns), _dilation(layer))
    output = layer.output_value((1, *made, channels))
    weights, scales = layer.weights(1, 0, channels)
    ratios = arithmetic.convolution_ratios(source, scales, output)
    rescaling = _rescaling(layer, ratios, output, np.abs(weights.astype(np.int64)).sum((1, 2, 3)), channels)
    node = Conv(layer.name, (layer.number(0),), layer.output, window, weights, rescaling)
    return Made((node,), {layer.output: output})


def depthwise(layer: Layer) -> Made:
    """DEPTHWISE_CONV_2D: weights (1, rows, columns, output channels), scales along axis 3."""
    layer.arity(2, 3)
    source = layer.value(0)
    shape = layer.tensor(1).shape
    if len(shape) != 4 or shape[0] != 1 or len(layer.tensor(0).shape) != 4:
        raise layer.error("has weights or an input without four axes")
    _, rows, columns, channels = shape
    if source.shape[2] * layer.option("DepthMultiplier") != channels:
        raise layer.error(f"has {channels} channels of weights for an input of {source.shape[2]}")
    window, made = layer.window(source, (rows, columns), _dilation(layer))
    output = layer.output_value((1, *made, channels))
    weights, scales = layer.weights(1, 3, channels)
    ratios = arithmetic.convolution_ratios(source, scales, output)
    rescaling = _rescaling(layer, ratios, output, np.abs(weights.astype(np.int64)).sum((0, 1, 2)), channels)
    node = Depthwise(layer.name, (layer.number(0),), layer.output, window, weights[0], rescaling)
    return Made((node,), {layer.output: output})


def dense(layer: Layer) -> Made:
    """FULLY_CONNECTED: weights (output channels, input channels), scales along axis 0.

    Without ``keep_num_dims`` TFLite reads the input as rows of as many values as the weights have, whatever its shape;
    a Reshape goes before it where that differs. Scales for each channel and an output of more than two axes are
    refused: the reference kernel of TFLite 2.14 takes the second axis for the channels there.
    """
    layer.arity(2, 3)
    source = layer.value(0)
    if len(layer.tensor(1).shape) != 2 or layer.option("WeightsFormat"):
        raise layer.error("has weights that are no plain matrix", LEAVE_OUT)
    channels, depth = layer.tensor(1).shape
    given = layer.tensor(0).shape
    if layer.option("KeepNumDims"):
        if given[-1] != depth:
            raise layer.error(f"has weights for {depth} values and an input of {given[-1]}")
        made: tuple[int, ...] = (*given[:-1], channels)
    else:
        if depth < 1 or math.prod(given) % depth:
            raise layer.error(f"has weights for {depth} values and an input of {math.prod(given)}")
        made = (math.prod(given) // depth, channels)
    output = layer.output_value(made)
    weights, scales = layer.weights(1, 0, channels)
    ratios = arithmetic.convolution_ratios(source, scales, output)
    if len(scales) == 1:
        ratios = [arithmetic.dense_ratio(source, scales[0], output)]
    elif len(made) != 2:
        raise layer.error("has a scale for each channel and more than two axes, which TFLite computes wrong", ONE_SCALE)
    rescaling = _rescaling(layer, ratios, output, np.abs(weights.astype(np.int64)).sum(1), channels)
    matrix = weights.reshape(channels, 1, 1, depth)
    flat = replace(source, shape=(*output.shape[:2], depth))
    if source.shape == flat.shape:
        node = Conv(layer.name, (layer.number(0),), layer.output, Window((1, 1)), matrix, rescaling)
        return Made((node,), {layer.output: output})
    flattening = Reshape(f"{layer.name} flat", (layer.number(0),), layer.spare)
    node = Conv(layer.name, (layer.spare,), layer.output, Window((1, 1)), matrix, rescaling)
    return Made((flattening, node), {layer.spare: flat, layer.output: output})


def max_pool(layer: Layer) -> Made:
    """MAX_POOL_2D."""
    return _pool(layer, "max")


def average_pool(layer: Layer) -> Made:
    """AVERAGE_POOL_2D."""
    return _pool(layer, "average")


def _pool(layer: Layer, kind: str) -> Made:
    layer.arity(1, 1)
    source = layer.value(0)
    if len(layer.tensor(0).shape) != 4:
        raise layer.error("has an input without four axes")
    window, made = layer.window(source, (layer.option("FilterHeight"), layer.option("FilterWidth")), (1, 1))
    output = layer.output_value((1, *made, source.shape[2]))
    layer.check_same_scale(source, output)
    low, high = arithmetic.activation_range(layer.activation(), output)
    return Made((Pool(layer.name, (layer.number(0),), layer.output, kind, window, low, high),), {layer.output: output})


def _dilation(layer: Layer) -> tuple[int, int]:
    return layer.option("DilationHFactor"), layer.option("DilationWFactor")


def _rescaling(layer: Layer, ratios: list[float], output: Value, sums: NDArray[np.int64], channels: int) -> Rescaling:
    """Rescaling for weights whose magnitudes add up to ``sums`` in each channel.

    The check covers a kernel that subtracts the input's zero point and one that folds it into the bias.
    """
    if not max(ratios) < LARGEST_MULTIPLIER:
        raise layer.error("has an output scale far too small for its input and weights", QUANTIZE_FIRST)
    made = arithmetic.rescaling(ratios, output, layer.bias(2, channels), layer.activation())
    made = arithmetic.of_empty_channels(made, sums == 0)
    largest = sums * 256 + np.abs(made.bias.astype(np.int64))
    for total, exponent in zip(largest.tolist(), made.exponents.tolist(), strict=True):
        layer.check_sums(total, exponent)
    return made
