"""One operator of the file on its way into the graph: checked access to its tensors, and errors that name it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import OperatorCall, Tensor, TfliteFile
from edgedigits.firmware_export.graph import advice
from edgedigits.firmware_export.graph.large_sums import why_large
from edgedigits.firmware_export.graph.model import Node, Shape, Value, Window

QUANTIZE_FIRST, REBUILD, LEAVE_OUT = advice.QUANTIZE_FIRST, advice.REBUILD, advice.LEAVE_OUT
LARGEST_VALUE = 1 << 24
"""Elements of one value; far above any microcontroller's memory, far below what would hurt a computer."""
LARGEST_STEP = 1024
"""Of a window's size, stride and dilation."""
LONGEST_SHAPE = 8
LONGEST_NAME = 60
LARGEST_MULTIPLIER = 65536.0
"""Ratio of scales: beyond it one step of the input saturates any output."""

_ACTIVATIONS = {0: "NONE", 1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6"}
_INT32_MAX = (1 << 31) - 1
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]*")


def sizes(shape: Sequence[int]) -> str:
    """A shape for messages, such as ``1x28x28x1``."""
    return "x".join(map(str, shape)) if 0 < len(shape) <= LONGEST_SHAPE else f"a tensor of {len(shape)} axes"


def tensor_name(name: str) -> str:
    """A tensor's name for messages, of parts joined to one the first; empty of letters that TensorFlow gives none.

    Anybody may have written it.
    """
    first = name.partition(";")[0]
    if not _PLAIN_NAME.fullmatch(first):
        return ""
    return first if len(first) <= LONGEST_NAME else f"{first[:LONGEST_NAME]}..."


@dataclass(frozen=True)
class OperatorNodes:
    """What an operator becomes: its nodes in order and the values that they make, by number."""

    nodes: tuple[Node, ...]
    values: dict[int, Value]


