"""Which operators there are."""

from __future__ import annotations

from importlib import import_module

from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import copying
from edgedigits.firmware_export.planning.stages import Kernel

MODULES = (
    "activations.gelu",
    "activations.hard_swish",
    "activations.leaky_relu",
    "activations.logistic",
    "activations.prelu",
    "activations.relu",
    "activations.softmax",
    "activations.tanh",
    "elementwise.abs",
    "elementwise.add",
    "elementwise.exp",
    "elementwise.extreme",
    "elementwise.mul",
    "elementwise.quantize",
    "elementwise.rsqrt",
    "elementwise.squared_difference",
    "elementwise.sub",
    "enlarging.concatenation",
    "enlarging.pad",
    "enlarging.resize_nearest_neighbor",
    "reducing.average_pool_2d",
    "reducing.max_pool_2d",
    "reducing.mean",
    "reducing.reduce_max",
    "shaping.expand_dims",
    "shaping.reshape",
    "shaping.squeeze",
    "shaping.transpose",
    "slicing.slice",
    "slicing.split",
    "slicing.strided_slice",
    "weighted.conv_2d",
    "weighted.depthwise_conv_2d",
    "weighted.fully_connected",
)
"""Modules in the folders beside this one, each with an ``OPERATOR``."""

_ALL: list[Operator] = [import_module(f"{__package__}.{module}").OPERATOR for module in MODULES]

OPERATORS: dict[str, Operator] = {name: operator for operator in _ALL for name in operator.names}
"""What the C library can compute, by TFLite's names; QUANTIZE and DEQUANTIZE at the model's ends fall away besides."""

_SOURCES = [source for operator in _ALL for source in operator.kernels]

KERNELS: dict[Kernel, KernelSource] = {source.kernel: source for source in [*_SOURCES, copying.KERNEL]}
"""The sources of all kernels."""
