"""MINIMUM and MAXIMUM of two values, either of which may be spread over the other; all have one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.arithmetic import table
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import lookup, pairwise
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_EXTREME = Kernel("extreme", works_in_place=True)
_EXTREME16 = Kernel("extreme16", works_in_place=True)


@dataclass(frozen=True)
class Extreme(pairwise.Pairwise):
    """The greater or the lesser of two.

    Attributes:
        greater: which of both.
    """

    greater: bool

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """One of both."""
        found: Whole = (np.maximum if self.greater else np.minimum)(*self.both(given))
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage, and one that makes the constant."""
        self.lower_with(lowering, _EXTREME16 if lowering.is_wide(self.output) else _EXTREME)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    """A limit that is the same for all is a table of 256 outputs."""
    pair = pairwise.sides(layer, output)
    for side in (pair.left, pair.right):
        layer.check_same_scale(side, output)
    greater = layer.operator.name == "MAXIMUM"
    if pair.constant is not None and pair.constant.size == 1 and not output.wide:
        limit, choose = int(pair.constant.ravel()[0]), max if greater else min
        node = lookup.Lookup(layer.name, pair.inputs, layer.output, table(lambda q: choose(q, limit)))
        return OperatorNodes((node,), {layer.output: output})
    extreme = Extreme(layer.name, pair.inputs, layer.output, pair.constant, greater)
    return OperatorNodes((extreme,), {layer.output: output})


def _emit(writer: StageWriter, node: Extreme) -> StageText:
    kind = "extreme16_t" if writer.target.wide else "extreme_t"
    return StageText(writer.struct(kind, (writer.row_numbers, int(node.greater))))


OPERATOR = Operator(
    names=("MINIMUM", "MAXIMUM"),
    shape=pairwise.shape,
    read=_read,
    options="MaximumMinimumOptions",
    kernels=(
        KernelSource(_EXTREME, ("extreme.c",), "extreme_row(stage->layer, rows[0], SECOND, out)", _emit),
        KernelSource(_EXTREME16, ("extreme16.c",), "extreme16_row(stage->layer, rows[0], SECOND, out)", _emit),
        lookup.KERNEL,
        *pairwise.KERNELS,
    ),
    wide=_read,
    any_axes=True,
)
