"""SUB of two values, either of which may be spread over the other.

Source: ``PrepareGeneralSubOp`` (tensorflow/lite/kernels/sub.cc): a sum whose second multiplier is below 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.arithmetic import activation_range
from edgedigits.firmware_export.graph.formulas import multiply, output_of, scaled
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Operand, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import pairwise
from edgedigits.firmware_export.operators.wide import pairs
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_SUB = Kernel("sub", works_in_place=True)
_SUB16 = Kernel("sub16", works_in_place=True)


@dataclass(frozen=True)
class Sub(pairwise.Pairwise):
    """SUB.

    ``q = clamp(zp + MBQM(MBQM((a - zp_a) << 20, a) + MBQM((zp_b - b) << 20, b), out), low, high)``. It is MBQM of what
    has the other sign, since that rounds ties upwards.

    Attributes:
        constant_first: the constant is what is subtracted from.
        left_shift: 20 in TFLite, of int16 15.
        left: of what is subtracted from.
        right: of what is subtracted.
        output_scale: zero point, multiplier and exponent of the output.
        low: least output.
        high: greatest output.
    """

    constant_first: bool
    left_shift: int
    left: Operand
    right: Operand
    output_scale: Operand
    low: int
    high: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """The difference in the output's scale."""
        first, second = self.both(given)
        left, right = (second, first) if self.constant_first else (first, second)
        away = (self.right.zero_point - right) << self.left_shift
        difference = scaled(left, self.left, self.left_shift) + multiply(
            away, self.right.multiplier, self.right.exponent
        )
        return output_of(difference, self.output_scale, self.low, self.high)

    def lower(self, lowering: Lowering) -> None:
        """One stage, and one that makes the constant."""
        kernel = _SUB16 if lowering.is_wide(self.output) else _SUB
        self.lower_with(lowering, kernel, self.constant_first)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    pair = pairwise.sides(layer, output)
    left, right = (pair.right, pair.left) if pair.turned else (pair.left, pair.right)
    operands = pairwise.summands(layer, left, right, output)
    limits = activation_range(layer.activation(), output)
    shift = pairwise.left_shift(output)
    node = Sub(layer.name, pair.inputs, layer.output, pair.constant, pair.turned, shift, *operands, *limits)
    return OperatorNodes((node,), {layer.output: output})


def _emit(writer: StageWriter, node: Sub) -> StageText:
    operands = (node.left, node.right, node.output_scale)
    return pairwise.emit(writer, operands, node.left_shift, (node.low, node.high))


def _emit_wide(writer: StageWriter, node: Sub) -> StageText:
    return pairs.emit(writer, (node.left, node.right, node.output_scale), -1, node.low, node.high)


OPERATOR = Operator(
    names=("SUB",),
    shape=pairwise.shape,
    read=_read,
    options="SubOptions",
    kernels=(
        KernelSource(_SUB, ("sub.c",), "sub_row(stage->layer, rows[0], SECOND, out)", _emit),
        KernelSource(_SUB16, ("add16.c",), "add16_row(stage->layer, rows[0], SECOND, out)", _emit_wide),
        *pairwise.KERNELS,
    ),
    wide=_read,
    any_axes=True,
)
