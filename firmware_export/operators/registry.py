"""Which operators there are."""

from __future__ import annotations

from importlib import import_module

from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import compact_convolution, compact_depthwise, copying
from edgedigits.firmware_export.planning.stages import Kernel

MODULES = (
    "activations.gelu",
    "activations.hard_swish",
    "activations.l2_normalization",
    "activations.leaky_relu",
    "activations.log_softmax",
    "activations.logistic",
    "activations.prelu",
    "activations.relu",
    "activations.softmax",
    "activations.tanh",
    "elementwise.abs",
    "elementwise.add",
    "elementwise.exp",
    "elementwise.extreme",
    "elementwise.log",
    "elementwise.mul",
    "elementwise.quantize",
    "elementwise.rsqrt",
    "elementwise.sqrt",
    "elementwise.squared_difference",
    "elementwise.sub",
    "enlarging.concatenation",
    "enlarging.mirror_pad",
    "enlarging.pack",
    "enlarging.pad",
    "enlarging.resize_bilinear",
    "enlarging.resize_nearest_neighbor",
    "enlarging.tile",
    "reducing.average_pool_2d",
    "reducing.max_pool_2d",
    "reducing.mean",
    "reducing.reduce_max",
    "shaping.depth_to_space",
    "shaping.expand_dims",
    "shaping.reshape",
    "shaping.space_to_depth",
    "shaping.squeeze",
    "shaping.transpose",
    "slicing.gather",
    "slicing.reverse_v2",
    "slicing.slice",
    "slicing.split",
    "slicing.strided_slice",
    "slicing.unpack",
    "weighted.batch_matmul",
    "weighted.conv_2d",
    "weighted.depthwise_conv_2d",
    "weighted.fully_connected",
    "weighted.transpose_conv",
)
"""Modules in the folders beside this one, each with an ``OPERATOR``."""

_ALL: list[Operator] = [import_module(f"{__package__}.{module}").OPERATOR for module in MODULES]

OPERATORS: dict[str, Operator] = {name: operator for operator in _ALL for name in operator.names}
"""What the C library can compute, by TFLite's names; QUANTIZE and DEQUANTIZE at the model's ends fall away besides."""

_SOURCES = [source for operator in _ALL for source in operator.kernels]

_SOURCES += [copying.KERNEL, compact_convolution.KERNEL, compact_depthwise.KERNEL]

with_compact_weights = compact_convolution.with_compact_weights
saved_constants = compact_convolution.saved_constants

KERNELS: dict[Kernel, KernelSource] = {source.kernel: source for source in _SOURCES}
"""The sources of all kernels."""
