"""Which operators there are."""

from __future__ import annotations

from importlib import import_module

from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import copying
from edgedigits.firmware_export.planning.stages import Kernel

MODULES = (
    "add",
    "average_pool_2d",
    "concatenation",
    "conv_2d",
    "depthwise_conv_2d",
    "expand_dims",
    "extreme",
    "fully_connected",
    "hard_swish",
    "leaky_relu",
    "logistic",
    "max_pool_2d",
    "mean",
    "mul",
    "pad",
    "prelu",
    "quantize",
    "reduce_max",
    "relu",
    "reshape",
    "resize_nearest_neighbor",
    "slice",
    "softmax",
    "split",
    "squeeze",
    "strided_slice",
    "sub",
    "tanh",
    "transpose",
)
"""Modules beside this one, each with an ``OPERATOR``."""

_ALL: list[Operator] = [import_module(f"{__package__}.{module}").OPERATOR for module in MODULES]

OPERATORS: dict[str, Operator] = {name: operator for operator in _ALL for name in operator.names}
"""What the C library can compute, by TFLite's names; QUANTIZE and DEQUANTIZE at the model's ends fall away besides."""

_SOURCES = [source for operator in _ALL for source in operator.kernels]

KERNELS: dict[Kernel, KernelSource] = {source.kernel: source for source in [*_SOURCES, copying.KERNEL]}
"""The sources of all kernels."""
