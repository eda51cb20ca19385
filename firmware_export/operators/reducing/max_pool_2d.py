"""MAX_POOL_2D."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgedigits.firmware_export.graph.formulas import taps
from edgedigits.firmware_export.graph.model import Graph, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import pooling
from edgedigits.firmware_export.operators.shared.convolution import pooled
from edgedigits.firmware_export.operators.wide import pooling as wide
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_MAX = Kernel("pool_max")
_ROWS = Kernel("pool_rows")


@dataclass(frozen=True)
class MaxPool(pooling.Pool):
    """The greatest of the taps inside the input."""

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Maxima."""
        greatest = taps(given[0], self.window, graph.values[self.output].shape[:2], -128).max((2, 3))
        found: Whole = np.clip(greatest, self.low, self.high)
        return found

    def lower(self, lowering: Lowering) -> None:
        """Part of the convolution before it where that can be, else one stage."""
        if self._is_plain():
            maker = lowering.maker(self.inputs[0])
            merged = pooled(maker, self, lowering) if maker and lowering.is_read_once(self.inputs[0]) else None
            if maker and merged:
                lowering.replace_stage(maker, merged)
                return
        self.lower_with(lowering, _ROWS if self._is_of_rows() else _MAX)

    def _is_of_rows(self) -> bool:
        """True where the greatest is one of bytes above one another: windows of one column without activation."""
        return (self.window.size[1], self.window.stride[1]) == (1, 1) and (self.low, self.high) == (-128, 127)

    def _is_plain(self) -> bool:
        """True for 2x2 neighbours without padding and activation."""
        window = self.window
        return (
            window.size == window.stride == (2, 2)
            and window.before == window.after == (0, 0)
            and (self.low, self.high) == (-128, 127)
        )


OPERATOR = Operator(
    names=("MAX_POOL_2D",),
    shape=pooling.shape,
    read=pooling.read_pool(MaxPool),
    options="Pool2DOptions",
    kernels=(
        KernelSource(_MAX, ("pool_max.c",), "pool_max_row(stage->layer, rows, out)", pooling.emit),
        KernelSource(_ROWS, ("pool_rows.c",), "pool_rows_row(stage->layer, rows, out)", pooling.emit),
        wide.MAX_KERNEL,
    ),
    wide=pooling.read_pool(wide.WideMaxPool),
)
