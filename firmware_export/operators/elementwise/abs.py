"""ABS, to any scale.

Source: ``AbsEvalQuantized`` (tensorflow/lite/kernels/elementwise.cc); the quotient of scales is rounded to float32.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.arithmetic import multiply, quantize_multiplier, table
from edgedigits.firmware_export.graph.layers import Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import lookup


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    lookup.check_ratio(layer, source.scale / output.scale)
    if source.scale == output.scale:
        return table(lambda q: abs(q - source.zero_point) + output.zero_point)
    with np.errstate(over="ignore", under="ignore"):
        scale = quantize_multiplier(float(np.float32(source.scale) / np.float32(output.scale)))
    return table(lambda q: multiply(abs(q - source.zero_point), *scale) + output.zero_point)


OPERATOR = Operator(
    names=("ABS",),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    options="AbsOptions",
    kernels=(lookup.KERNEL,),
    any_axes=True,
)
