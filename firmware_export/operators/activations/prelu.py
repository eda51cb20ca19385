"""PRELU: below 0 a slope of its own for each channel or pixel.

Source: ``PreluPrepare`` and ``PreluEval`` (tensorflow/lite/kernels/activations.cc, internal/reference/prelu.h).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, operand
from edgedigits.firmware_export.graph.arithmetic import quantize_multiplier
from edgedigits.firmware_export.graph.formulas import multiply
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Operand, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import lookup, pairwise
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_PRELU = Kernel("prelu", works_in_place=True)


@dataclass(frozen=True)
class Prelu(pairwise.Pairwise):
    """PRELU: of ``x = q - zp`` from 0 on ``MBQM(x, above)``, else ``MBQM(x * (slope - its zp), below)``.

    Attributes:
        above: of the input: its zero point, and how it is brought to the output.
        below: of the slopes: their zero point, and how products are brought to the output.
        zero_point: of the output.
    """

    above: Operand
    below: Operand
    zero_point: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Each side by its own multiplier."""
        real, slopes = self.both(given)
        real = real - self.above.zero_point
        steep = multiply(real, self.above.multiplier, self.above.exponent)
        flat = multiply(real * (slopes - self.below.zero_point), self.below.multiplier, self.below.exponent)
        found: Whole = np.clip(np.where(real >= 0, steep, flat) + self.zero_point, -128, 127)
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage, and one that makes the slopes."""
        self.lower_with(lowering, _PRELU)


def _shape(layer: Layer) -> Sequence[int]:
    made = pairwise.shape(layer)
    if layer.is_constant(0) or not layer.is_constant(1):
        raise layer.error("has slopes that are no constant", LEAVE_OUT)
    if tuple(made) != layer.tensor(0).shape:
        raise layer.error("has slopes that do not fit its input")
    return made


def _read(layer: Layer, output: Value) -> OperatorNodes:
    pair = pairwise.sides(layer, output)
    source, slopes = pair.left, pair.right
    lookup.check_ratio(layer, source.scale * max(1.0, slopes.scale) / output.scale)
    with np.errstate(over="ignore", under="ignore"):
        above = float(np.float32(source.scale) / np.float32(output.scale))
        below = float(np.float32(source.scale) * np.float32(slopes.scale) / np.float32(output.scale))
    sides = (
        Operand(source.zero_point, *quantize_multiplier(above)),
        Operand(slopes.zero_point, *quantize_multiplier(below)),
    )
    layer.check_sums(255 * 255, sides[1].exponent)
    node = Prelu(layer.name, pair.inputs, layer.output, pair.constant, *sides, output.zero_point)
    return OperatorNodes((node,), {layer.output: output})


def _emit(writer: StageWriter, node: Prelu) -> StageText:
    operands = (operand(node.above), operand(node.below), operand(Operand(node.zero_point, 0, 0)))
    return StageText(writer.struct("pairwise_t", (*operands, writer.row_numbers, 0, -128, 127)))


OPERATOR = Operator(
    names=("PRELU",),
    shape=_shape,
    read=_read,
    kernels=(
        KernelSource(_PRELU, ("prelu.c",), "prelu_row(stage->layer, rows[0], SECOND, out)", _emit),
        *pairwise.KERNELS,
    ),
)
