"""AVERAGE_POOL_2D."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgedigits.firmware_export.graph.formulas import taps
from edgedigits.firmware_export.graph.model import Graph, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import pooling
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_AVERAGE = Kernel("pool_average")


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
        """One stage."""
        self.lower_with(lowering, _AVERAGE)


OPERATOR = Operator(
    names=("AVERAGE_POOL_2D",),
    shape=pooling.shape,
    read=pooling.read_pool(AveragePool),
    options="Pool2DOptions",
    kernels=(KernelSource(_AVERAGE, ("pool_average.c",), "pool_average_row(stage->layer, rows, out)", pooling.emit),),
)
