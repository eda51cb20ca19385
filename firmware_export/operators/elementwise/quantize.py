"""QUANTIZE from int8 to int8: another scale and zero point, and functions that a file computes of floats before it.

Source of the latter: ``AffineQuantize`` (tensorflow/lite/kernels/internal/reference/quantize.h) in float32.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.arithmetic import quantize_table, table
from edgedigits.firmware_export.graph.float_runs import FUNCTIONS, THROUGH
from edgedigits.firmware_export.graph.layers import Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import lookup
from edgedigits.firmware_export.operators.wide import each


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    if (functions := layer.operator.options.get(THROUGH)) is not None:
        return _of_floats(layer, source, output, functions)
    lookup.check_ratio(layer, source.scale / output.scale)
    return quantize_table(source, output)


def _of_floats(layer: Layer, source: Value, output: Value, functions: Sequence[str]) -> NDArray[np.int8]:
    def through(q: int) -> float:
        real = float(np.float32(source.scale) * np.float32(q - source.zero_point))
        for name in functions:
            real = float(np.float32(FUNCTIONS[name](real)))
        return float(np.float32(real) / np.float32(output.scale))

    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        steps = {q: through(q) for q in range(-128, 128)}
    if not all(abs(one) < lookup.MOST_STEPS for one in steps.values()):
        what = " and ".join(functions) or "values"
        raise layer.error(f"takes {what} of numbers of which TFLite computes nothing, or far too large for its scale")
    return table(lambda q: int(math.copysign(math.floor(abs(steps[q]) + 0.5), steps[q])) + output.zero_point)


OPERATOR = Operator(
    names=("QUANTIZE",),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    options="QuantizeOptions",
    kernels=(lookup.KERNEL, each.KERNEL),
    wide=each.read_quantize,
    any_axes=True,
)
