"""ADD of two values, either of which may be spread over the other."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.arithmetic import activation_range
from edgedigits.firmware_export.graph.formulas import output_of, scaled
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Operand, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import pairwise
from edgedigits.firmware_export.operators.wide import pairs
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_ADD = Kernel("add", works_in_place=True)


@dataclass(frozen=True)
class Add(pairwise.Pairwise):
    """ADD.

    ``q = clamp(zp + MBQM(MBQM((a - zp_a) << left_shift, a) + MBQM((b - zp_b) << left_shift, b), out), low, high)``.

    Attributes:
        left: of the first input.
        right: of the second input, or of ``constant``.
        left_shift: 20 in TFLite, of int16 15.
        output_scale: zero point, multiplier and exponent of the output.
        low: least output.
        high: greatest output.
    """

    left: Operand
    right: Operand
    left_shift: int
    output_scale: Operand
    low: int
    high: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """The sum in the output's scale."""
        left, right = self.both(given)
        total = scaled(left, self.left, self.left_shift) + scaled(right, self.right, self.left_shift)
        return output_of(total, self.output_scale, self.low, self.high)

    def lower(self, lowering: Lowering) -> None:
        """One stage, and one that makes the constant."""
        self.lower_with(lowering, pairs.ADD if lowering.is_wide(self.output) else _ADD)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    pair = pairwise.sides(layer, output)
    left, right, to = pairwise.summands(layer, pair.left, pair.right, output)
    limits = activation_range(layer.activation(), output)
    shift = pairwise.left_shift(output)
    node = Add(layer.name, pair.inputs, layer.output, pair.constant, left, right, shift, to, *limits)
    return OperatorNodes((node,), {layer.output: output})


def _emit(writer: StageWriter, node: Add) -> StageText:
    operands = (node.left, node.right, node.output_scale)
    return pairwise.emit(writer, operands, node.left_shift, (node.low, node.high))


def _emit_wide(writer: StageWriter, node: Add) -> StageText:
    return pairs.emit(writer, (node.left, node.right, node.output_scale), 1, node.low, node.high)


OPERATOR = Operator(
    names=("ADD",),
    shape=pairwise.shape,
    read=_read,
    options="AddOptions",
    kernels=(
        KernelSource(_ADD, ("add.c",), "add_row(stage->layer, rows[0], SECOND, out)", _emit),
        KernelSource(pairs.ADD, ("add16.c",), "add16_row(stage->layer, rows[0], SECOND, out)", _emit_wide),
        *pairwise.KERNELS,
    ),
    wide=_read,
    any_axes=True,
)
