"""AVERAGE_POOL_2D."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.formulas import taps
from edgedigits.firmware_export.graph.model import Graph, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import pooling
from edgedigits.firmware_export.operators.shared.spatial import lower_rows
from edgedigits.firmware_export.operators.wide import pooling as wide
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_AVERAGE = Kernel("pool_average")
_TOTAL = Kernel("pool_total")


@dataclass(frozen=True)
class AveragePool(pooling.Pool):
    """The sum of the stored ``x`` over the n taps inside the input, divided by n and rounded half away from zero.

    ``(sum + n / 2) / n`` for sums above 0, else ``(sum - n / 2) / n``, with C's division; low and high clamp
    afterwards.
    """

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Averages."""
        made = graph.values[self.output].shape[:2]
        total = taps(given[0], self.window, made, 0).sum((2, 3))
        count = taps(np.ones_like(given[0]), self.window, made, 0).sum((2, 3))
        found: Whole = np.clip(np.sign(total) * ((np.abs(total) + count // 2) // count), self.low, self.high)
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage: over a whole picture one that takes row by row in, where rows are asked for."""
        if lowering.by_rows and self._is_of_everything(lowering):
            lower_rows(self, _TOTAL, 4, lowering)
        else:
            self.lower_with(lowering, _AVERAGE)

    def _is_of_everything(self, lowering: Lowering) -> bool:
        """True where the only window reaches over all of several rows."""
        given = lowering.shape(self.inputs[0])[:2]
        reach = (size - before for size, before in zip(self.window.size, self.window.before, strict=True))
        whole = all(length <= most for length, most in zip(given, reach, strict=True))
        return whole and given[0] > 1 and lowering.shape(self.output)[:2] == (1, 1)


def _emit_total(writer: StageWriter, node: AveragePool) -> StageText:
    return StageText(writer.struct("pool_total_t", (*writer.source.shape, node.low, node.high)))


OPERATOR = Operator(
    names=("AVERAGE_POOL_2D",),
    shape=pooling.shape,
    read=pooling.read_pool(AveragePool),
    options="Pool2DOptions",
    kernels=(
        KernelSource(_AVERAGE, ("pool_average.c",), "pool_average_row(stage->layer, rows, out)", pooling.emit),
        wide.AVERAGE_KERNEL,
        KernelSource(
            _TOTAL,
            ("pool_total.c",),
            "pool_total_row(stage->layer, rows[0], y, (int32_t *)(void *)scratch, out)",
            _emit_total,
        ),
    ),
    wide=pooling.read_pool(wide.WideAveragePool),
)
