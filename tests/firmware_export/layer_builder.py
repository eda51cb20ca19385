"""Layers with random weights for models written byte by byte; see model_builder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tflite
from model_file import BuiltOperator, BuiltTensor
from numpy.typing import NDArray

Pair = tuple[int, int]
INPUT_SPREAD = 73.9
"""Standard deviation of int8 values that are uniform from -128 to 127."""
_REACH = {"RELU6": 9.0, "RELU_N1_TO_1": 2.0}
"""Three standard deviations of a layer's real outputs, where its activation would else clamp all or nothing."""

ACTIVATIONS = {"NONE": 0, "RELU": 1, "RELU_N1_TO_1": 2, "RELU6": 3}
_PADDINGS = {"SAME": 0, "VALID": 1}


def same_output(size: int, stride: int) -> int:
    """Length of a SAME window's output."""
    return -(-size // stride)


def valid_output(size: int, window: int, stride: int, dilation: int) -> int:
    """Length of a VALID window's output."""
    return (size - (window - 1) * dilation - 1) // stride + 1


class LayerBuilder:
    """The tensors of a model, and its layers with weights; each layer returns the number of its output tensor.

    With ``powers_of_two`` every scale is the nearest power of two: then many products lie just between two numbers.
    With ``wide`` what flows is int16 of zero point 0, in steps 256 times as fine, and biases are int64.
    """

    def __init__(self, seed: int = 0, powers_of_two: bool = False, wide: bool = False) -> None:
        self.powers_of_two = powers_of_two
        self.wide = wide
        self.finer = 256 if wide else 1
        self.dice = np.random.default_rng(seed)
        self.tensors: list[BuiltTensor] = []
        self.operators: list[BuiltOperator] = []
        self.inputs: list[int] = []

    def tensor(self, shape: Sequence[int], scale: float = 0.0, zero_point: int = 0, **fields: Any) -> int:
        """Add a tensor without data; a scale of 0 means none."""
        scales = (self.rounded(scale),) if scale else ()
        built = BuiltTensor(tuple(shape), scales=scales, zero_points=(zero_point,) if scales else ())
        if self.wide and scales and not {"dtype", "data"} & fields.keys():
            built.dtype, built.zero_points = np.int16, (0,)
        for name, value in fields.items():
            setattr(built, name, value)
        built.name = built.name or b"tensor %d" % len(self.tensors)
        self.tensors.append(built)
        return len(self.tensors) - 1

    def rounded(self, scale: float) -> float:
        """The scale, or with ``powers_of_two`` the nearest one."""
        return 2.0 ** round(math.log2(scale)) if self.powers_of_two else scale

    def input(self, shape: Sequence[int], scale: float = 1 / 255, zero_point: int = -128, dtype: Any = None) -> int:
        """Add an input of the model; ``scale`` is that of its steps if it is int8, and is divided for int16."""
        fields = {} if dtype is None else {"dtype": dtype}
        self.inputs.append(
            self.tensor(shape, self.stepped_scale(scale) if dtype is None else scale, zero_point, **fields)
        )
        return self.inputs[-1]

    def stepped_scale(self, scale: float) -> float:
        """The scale of int8 steps as that of the steps that this model has."""
        return float(np.float32(scale / self.finer))

    def constant(self, data: NDArray[Any], scale: float = 0.0, zero_point: int = 0) -> int:
        """Add a constant."""
        return self.tensor(data.shape, scale, zero_point, dtype=data.dtype.type, data=data)

    def integers(self, *values: int) -> int:
        """Add a constant vector of int32: axes, shapes, paddings."""
        return self.constant(np.array(values, np.int32))

    def operator(
        self, name: str, version: int, inputs: list[int], output: int, table: str | None = None, **options: Any
    ) -> int:
        """Add any operator, and return its output."""
        code = getattr(tflite.BuiltinOperator, name)
        self.operators.append(BuiltOperator(code, version, inputs, [output], table, options))
        return output

    def conv(
        self,
        source: int,
        channels: int,
        size: Pair = (3, 3),
        *,
        stride: Pair = (1, 1),
        dilation: Pair = (1, 1),
        padding: str = "SAME",
        activation: str = "NONE",
        per_channel: bool = True,
        bias: bool = True,
        groups: int = 1,
        output: tuple[float, int] | None = None,
    ) -> int:
        """Add CONV_2D with random weights."""
        _, rows, columns, depth = self.tensors[source].shape
        depth //= groups
        taps = math.prod(size) * depth
        weights, reach = self._weights(source, (channels, *size, depth), 0, taps, per_channel, activation)
        shape = (1, *self.stepped((rows, columns), size, stride, dilation, padding), channels)
        result = self._result(shape, reach, activation, output)
        return self.operator(
            "CONV_2D",
            3,
            [source, weights, self._bias(source, weights, channels, taps, bias)],
            result,
            "Conv2DOptions",
            **self.steps(stride, padding, dilation),
            FusedActivationFunction=ACTIVATIONS[activation],
        )

    def transpose_conv(
        self,
        source: int,
        channels: int,
        size: Pair,
        *,
        stride: Pair = (2, 2),
        padding: str = "SAME",
        activation: str = "NONE",
        per_channel: bool = True,
        bias: bool = True,
    ) -> int:
        """Add TRANSPOSE_CONV with random weights to the greatest output that its input can be made of."""
        _, rows, columns, depth = self.tensors[source].shape
        taps = math.prod(size) * depth
        weights, reach = self._weights(source, (channels, *size, depth), 0, taps, per_channel, activation)
        spread = zip((rows, columns), size, stride, strict=True)
        made = [length * step if padding == "SAME" else (length - 1) * step + one for length, one, step in spread]
        shape = (1, *made, channels)
        sources = [self.integers(*shape), weights, source]
        if bias:
            sources.append(self._bias(source, weights, channels, taps, True))
        options = {**self.steps(stride, padding), "FusedActivationFunction": ACTIVATIONS[activation]}
        result = self._result(shape, reach, activation, None)
        return self.operator("TRANSPOSE_CONV", 3, sources, result, "TransposeConvOptions", **options)

    def depthwise(
        self,
        source: int,
        multiplier: int = 1,
        size: Pair = (3, 3),
        *,
        stride: Pair = (1, 1),
        dilation: Pair = (1, 1),
        padding: str = "SAME",
        activation: str = "NONE",
        per_channel: bool = True,
        bias: bool = True,
        output: tuple[float, int] | None = None,
    ) -> int:
        """Add DEPTHWISE_CONV_2D with random weights."""
        _, rows, columns, depth = self.tensors[source].shape
        channels = depth * multiplier
        taps = math.prod(size)
        weights, reach = self._weights(source, (1, *size, channels), 3, taps, per_channel, activation)
        shape = (1, *self.stepped((rows, columns), size, stride, dilation, padding), channels)
        result = self._result(shape, reach, activation, output)
        return self.operator(
            "DEPTHWISE_CONV_2D",
            3,
            [source, weights, self._bias(source, weights, channels, taps, bias)],
            result,
            "DepthwiseConv2DOptions",
            **self.steps(stride, padding, dilation),
            DepthMultiplier=multiplier,
            FusedActivationFunction=ACTIVATIONS[activation],
        )

    def dense(
        self,
        source: int,
        channels: int,
        *,
        activation: str = "NONE",
        per_channel: bool = False,
        bias: bool = True,
        keep_num_dims: bool = False,
        output: tuple[float, int] | None = None,
    ) -> int:
        """Add FULLY_CONNECTED with random weights over all values, or with ``keep_num_dims`` over the last axis."""
        shape = self.tensors[source].shape
        depth = shape[-1] if keep_num_dims else math.prod(shape)
        weights, reach = self._weights(source, (channels, depth), 0, depth, per_channel, activation)
        shape = (*shape[:-1], channels) if keep_num_dims else (1, channels)
        result = self._result(shape, reach, activation, output)
        return self.operator(
            "FULLY_CONNECTED",
            5 if keep_num_dims else 4,
            [source, weights, self._bias(source, weights, channels, depth, bias)],
            result,
            "FullyConnectedOptions",
            FusedActivationFunction=ACTIVATIONS[activation],
            KeepNumDims=keep_num_dims,
        )

    def _weights(
        self, source: int, shape: tuple[int, ...], axis: int, taps: int, per_channel: bool, activation: str
    ) -> tuple[int, float]:
        """Weights, and three standard deviations of the real sums they make, before the bias."""
        channels = shape[axis]
        spread = 3 * INPUT_SPREAD * INPUT_SPREAD * math.sqrt(taps) * self.tensors[source].scales[0] * self.finer
        greatest = _REACH[activation] / spread if activation in _REACH else 0.01
        scales = (self.dice.uniform(0.2, 1.0, channels if per_channel else 1) * greatest).astype(np.float32)
        number = self.constant(self.dice.integers(-127, 128, shape, dtype=np.int8))
        made = self.tensors[number]
        made.scales = tuple(self.rounded(float(scale)) for scale in scales)
        made.zero_points = (0,) * len(scales)
        made.axis = axis
        return number, spread * float(scales.max())

    def _bias(self, source: int, weights: int, channels: int, taps: int, wanted: bool) -> int:
        if not wanted:
            return -1
        reach = int(INPUT_SPREAD * INPUT_SPREAD * math.sqrt(taps) * self.finer) + 1
        number = self.constant(self.dice.integers(-reach, reach, channels, dtype=np.int64 if self.wide else np.int32))
        made = self.tensors[number]
        one = np.float32(self.tensors[source].scales[0])
        made.scales = tuple(float(one * np.float32(scale)) for scale in self.tensors[weights].scales)
        made.zero_points = (0,) * len(made.scales)
        return number

    def _result(self, shape: Sequence[int], reach: float, activation: str, output: tuple[float, int] | None) -> int:
        """An output tensor that three standard deviations of random sums fill."""
        if output is None:
            low = -128 if activation in {"RELU", "RELU6"} else int(self.dice.integers(-40, 40))
            output = (self.stepped_scale(reach / 128), low)
        return self.tensor(shape, *output)

    @staticmethod
    def stepped(extent: Pair, size: Pair, stride: Pair, dilation: Pair, padding: str) -> Pair:
        """Rows and columns that a window makes."""
        if padding == "SAME":
            return same_output(extent[0], stride[0]), same_output(extent[1], stride[1])
        return (
            valid_output(extent[0], size[0], stride[0], dilation[0]),
            valid_output(extent[1], size[1], stride[1], dilation[1]),
        )

    @staticmethod
    def steps(stride: Pair, padding: str, dilation: Pair | None = None) -> dict[str, int]:
        """Options of a window."""
        fields = {"StrideH": stride[0], "StrideW": stride[1], "Padding": _PADDINGS[padding]}
        if dilation is not None:
            fields |= {"DilationHFactor": dilation[0], "DilationWFactor": dilation[1]}
        return fields
