"""QUANTIZE from int8 to int8: another scale and zero point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.arithmetic import quantize_table
from edgedigits.firmware_export.graph.layers import Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import lookup


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    lookup.check_ratio(layer, source.scale / output.scale)
    return quantize_table(source, output)


OPERATOR = Operator(
    names=("QUANTIZE",),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    kernels=(lookup.KERNEL,),
    any_axes=True,
)
