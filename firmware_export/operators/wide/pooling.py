"""MAX_POOL_2D and AVERAGE_POOL_2D of int16."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.formulas import taps
from edgedigits.firmware_export.graph.model import Graph, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.shared import pooling
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_MAX = Kernel("pool_max16")
_AVERAGE = Kernel("pool_average16")


@dataclass(frozen=True)
class WideMaxPool(pooling.Pool):
    """The greatest of the taps inside the input."""

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Maxima."""
        greatest = taps(given[0], self.window, graph.values[self.output].shape[:2], -32768).max((2, 3))
        found: Whole = np.clip(greatest, self.low, self.high)
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage."""
        self.lower_with(lowering, _MAX)


@dataclass(frozen=True)
class WideAveragePool(pooling.Pool):
    """The sum over the n taps inside the input, divided by n and rounded half away from zero, as of int8."""

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


def _emit(writer: StageWriter, node: pooling.Pool) -> StageText:
    fields = (
        *writer.target.shape[1:],
        writer.source.shape[1],
        *node.window.size,
        node.window.stride[1],
        node.window.before[1],
        node.low,
        node.high,
    )
    return StageText(writer.struct("pool16_t", fields))


MAX_KERNEL = KernelSource(_MAX, ("pool_max16.c",), "pool_max16_row(stage->layer, rows, out)", _emit)
AVERAGE_KERNEL = KernelSource(_AVERAGE, ("pool_average16.c",), "pool_average16_row(stage->layer, rows, out)", _emit)
