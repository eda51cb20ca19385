"""GELU, exactly or by the hyperbolic tangent.

Source: ``GeluTransform`` and ``GeluTransformApproximate`` (tensorflow/lite/kernels/internal/reference/gelu.h):
``x / 2 * erfc(-x / sqrt(2))`` and ``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))`` in float32.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.layers import Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import lookup

_HALF = np.float32(0.5)
_CUBE = np.float32(0.044715)
_INNER = np.float32(math.sqrt(2 / math.pi))
_TO_ERFC = np.float32(-math.sqrt(0.5))


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    approximate = bool(layer.operator.options.get("Approximate"))
    return lookup.table_of_reals(layer, source, output, _by_tanh if approximate else _by_erfc)


def _by_erfc(real: float) -> float:
    x = np.float32(real)
    return float(_HALF * x * np.float32(math.erfc(float(x * _TO_ERFC))))


def _by_tanh(real: float) -> float:
    x = np.float32(real)
    inner = _INNER * (x + _CUBE * x * x * x)
    return float(_HALF * x * (np.float32(1) + np.float32(math.tanh(float(inner)))))


OPERATOR = Operator(
    names=("GELU",),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    options="GeluOptions",
    kernels=(lookup.KERNEL,),
    any_axes=True,
)