@dataclass(frozen=True)
class Layer:
    """An operator, the file it stands in and its place there.

    Attributes:
        path: of the file, for messages.
        index: of the operator among those that are left of the file's.
        operator: itself.
        content: all of the file.
        part: which one of its outputs is meant, where they are read one by one.
        of: how many there are.
        any_axes: the operator works on elements wherever they lie: values of more than three axes beside the batch are
            (the first, the second, all others together) for it.
    """

    path: Path
    index: int
    operator: OperatorCall
    content: TfliteFile
    part: int = 0
    of: int = 1
    any_axes: bool = False

    @property
    def name(self) -> str:
        """Name of the node: TFLite's name of the operator and its place in the file; never text from the model."""
        return f"{self.operator.name} {self.place}"

    @property
    def place(self) -> int:
        """Number of the operator in the file, where others may have stood before it that are left out."""
        return self.index if self.operator.place is None else self.operator.place

    def error(self, what: str, remedy: str = REBUILD) -> EdgedigitsError:
        """An error that names the operator, its place in the file, and its output with its size."""
        made = " and ".join(self._told(number) for number in self.operator.outputs[:2]) or "nothing"
        return EdgedigitsError(
            f"{self.path}: operator {self.place}, {self.operator.name} making {made}, {what}",
            advice.followable(remedy, self.content, whole=False),
        )

    def _told(self, number: int) -> str:
        """Size of an output, and in brackets how the model's maker knows it."""
        if number < 0:
            return "nothing"
        tensor = self.content.tensors[number]
        called = self.called(tensor)
        return f"{sizes(tensor.shape)} ({called})" if called else sizes(tensor.shape)

    def called(self, tensor: Tensor) -> str:
        """What a tensor is called in messages; empty of a name that is none for people."""
        return tensor_name(tensor.name)

    def parts(self) -> list[Layer]:
        """The operator once for each of its outputs, as if it made that one alone."""
        return [
            replace(self, operator=replace(self.operator, outputs=(number,)), part=part, of=len(self.operator.outputs))
            for part, number in enumerate(self.operator.outputs)
        ]

    def option(self, name: str) -> Any:
        """One of the operator's options; an error where it has none at all."""
        if name not in self.operator.options:
            raise self.error("lacks its options")
        return self.operator.options[name]

    def activation(self) -> str:
        """Name of the fused activation."""
        number = self.option("FusedActivationFunction")
        if number not in _ACTIVATIONS:
            raise self.error(
                "has a fused activation other than RELU, RELU6 and RELU_N1_TO_1",
                "build the network with the activation as a layer of its own",
            )
        return _ACTIVATIONS[number]

    def arity(self, least: int, most: int) -> None:
        """Check the number of inputs, and that there is one output."""
        if not least <= len(self.operator.inputs) <= most or len(self.operator.outputs) != 1 or self.output < 0:
            given, made = len(self.operator.inputs), len(self.operator.outputs)
            raise self.error(f"has {counted(given, 'input')} and {counted(made, 'output')}")

    def has(self, position: int) -> bool:
        """Whether the operator has this input."""
        return position < len(self.operator.inputs) and self.operator.inputs[position] >= 0

    @property
    def spare(self) -> int:
        """A number that no tensor and no other layer uses, for a value between two nodes of this one."""
        return len(self.content.tensors) + self.index

    def spares(self, count: int) -> list[int]:
        """So many numbers of this kind, :attr:`spare` the first of them."""
        return [self.spare + place * len(self.content.nodes) for place in range(count)]

    def number(self, position: int) -> int:
        """Number of the tensor that is this input."""
        if not self.has(position):
            raise self.error(f"lacks input {position}")
        return self.operator.inputs[position]

    def tensor(self, position: int) -> Tensor:
        """The tensor that is this input."""
        return self.content.tensors[self.number(position)]

    def made(self, kind: Callable[..., Node], output: Value, *constants: Any) -> OperatorNodes:
        """The operator as one node of its first input."""
        node = kind(self.name, (self.number(0),), self.output, *constants)
        return OperatorNodes((node,), {self.output: output})

    @property
    def output(self) -> int:
        """Number of the output's tensor."""
        return self.operator.outputs[0]

    @property
    def output_tensor(self) -> Tensor:
        """The output's tensor."""
        return self.content.tensors[self.output]

    def value(self, position: int) -> Value:
        """This input as a value that flows; an error where it is a constant or no int8 value."""
        if self.is_constant(position):
            begun = ", as an unrolled recurrent layer that begins at zero has" if self._is_of_state() else ""
            raise self.error(f"has a constant as its input {position}{begun}", LEAVE_OUT)
        return self.as_value(self.tensor(position))

    def _is_of_state(self) -> bool:
        """Whether it is what a recurrent layer does with its state first."""
        return self.operator.name in {"FULLY_CONNECTED", "SPLIT", "SPLIT_V"}

    def output_value(self, shape: Sequence[int]) -> Value:
        """The output as a value, once its shape is checked against the one that the inputs give."""
        if self.output_tensor.shape != tuple(shape):
            raise self.error(f"should make {sizes(shape)} of its inputs")
        return self.as_value(self.output_tensor)

    def as_value(self, tensor: Tensor) -> Value:
        """An int8 or int16 tensor with one scale and zero point as a value."""
        wide = tensor.type == "INT16"
        if tensor.type != "INT8" and not wide:
            raise self.error(f"works on {tensor.type} where int8 is expected", QUANTIZE_FIRST)
        if not tensor.plain:
            raise self.error("uses a variable or sparse tensor", LEAVE_OUT)
        if len(tensor.scales) != 1 or len(tensor.zero_points) > 1:
            raise self.error(f"has a value with {len(tensor.scales)} scales where one is expected", QUANTIZE_FIRST)
        self._check_scales(tensor)
        (scale,), (zero_point,) = tensor.scales, tensor.zero_points or (0,)
        if wide and zero_point:
            raise self.error("has int16 values with a zero point other than 0", QUANTIZE_FIRST)
        return Value(self._shape(tensor.shape), scale, zero_point, wide)

    def _shape(self, shape: tuple[int, ...]) -> Shape:
        if min(shape, default=1) < 1 or math.prod(shape) > LARGEST_VALUE:
            raise self.error(f"has a value that is {sizes(shape)}, too large or empty")
        *batch, height, width, channels = (1, 1, 1, *shape)
        if self.any_axes and math.prod(batch) != 1:
            first, second, *others = shape[next(axis for axis, size in enumerate(shape) if size > 1) :]
            return first, second, math.prod(others)
        if math.prod(batch) != 1:
            one_each = all(end.shape[:1] in {(), (1,)} for end in self.content.inputs)
            if one_each:
                raise self.error(f"works on more than three axes ({sizes(shape)})", LEAVE_OUT)
            raise self.error("works on a batch of more than 1", REBUILD)
        return height, width, channels

    def _check_scales(self, tensor: Tensor) -> None:
        if not all(math.isfinite(scale) and scale > 0 for scale in tensor.scales):
            raise self.error("has a scale that is not a positive number", QUANTIZE_FIRST)
        if not all(-128 <= zero_point <= 127 for zero_point in tensor.zero_points):
            raise self.error("has a zero point outside -128 to 127")

    def is_constant(self, position: int) -> bool:
        """Whether this input's data stand in the file."""
        return self.tensor(position).data is not None

    def constant(self, position: int, kinds: tuple[str, ...]) -> NDArray[Any]:
        """Data of this input, of one of these types."""
        tensor = self.tensor(position)
        if tensor.type not in kinds:
            raise self.error(f"has {tensor.type} as its input {position} where {kinds[0]} is expected", QUANTIZE_FIRST)
        if tensor.data is None or not tensor.plain:
            raise self.error(f"has an input {position} that is no plain constant", LEAVE_OUT)
        return tensor.data

    def integers(self, position: int) -> tuple[int, ...]:
        """A short constant of integers: axes, a shape, amounts of padding."""
        data = self.constant(position, ("INT32", "INT64"))
        if data.size > 16:
            raise self.error(f"has {counted(data.size, 'number')} as its input {position}")
        return tuple(int(number) for number in data.ravel())

    def weights(self, position: int, axis: int, channels: int) -> tuple[NDArray[np.int8], tuple[float, ...]]:
        """Symmetric int8 weights and their scales: one, or one for each channel along this axis."""
        data = self.constant(position, ("INT8",))
        tensor = self.tensor(position)
        if len(tensor.scales) not in {1, channels}:
            raise self.error(
                f"has weights with {counted(len(tensor.scales), 'scale')} for {counted(channels, 'channel')}",
                QUANTIZE_FIRST,
            )
        if len(tensor.scales) > 1 and tensor.axis != axis:
            raise self.error(f"has weights with scales along axis {tensor.axis} where axis {axis} is expected")
        self._check_scales(tensor)
        if any(tensor.zero_points):
            raise self.error("has weights with a zero point other than 0", QUANTIZE_FIRST)
        return data, tensor.scales

    def bias(self, position: int, channels: int) -> NDArray[np.int32]:
        """int32 bias, zeros where the operator has none."""
        if not self.has(position):
            return np.zeros(channels, np.int32)
        data = self.constant(position, ("INT32",))
        if data.shape != (channels,):
            raise self.error(f"has a bias that is {sizes(data.shape)} for {counted(channels, 'channel')}")
        return data.astype(np.int32)

    def window(self, source: Value, size: tuple[int, int], dilation: tuple[int, int]) -> tuple[Window, tuple[int, int]]:
        """The window with its padding, and how many rows and columns it makes (``ComputePaddingHeightWidth``)."""
        stride = (self.option("StrideH"), self.option("StrideW"))
        if not all(1 <= step <= LARGEST_STEP for step in (*size, *stride, *dilation)):
            raise self.error(f"has a window, stride or dilation outside 1 to {LARGEST_STEP}")
        same = {0: True, 1: False}.get(self.option("Padding"))
        if same is None:
            raise self.error("has a padding other than SAME and VALID")
        made, before, after = [], [], []
        for extent, taps, step, spread in zip(source.shape[:2], size, stride, dilation, strict=True):
            reach = (taps - 1) * spread + 1
            made.append(-(-extent // step) if same else (extent - reach) // step + 1)
            missing = max((made[-1] - 1) * step + reach - extent, 0)
            before.append(missing // 2)
            after.append(missing - missing // 2)
        if min(made) < 1:
            raise self.error("has a window larger than its input")
        rows, columns = made
        return Window(size, stride, dilation, (before[0], before[1]), (after[0], after[1])), (rows, columns)

    def check_sums(self, largest: int, exponent: int) -> None:
        """Check that sums up to this size, shifted left by a positive exponent, stay within int32 as in TFLite."""
        if largest > _INT32_MAX:
            raise self.error(*why_large(self))
        if largest << max(exponent, 0) > _INT32_MAX:
            scale = ", ".join(f"{one:.2g}" for one in self.output_tensor.scales[:1])
            raise self.error(
                f"can make sums beyond 32 bits, as its output scale is tiny ({scale}): its outputs were all about zero",
                "quantize the model again with inputs of which this layer makes more than zero, or build the network "
                "without it",
            )

    def check_same_scale(self, source: Value, made: Value) -> None:
        """Check that the output counts in the same steps as the input."""
        if (source.scale, source.zero_point) != (made.scale, made.zero_point):
            raise self.error("changes scale or zero point, which TFLite does not allow here")
