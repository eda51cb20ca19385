"""LOG, the natural logarithm.

Source: ``LogLUTPrepare`` (tensorflow/lite/kernels/elementwise.cc of releases after 2.14, which computes it of floats
alone): C's ``logf`` for each of the 256 inputs; of those up to 0 the least output.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.layers import Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import lookup


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    with np.errstate(over="ignore", under="ignore"):
        least = float(np.float32(-128 - output.zero_point) * np.float32(output.scale))
    return lookup.table_of_reals(layer, source, output, lambda real: math.log(real) if real > 0 else least)


OPERATOR = Operator(
    names=("LOG",),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    kernels=(lookup.KERNEL,),
    any_axes=True,
)
