"""What operators of two sides share: one of these may be a constant, and either may be spread over the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, operand
from edgedigits.firmware_export.graph.arithmetic import ADD_LEFT_SHIFT, WIDE_LEFT_SHIFT, add_operands
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, QUANTIZE_FIRST, Layer
from edgedigits.firmware_export.graph.model import Node, Operand, Value, Whole
from edgedigits.firmware_export.operators.shared import constants
from edgedigits.firmware_export.operators.shared.taking import KERNELS as TAKING
from edgedigits.firmware_export.operators.shared.taking import spread
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage


@dataclass(frozen=True)
class Pair:
    """The two sides: a value first, then another one or a constant.

    Attributes:
        inputs: numbers of the values.
        left: the first side.
        right: the second one.
        constant: int8 that stands in place of a second value, whose axes are those of the output or of length 1; else
            None.
        turned: the operator's first input was a constant, and comes second here.
    """

    inputs: tuple[int, ...]
    left: Value
    right: Value
    constant: NDArray[np.int8] | None
    turned: bool = False


def shape(layer: Layer) -> Sequence[int]:
    """The greater length along each axis."""
    layer.arity(2, 2)
    first, second = _order(layer)
    layer.value(first)
    layer.as_value(layer.tensor(second))
    padded = _padded_shapes(layer)
    if not _fits(*padded):
        raise layer.error("has two inputs whose shapes do not fit")
    return [max(sizes) for sizes in zip(*padded, strict=True)]


def sides(layer: Layer, output: Value) -> Pair:
    """The two sides of an operator whose output has their shape.

    Raises:
        EdgedigitsError: axes of one side do not lie where those of the other do.
    """
    first, second = _order(layer)
    left, right = layer.value(first), layer.as_value(layer.tensor(second))
    if not _lies_alike(layer):
        raise layer.error("spreads one input over more than three axes of the other", LEAVE_OUT)
    fitting: tuple[int, ...] = np.broadcast_shapes(left.shape, right.shape) if _fits(left.shape, right.shape) else ()
    if fitting != output.shape:
        raise layer.error("spreads one input over more than three axes of the other", LEAVE_OUT)
    if layer.is_constant(second):
        constant = layer.constant(second, ("INT16" if left.wide else "INT8",)).reshape(right.shape)
        return Pair((layer.number(first),), left, right, constant, first == 1)
    return Pair((layer.number(first), layer.number(second)), left, right, None)


def _lies_alike(layer: Layer) -> bool:
    """True where three axes are enough to tell which elements of both sides meet."""
    shapes = [
        shape[next((axis for axis, size in enumerate(shape) if size > 1), len(shape)) :]
        for shape in (layer.tensor(0).shape, layer.tensor(1).shape)
    ]
    return max(map(len, shapes)) <= 3 or shapes[0] == shapes[1] or () in shapes


def _fits(left: Sequence[int], right: Sequence[int]) -> bool:
    return all(a == b or 1 in {a, b} for a, b in zip(left, right, strict=True))


def _order(layer: Layer) -> tuple[int, int]:
    """Positions of the sides: a constant comes second."""
    return (1, 0) if layer.is_constant(0) else (0, 1)


def _padded_shapes(layer: Layer) -> list[tuple[int, ...]]:
    shapes = layer.tensor(0).shape, layer.tensor(1).shape
    rank = max(map(len, shapes))
    return [(1,) * (rank - len(one)) + one for one in shapes]


@dataclass(frozen=True)
class Pairwise(Node):
    """A node of two sides.

    Attributes:
        constant: int8 that stands in place of a second input, whose axes are those of the output or of length 1; else
            None.
    """

    constant: NDArray[np.int8] | None

    def both(self, given: list[Whole]) -> tuple[Whole, Whole]:
        """The two sides as numbers."""
        return given[0], given[1] if self.constant is None else self.constant.astype(np.int64)

    def lower_with(self, lowering: Lowering, kernel: Kernel, constant_first: bool = False) -> None:
        """A stage that computes it, after those that make the constant and spread what is smaller than the output."""
        shape = lowering.shape(self.output)
        inputs = tuple(spread(lowering, self, number, shape) for number in self.inputs)
        if self.constant is not None:
            made = lowering.new_value(shape, 0, self.output)
            lowering.append(Stage(f"{self.name} constant", constants.CONSTANT, self, (), made, steps=shape[0], rows=0))
            inputs = (made, *inputs) if constant_first else (*inputs, made)
        lowering.append_rows(self, kernel, inputs)


def summands(layer: Layer, left: Value, right: Value, output: Value) -> tuple[Operand, Operand, Operand]:
    """How both sides of a sum or difference and its output are scaled.

    Raises:
        EdgedigitsError: the output counts in steps far smaller than its inputs do.
    """
    shift = left_shift(output)
    if 2.0 * max(left.scale, right.scale) >= (1 << shift) * output.scale:
        raise layer.error("has an output scale far too small for its inputs", QUANTIZE_FIRST)
    return add_operands(left, right, output, shift)


def left_shift(output: Value) -> int:
    """Bits by which a sum's sides are shifted to the left before they are rounded."""
    return WIDE_LEFT_SHIFT if output.wide else ADD_LEFT_SHIFT


def emit(
    writer: StageWriter, operands: tuple[Operand, Operand, Operand], shift: int, limits: tuple[int, int]
) -> StageText:
    """The struct of a stage of two values: both and the output, bits of the shift to the left, least and greatest."""
    fields = (*map(operand, operands), writer.row_numbers, shift, *limits)
    return StageText(writer.struct("pairwise_t", fields))


KERNELS = (constants.KERNEL, *TAKING)
"""That make constants and spread values."""
