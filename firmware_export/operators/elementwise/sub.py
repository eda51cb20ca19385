"""SUB of two values, either of which may be spread over the other.

Source: ``PrepareGeneralSubOp`` (tensorflow/lite/kernels/sub.cc): a sum whose second multiplier is below 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, operand
from edgedigits.firmware_export.graph.arithmetic import ADD_LEFT_SHIFT, activation_range
from edgedigits.firmware_export.graph.formulas import multiply, output_of, scaled
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Operand, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import pairwise
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_SUB = Kernel("sub", works_in_place=True)


@dataclass(frozen=True)
class Sub(pairwise.Pairwise):
    """SUB.

    ``q = clamp(zp + MBQM(MBQM((a - zp_a) << 20, a) + MBQM((zp_b - b) << 20, b), out), low, high)``. It is MBQM of what
    has the other sign, since that rounds ties upwards.

    Attributes:
        constant_first: the constant is what is subtracted from.
        left: of what is subtracted from.
        right: of what is subtracted.
        output_scale: zero point, multiplier and exponent of the output.
        low: least output.
        high: greatest output.
    """

    constant_first: bool
    left: Operand
    right: Operand
    output_scale: Operand
    low: int
    high: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """The difference in the output's scale."""
        first, second = self.both(given)
        left, right = (second, first) if self.constant_first else (first, second)
        away = (self.right.zero_point - right) << ADD_LEFT_SHIFT
        difference = scaled(left, self.left, ADD_LEFT_SHIFT) + multiply(
            away, self.right.multiplier, self.right.exponent
        )
        return output_of(difference, self.output_scale, self.low, self.high)

    def lower(self, lowering: Lowering) -> None:
        """One stage, and one that makes the constant."""
        self.lower_with(lowering, _SUB, self.constant_first)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    pair = pairwise.sides(layer, output)
    left, right = (pair.right, pair.left) if pair.turned else (pair.left, pair.right)
    operands = pairwise.summands(layer, left, right, output)
    limits = activation_range(layer.activation(), output)
    node = Sub(layer.name, pair.inputs, layer.output, pair.constant, pair.turned, *operands, *limits)
    return OperatorNodes((node,), {layer.output: output})


def _emit(writer: StageWriter, node: Sub) -> StageText:
    operands = (operand(node.left), operand(node.right), operand(node.output_scale))
    fields = (*operands, writer.row_numbers, ADD_LEFT_SHIFT, node.low, node.high)
    return StageText(writer.struct("pairwise_t", fields))


OPERATOR = Operator(
    names=("SUB",),
    shape=pairwise.shape,
    read=_read,
    options="SubOptions",
    kernels=(
        KernelSource(_SUB, ("sub.c",), "sub_row(stage->layer, rows[0], SECOND, out)", _emit),
        *pairwise.KERNELS,
    ),
    any_axes=True,
)
