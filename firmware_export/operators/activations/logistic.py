"""LOGISTIC, to scale 1/256."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.arithmetic import logistic_table
from edgedigits.firmware_export.graph.layers import QUANTIZE_FIRST, Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import lookup
from edgedigits.firmware_export.operators.wide import sigmoid

OUTPUT_SCALE = 1 / 256


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    if output.scale != OUTPUT_SCALE:
        raise layer.error("has another output scale than 1/256", QUANTIZE_FIRST)
    return logistic_table(source, output)


OPERATOR = Operator(
    names=("LOGISTIC",),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    kernels=(lookup.KERNEL, sigmoid.KERNEL),
    wide=sigmoid.read,
    any_axes=True,
)
