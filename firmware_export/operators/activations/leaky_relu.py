"""LEAKY_RELU.

Source: ``LeakyReluPrepare`` and ``QuantizeLeakyRelu`` (tensorflow/lite/kernels/activations.cc,
internal/reference/leaky_relu.h): one multiplier for inputs from the zero point on, one for those below it, both of
quotients in float32.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.arithmetic import multiply, quantize_multiplier, table
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import lookup
from edgedigits.firmware_export.operators.wide import each


def _slope(layer: Layer) -> float:
    slope = float(layer.option("Alpha"))
    if not (math.isfinite(slope) and slope >= 0):
        raise layer.error("has a slope below 0", LEAVE_OUT)
    return slope


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    slope = _slope(layer)
    lookup.check_ratio(layer, source.scale * max(slope, 1.0) / output.scale)
    with np.errstate(over="ignore", under="ignore"):
        above = quantize_multiplier(float(np.float32(source.scale) / np.float32(output.scale)))
        below = quantize_multiplier(float(np.float32(source.scale) * np.float32(slope) / np.float32(output.scale)))

    def leaky(q: int) -> int:
        return output.zero_point + multiply(q - source.zero_point, *(above if q >= source.zero_point else below))

    return table(leaky)


OPERATOR = Operator(
    names=("LEAKY_RELU",),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    options="LeakyReluOptions",
    kernels=(lookup.KERNEL, each.KERNEL),
    wide=each.read_leaky(_slope),
    any_axes=True,
)
