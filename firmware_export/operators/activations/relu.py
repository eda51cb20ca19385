"""RELU, RELU6 and other limits that stand alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.arithmetic import relu_table
from edgedigits.firmware_export.graph.layers import Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import lookup
from edgedigits.firmware_export.operators.wide import each


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    lookup.check_ratio(layer, source.scale / output.scale)
    return relu_table(source, output, layer.operator.name)


OPERATOR = Operator(
    names=("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1"),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    kernels=(lookup.KERNEL, each.KERNEL),
    wide=each.read_relu,
    any_axes=True,
)
