"""TANH, to scale 1/128 and zero point 0.

Source: ``TanhPrepare`` and ``PopulateLookupTable`` (tensorflow/lite/kernels/activations.cc,
internal/common.h): ``round(128 * tanh(x))`` in float32.
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
from edgedigits.firmware_export.operators.wide import sigmoid

OUTPUT = (1 / 128, 0)
"""Scale and zero point."""


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    if (output.scale, output.zero_point) != OUTPUT:
        raise layer.error("has another output than scale 1/128 and zero point 0", QUANTIZE_FIRST)

    def tanh(q: int) -> int:
        with np.errstate(over="ignore"):
            real = np.float32(source.scale) * np.float32(q - source.zero_point)
        # C's tanhf rounds correctly nearly always; NumPy's float32 tanh differs between machines in the last bit.
        steps = float(np.float32(math.tanh(float(real))) * np.float32(128))
        return int(math.copysign(math.floor(abs(steps) + 0.5), steps))

    return table(tanh)


OPERATOR = Operator(
    names=("TANH",),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    kernels=(lookup.KERNEL, sigmoid.KERNEL),
    wide=sigmoid.read,
    any_axes=True,
)
