"""RESIZE_BILINEAR of rows and columns.

Source: ``ResizeBilinear`` for int8 (tensorflow/lite/kernels/internal/reference/resize_bilinear.h): places and shares in
1024ths, by whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, plain
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared.picking import TALLEST, resized_shape
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text

_BILINEAR = Kernel("bilinear")
_ONE = 1 << 10


@dataclass(frozen=True)
class ResizeBilinear(Node):
    """``(sum of four neighbours, each times two shares, + or - 2**19) / 2**20`` with C's division.

    Attributes:
        rows: of each output row the upper row, the lower one and its share of 1024: uint16 of shape (height, 3).
        columns: of each output column likewise, of shape (width, 3).
    """

    rows: NDArray[np.uint16]
    columns: NDArray[np.uint16]

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Between four."""
        upper, lower, down = self.rows.astype(np.int64).T
        left, right, aside = self.columns.astype(np.int64).T
        down, aside = down[:, None, None], aside[:, None]
        tall = given[0][upper] * (_ONE - down) + given[0][lower] * down
        total = tall[:, left] * (_ONE - aside) + tall[:, right] * aside
        found: Whole = np.sign(total) * ((np.abs(total) + (1 << 19)) >> 20)
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage, each step of which may read every row."""
        given, shape = lowering.shape(self.inputs[0]), lowering.shape(self.output)
        title = f"{self.name} {shape_text(given)} -> {shape_text(shape)}"
        stage = Stage(title, _BILINEAR, self, self.inputs, self.output, steps=shape[0], rows=given[0], step=0)
        lowering.append(stage)


def _read(layer: Layer, output: Value) -> OperatorNodes:
    source = layer.value(0)
    layer.check_same_scale(source, output)
    corners, centers = bool(layer.option("AlignCorners")), bool(layer.option("HalfPixelCenters"))
    if corners and centers:
        raise layer.error("aligns corners and centers of pixels, which TFLite refuses")
    if source.shape[0] > TALLEST:
        raise layer.error(f"has an input of more than {TALLEST} rows", LEAVE_OUT)
    rows, columns = (
        np.array(_shares(given, made, corners, centers), np.uint16)
        for given, made in zip(source.shape[:2], output.shape[:2], strict=True)
    )
    return layer.made(ResizeBilinear, output, rows, columns)


def _shares(given: int, made: int, corners: bool, centers: bool) -> list[tuple[int, int, int]]:
    """Of each place along one axis of the output both neighbours and the share of the second one."""
    ends = int(corners and made > 1)
    scale = (_ONE * (given - ends) + (made - ends) // 2) // (made - ends)
    found = []
    for place in range(made):
        at = place * scale + (scale // 2 - _ONE // 2 if centers else 0)
        low = max(at // _ONE, 0)
        high = min(-(-at // _ONE), given - 1)
        found.append((low, high, at - _ONE * low) if high > low else (low, low, 0))
    return found


def _emit(writer: StageWriter, node: ResizeBilinear) -> StageText:
    arrays = writer.array("uint16_t", "rows", plain(node.rows))
    arrays += writer.array("uint16_t", "columns", plain(node.columns))
    fields = (writer.symbol("rows"), writer.symbol("columns"), *writer.target.shape[1:])
    return StageText(arrays + writer.struct("bilinear_t", fields))


OPERATOR = Operator(
    names=("RESIZE_BILINEAR",),
    shape=resized_shape,
    read=_read,
    options="ResizeBilinearOptions",
    kernels=(KernelSource(_BILINEAR, ("bilinear.c",), "bilinear_row(stage->layer, y, rows, out)", _emit),),
)
