"""Which operators there are."""

from __future__ import annotations

from edgedigits.firmware_export.operators import (
    add,
    average_pool_2d,
    concatenation,
    conv_2d,
    depthwise_conv_2d,
    expand_dims,
    fully_connected,
    leaky_relu,
    logistic,
    max_pool_2d,
    mean,
    mul,
    pad,
    quantize,
    reduce_max,
    relu,
    reshape,
    resize_nearest_neighbor,
    softmax,
    squeeze,
    tanh,
)
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import copying
from edgedigits.firmware_export.planning.stages import Kernel

MODULES = (
    add,
    average_pool_2d,
    concatenation,
    conv_2d,
    depthwise_conv_2d,
    expand_dims,
    fully_connected,
    leaky_relu,
    logistic,
    max_pool_2d,
    mean,
    mul,
    pad,
    quantize,
    reduce_max,
    relu,
    reshape,
    resize_nearest_neighbor,
    softmax,
    squeeze,
    tanh,
)

OPERATORS: dict[str, Operator] = {name: module.OPERATOR for module in MODULES for name in module.OPERATOR.names}
"""What the C library can compute, by TFLite's names; QUANTIZE and DEQUANTIZE at the model's ends fall away besides."""

_SOURCES = [source for operator in OPERATORS.values() for source in operator.kernels]

KERNELS: dict[Kernel, KernelSource] = {source.kernel: source for source in [*_SOURCES, copying.KERNEL]}
"""The sources of all kernels."""
