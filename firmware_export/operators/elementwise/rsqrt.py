"""RSQRT of what is never below 0, as the variance in a normalization.

Source: ``RsqrtEvalQuantizedInt8`` (tensorflow/lite/kernels/elementwise.cc) and ``GetInvSqrtQuantizedMultiplierExp``
(internal/common.h): five of Newton's steps in gemmlowp's fixed point with three integer bits. TFLite fails at inputs
below the zero point.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.arithmetic import multiply, quantize_multiplier, table
from edgedigits.firmware_export.graph.layers import LARGEST_MULTIPLIER, QUANTIZE_FIRST, Layer
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import fixed_point, lookup

_SHIFT = 20


def _outputs(layer: Layer, source: Value, output: Value) -> NDArray[np.int8]:
    if source.zero_point != -128:
        raise layer.error("takes inputs below 0, of which TFLite computes nothing", lookup.NEVER_BELOW)
    ratio = 1.0 / (math.sqrt(source.scale) * output.scale)
    if not ratio < LARGEST_MULTIPLIER:
        raise layer.error("has an output scale far too small for its input", QUANTIZE_FIRST)
    multiplier, exponent = quantize_multiplier(ratio)

    def root(q: int) -> int:
        if q == source.zero_point:
            return 127
        inverse, shift = fixed_point.inverse_root(q - source.zero_point)
        fine = multiply(1, inverse, _SHIFT - shift)
        return multiply(fine, multiplier, exponent - _SHIFT) + output.zero_point

    return table(root)


OPERATOR = Operator(
    names=("RSQRT",),
    shape=lookup.same_shape,
    read=lookup.read_table(_outputs),
    kernels=(lookup.KERNEL,),
    any_axes=True,
)
