"""MUL of two values, either of which may be spread over the other."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.arithmetic import activation_range, mul_output
from edgedigits.firmware_export.graph.formulas import output_of
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Operand, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import lookup, pairwise
from edgedigits.firmware_export.operators.wide import pairs
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_MUL = Kernel("mul", works_in_place=True)


@dataclass(frozen=True)
class Mul(pairwise.Pairwise):
    """MUL: ``q = clamp(zp + MBQM((a - zp_a) * (b - zp_b), multiplier, exponent), low, high)``.

    Attributes:
        zero_points: of the two inputs.
        output_scale: zero point, multiplier and exponent of the output.
        low: least output.
        high: greatest output.
    """

    zero_points: tuple[int, int]
    output_scale: Operand
    low: int
    high: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """The product in the output's scale."""
        left, right = self.both(given)
        product = (left - self.zero_points[0]) * (right - self.zero_points[1])
        return output_of(product, self.output_scale, self.low, self.high)

    def lower(self, lowering: Lowering) -> None:
        """One stage, and one that makes the constant."""
        self.lower_with(lowering, pairs.MUL if lowering.is_wide(self.output) else _MUL)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    pair = pairwise.sides(layer, output)
    lookup.check_ratio(layer, pair.left.scale * pair.right.scale / output.scale)
    to = mul_output(pair.left, pair.right, output)
    layer.check_sums(1 << 30 if output.wide else 255 * 255, to.exponent)
    zeros = (pair.left.zero_point, pair.right.zero_point)
    limits = activation_range(layer.activation(), output)
    node = Mul(layer.name, pair.inputs, layer.output, pair.constant, zeros, to, *limits)
    return OperatorNodes((node,), {layer.output: output})


def _emit(writer: StageWriter, node: Mul) -> StageText:
    left, right = (Operand(zero, 0, 0) for zero in node.zero_points)
    return pairwise.emit(writer, (left, right, node.output_scale), 0, (node.low, node.high))


def _emit_wide(writer: StageWriter, node: Mul) -> StageText:
    to = node.output_scale
    return pairs.emit(writer, (to, to, to), 1, node.low, node.high)


OPERATOR = Operator(
    names=("MUL",),
    shape=pairwise.shape,
    read=_read,
    options="MulOptions",
    kernels=(
        KernelSource(_MUL, ("mul.c",), "mul_row(stage->layer, rows[0], SECOND, out)", _emit),
        KernelSource(pairs.MUL, ("mul16.c",), "mul16_row(stage->layer, rows[0], SECOND, out)", _emit_wide),
        *pairwise.KERNELS,
    ),
    wide=_read,
    any_axes=True,
)
