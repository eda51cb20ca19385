"""SQUARED_DIFFERENCE of two values, either of which may be spread over the other.

Source: ``SquaredDifference`` (tensorflow/lite/kernels/squared_difference.cc).
"""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.arithmetic import quantize_multiplier
from edgedigits.firmware_export.graph.formulas import output_of, scaled
from edgedigits.firmware_export.graph.layers import QUANTIZE_FIRST, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Operand, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import pairwise
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_SQUARED_DIFFERENCE = Kernel("squared_difference", works_in_place=True)
_LEFT_SHIFT = 7


@dataclass(frozen=True)
class SquaredDifference(pairwise.Pairwise):
    """``d = MBQM((a - zp_a) << 7, a) - MBQM((b - zp_b) << 7, b)``, then ``q = clamp(zp + MBQM(d * d, out))``.

    Attributes:
        left: of the first input.
        right: of the second input, or of ``constant``.
        output_scale: zero point, multiplier and exponent of the output.
    """

    left: Operand
    right: Operand
    output_scale: Operand

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """The square in the output's scale."""
        left, right = self.both(given)
        difference = scaled(left, self.left, _LEFT_SHIFT) - scaled(right, self.right, _LEFT_SHIFT)
        return output_of(difference * difference, self.output_scale, -128, 127)

    def lower(self, lowering: Lowering) -> None:
        """One stage, and one that makes the constant."""
        self.lower_with(lowering, _SQUARED_DIFFERENCE)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    """Scales of the inputs are doubled in float32; TFLite wants all three multipliers below 1."""
    pair = pairwise.sides(layer, output)
    twice = 2.0 * max(pair.left.scale, pair.right.scale)
    to = twice * twice / ((1 << 2 * _LEFT_SHIFT) * output.scale)
    if not to < 1.0:
        raise layer.error("has an output scale far too small for its inputs", QUANTIZE_FIRST)
    sides = [Operand(side.zero_point, *quantize_multiplier(side.scale / twice)) for side in (pair.left, pair.right)]
    made = Operand(output.zero_point, *quantize_multiplier(to))
    node = SquaredDifference(layer.name, pair.inputs, layer.output, pair.constant, sides[0], sides[1], made)
    return OperatorNodes((node,), {layer.output: output})


def _emit(writer: StageWriter, node: SquaredDifference) -> StageText:
    return pairwise.emit(writer, (node.left, node.right, node.output_scale), _LEFT_SHIFT, (-128, 127))


_CALL = "squared_difference_row(stage->layer, rows[0], SECOND, out)"

OPERATOR = Operator(
    names=("SQUARED_DIFFERENCE",),
    shape=pairwise.shape,
    read=_read,
    options="SquaredDifferenceOptions",
    kernels=(KernelSource(_SQUARED_DIFFERENCE, ("squared_difference.c",), _CALL, _emit), *pairwise.KERNELS),
    any_axes=True,
)
