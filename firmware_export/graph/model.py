"""A network of int8 or int16 operators with all its constants: what is read from a ``.tflite`` file.

Nothing here knows TFLite's file format, nothing here knows C. A batch axis of one is dropped: every value is a stack of
rows of shape (height, width, channels), a vector is (1, 1, length).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from edgedigits.firmware_export.planning.lowering import Lowering

Whole = NDArray[np.int64]
"""Numbers of a network on their way through a formula."""

Shape = tuple[int, int, int]
"""Height, width, channels."""


@dataclass(frozen=True)
class Value:
    """A tensor that flows through the network: ``real = (q - zero_point) * scale``.

    Attributes:
        shape: (height, width, channels).
        scale: a float32 number, greater than 0.
        zero_point: from -128 to 127; 0 where it is wide.
        wide: True of int16, False of int8.
    """

    shape: Shape
    scale: float
    zero_point: int
    wide: bool = False

    @property
    def kind(self) -> type[np.int8] | type[np.int16]:
        """NumPy's type of its elements."""
        return np.int16 if self.wide else np.int8

    @property
    def limits(self) -> tuple[int, int]:
        """Least and greatest number that an element can be."""
        return (-32768, 32767) if self.wide else (-128, 127)

    @property
    def size(self) -> int:
        """Bytes of all elements."""
        return math.prod(self.shape) * (2 if self.wide else 1)

    @property
    def count(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class ModelTensor:
    """An input or output tensor of the model, as its caller knows it.

    Attributes:
        value: number of the value inside that it becomes or is made of.
        type: ``INT8``, ``INT16``, ``UINT8`` or ``FLOAT32``.
        shape: the batch left out.
        name: that it has in C and in archives of inputs, where the model has several.
    """

    value: int
    type: str = "INT8"
    shape: tuple[int, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Window:
    """How a two-dimensional window steps over its input; each pair is (vertical, horizontal).

    Attributes:
        size: rows and columns of the window.
        stride: step between neighbouring outputs.
        dilation: distance between neighbouring taps.
        before: rows above and columns left of the input that a SAME window also covers.
        after: rows below and columns right of it.
    """

    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    before: tuple[int, int] = (0, 0)
    after: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Rescaling:
    """From int32 sums to int8, one entry for each output channel.

    ``q = clamp(zero_point + MultiplyByQuantizedMultiplier(sum + bias, multiplier, exponent), low, high)``, with
    TFLite's ``MultiplyByQuantizedMultiplier`` (tensorflow/lite/kernels/internal/common.h, double rounding).

    Attributes:
        bias: int32 of shape (channels,).
        multipliers: int32 of shape (channels,), in [2**30, 2**31) or 0 (MEAN: from 2**29).
        exponents: int32 of shape (channels,): powers of two, positive to the left.
        zero_point: of the output.
        low: least output, from the fused activation.
        high: greatest output.
    """

    bias: NDArray[np.int32]
    multipliers: NDArray[np.int32]
    exponents: NDArray[np.int32]
    zero_point: int
    low: int
    high: int


@dataclass(frozen=True)
class Operand:
    """How one side of an addition is brought to the common scale: zero point, multiplier and exponent."""

    zero_point: int
    multiplier: int
    exponent: int


@dataclass(frozen=True)
class Node(ABC):
    """An operator with its constants: which values it reads, which one it makes, and how.

    The kinds of nodes stand with the operators that become them (:mod:`edgedigits.firmware_export.operators`).

    Attributes:
        name: TFLite's name of the operator and its place in the file, such as ``CONV_2D 0``; for messages and comments.
        inputs: names (numbers) of the values read.
        output: name of the value made.
    """

    name: str
    inputs: tuple[int, ...]
    output: int

    @property
    def keeps_bytes(self) -> bool:
        """True where the output is the input's bytes under another shape."""
        return False

    @property
    def takes_padding(self) -> bool:
        """True where an explicit padding of the input with its zero point may become part of a window."""
        return False

    @property
    def reference_computes(self) -> bool:
        """False where TFLite 2.14's reference kernel computes something else than TFLite's other kernels do."""
        return True

    @abstractmethod
    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """The output by NumPy, of shape (height, width, channels) or one that holds as many.

        Args:
            given: the inputs, int64 of shape (height, width, channels).
            graph: that the node is of.
        """

    @abstractmethod
    def lower(self, lowering: Lowering) -> None:
        """Append the stages that compute it."""

    def macs(self, graph: Graph) -> int:
        """Multiply-accumulates for one input."""
        return 0


@dataclass(frozen=True)
class Graph:
    """A whole network.

    Attributes:
        values: every value that flows, by number.
        nodes: in an order in which they can run.
        inputs: what the caller gives, in the model's order; no value twice.
        outputs: what the caller gets, in the model's order; a value may stand here twice, or be an input.
    """

    values: dict[int, Value]
    nodes: tuple[Node, ...]
    inputs: tuple[ModelTensor, ...]
    outputs: tuple[ModelTensor, ...]

    @property
    def is_plain(self) -> bool:
        """Whether there is one input and one output."""
        return len(self.inputs) == len(self.outputs) == 1

    @property
    def input_tensor(self) -> ModelTensor:
        """The input of a network of one; ValueError where there are several."""
        (tensor,) = self.inputs
        return tensor

    @property
    def output_tensor(self) -> ModelTensor:
        """The output of a network of one; ValueError where there are several."""
        (tensor,) = self.outputs
        return tensor

    @property
    def input(self) -> int:
        """Number of the input of a network of one."""
        return self.input_tensor.value

    @property
    def output(self) -> int:
        """Number of the output of a network of one."""
        return self.output_tensor.value

    @property
    def input_values(self) -> tuple[Value, ...]:
        """Each input as the int8 value inside."""
        return tuple(self.values[tensor.value] for tensor in self.inputs)

    @property
    def output_values(self) -> tuple[Value, ...]:
        """Each output as the int8 value inside."""
        return tuple(self.values[tensor.value] for tensor in self.outputs)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the convolutions and dense layers for one input."""
        return sum(node.macs(self) for node in self.nodes)

    @property
    def reference_computes(self) -> bool:
        """Whether TFLite 2.14's reference kernels compute every node as TFLite's other kernels do."""
        return all(node.reference_computes for node in self.nodes)
