"""CONV_2D: weights (output channels, rows, columns, input channels), scales along axis 0; also in groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.advice import IN_INT8
from edgedigits.firmware_export.graph.arithmetic import convolution_ratios
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Node, Rescaling, Value, Window
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import convolution, joining, taking
from edgedigits.firmware_export.operators.weighted.depthwise_conv_2d import Depthwise
from edgedigits.firmware_export.operators.wide import convolution as wide

MOST_GROUPS = 32
"""Of several channels each; a group is three stages."""


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 3)
    source = layer.value(0)
    shape = layer.tensor(1).shape
    if len(shape) != 4 or len(layer.tensor(0).shape) != 4:
        raise layer.error("has weights or an input without four axes")
    if shape[3] < 1 or source.shape[2] % shape[3] or shape[0] % (source.shape[2] // shape[3]):
        raise layer.error(f"has weights for {shape[3]} channels and an input of {source.shape[2]}")
    return (1, *convolution.window(layer)[1], shape[0])


def _read(layer: Layer, output: Value) -> OperatorNodes:
    channels = output.shape[2]
    weights, scales = layer.weights(1, 0, channels)
    ratios = convolution_ratios(layer.value(0), scales, output)
    rescaling = convolution.rescaling(layer, ratios, output, weights.reshape(channels, -1))
    window = convolution.window(layer)[0]
    depth = layer.value(0).shape[2]
    if weights.shape[3] == depth:
        return layer.made(convolution.Conv, output, window, weights, rescaling)
    if weights.shape[3] == 1:
        alone = np.ascontiguousarray(weights[..., 0].transpose(1, 2, 0))
        return layer.made(Depthwise, output, window, alone, rescaling)
    return _in_groups(layer, output, window, weights, rescaling)


def _in_groups(layer: Layer, output: Value, window: Window, weights: NDArray[np.int8], how: Rescaling) -> OperatorNodes:
    """A convolution of its own for each group of channels; what they make is put behind one another."""
    source = layer.value(0)
    height, width, depth = source.shape
    groups, made = depth // weights.shape[3], len(weights) // (depth // weights.shape[3])
    if groups > MOST_GROUPS:
        raise layer.error(f"has more than {MOST_GROUPS} groups of several channels", LEAVE_OUT)
    numbers = layer.spares(2 * groups)
    nodes: list[Node] = []
    values = {layer.output: output}
    for group in range(groups):
        given, part = numbers[2 * group : 2 * group + 2]
        first = group * weights.shape[3]
        nodes.append(taking.Take(f"{layer.name} group", (layer.number(0),), given, first, (width * depth, depth, 1)))
        values[given] = replace(source, shape=(height, width, weights.shape[3]))
        own = slice(group * made, (group + 1) * made)
        rescaling = replace(how, bias=how.bias[own], multipliers=how.multipliers[own], exponents=how.exponents[own])
        nodes.append(convolution.Conv(layer.name, (given,), part, window, weights[own], rescaling))
        values[part] = replace(output, shape=(*output.shape[:2], made))
    nodes.append(joining.Concatenation(f"{layer.name} groups", tuple(numbers[1::2]), layer.output, 2))
    return OperatorNodes(tuple(nodes), values)


def _read_wide(layer: Layer, output: Value) -> OperatorNodes:
    channels = output.shape[2]
    weights, scales = layer.weights(1, 0, channels)
    ratios = convolution_ratios(layer.value(0), scales, output)
    rescaling = wide.rescaling(layer, ratios, output, weights.reshape(channels, -1))
    if weights.shape[3] != layer.value(0).shape[2]:
        raise layer.error("convolves groups of channels of int16", IN_INT8)
    return layer.made(wide.WideConv, output, convolution.window(layer)[0], weights, rescaling)


OPERATOR = Operator(
    names=("CONV_2D",),
    shape=_shape,
    read=_read,
    options="Conv2DOptions",
    kernels=(convolution.KERNEL, wide.KERNEL, *taking.KERNELS, *joining.KERNELS),
    wide=_read_wide,
)
