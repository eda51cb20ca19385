"""CONV_2D: weights (output channels, rows, columns, input channels), scales along axis 0."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.firmware_export.graph.arithmetic import convolution_ratios
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, REBUILD, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import convolution


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 3)
    source = layer.value(0)
    shape = layer.tensor(1).shape
    if len(shape) != 4 or len(layer.tensor(0).shape) != 4:
        raise layer.error("has weights or an input without four axes")
    if shape[3] != source.shape[2]:
        grouped = shape[3] > 0 and source.shape[2] % shape[3] == 0  # no other runtime computes the rest either
        what = f"has weights for {shape[3]} channels and an input of {source.shape[2]}"
        raise layer.error(what, LEAVE_OUT if grouped else REBUILD)
    return (1, *convolution.window(layer)[1], shape[0])


def _read(layer: Layer, output: Value) -> OperatorNodes:
    channels = output.shape[2]
    weights, scales = layer.weights(1, 0, channels)
    ratios = convolution_ratios(layer.value(0), scales, output)
    rescaling = convolution.rescaling(layer, ratios, output, weights.reshape(channels, -1))
    return layer.made(convolution.Conv, output, convolution.window(layer)[0], weights, rescaling)


OPERATOR = Operator(
    names=("CONV_2D",), shape=_shape, read=_read, options="Conv2DOptions", kernels=(convolution.KERNEL,)
)
