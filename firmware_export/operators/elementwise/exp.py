"""EXP.

Source: ``Exp`` (tensorflow/lite/kernels/exp.cc): C's ``expf`` for each of the 256 inputs.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.layers import Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import lookup

_LARGEST = 88.0
"""Beyond it the power leaves float32, and long before that any output."""


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    return lookup.table_of_reals(layer, source, output, lambda real: math.exp(min(real, _LARGEST)))


OPERATOR = Operator(
    names=("EXP",),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    options="ExpOptions",
    kernels=(lookup.KERNEL,),
    any_axes=True,
)
