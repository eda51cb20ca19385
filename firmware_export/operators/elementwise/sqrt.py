"""SQRT of what is never below 0.

Source: ``SqrtEvalQuantized`` (tensorflow/lite/kernels/elementwise.cc of releases after 2.14, which computes it of
floats alone): in float32, the quotient cut off and not rounded. TFLite fails at inputs below the zero point.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.arithmetic import table
from edgedigits.firmware_export.graph.layers import QUANTIZE_FIRST, Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import lookup


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    if source.zero_point != -128:
        raise layer.error("takes inputs below 0, of which TFLite computes nothing", lookup.NEVER_BELOW)
    with np.errstate(over="ignore", under="ignore"):
        reals = [float(np.float32(source.scale) * np.float32(step)) for step in range(256)]
        steps = [float(np.float32(math.sqrt(real)) / np.float32(output.scale)) for real in reals]
    if not all(step < lookup.MOST_STEPS for step in steps):
        raise layer.error("makes numbers far too large for its output scale", QUANTIZE_FIRST)
    return table(lambda q: int(steps[q + 128]) + output.zero_point)


OPERATOR = Operator(
    names=("SQRT",),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    kernels=(lookup.KERNEL,),
    any_axes=True,
)
