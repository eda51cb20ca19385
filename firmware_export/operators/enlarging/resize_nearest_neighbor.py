"""RESIZE_NEAREST_NEIGHBOR of rows and columns.

Source: ``GetNearestNeighbor`` (tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h): the place in the
input that an output's place is scaled to, in float32.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, plain
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text

_RESIZE = Kernel("resize")
_TALLEST = 255
"""Rows that a step may read; they are numbered by bytes in C."""


@dataclass(frozen=True)
class ResizeNearest(Node):
    """Each output is one input; both have one scale and zero point.

    Attributes:
        rows: of each output row the input row, uint8 of shape (height,).
        columns: of each output column the input column, uint16 of shape (width,).
    """

    rows: NDArray[np.uint8]
    columns: NDArray[np.uint16]

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """What is taken."""
        return given[0][self.rows][:, self.columns]

    def lower(self, lowering: Lowering) -> None:
        """One stage, each step of which may read every row."""
        given, shape = lowering.shape(self.inputs[0]), lowering.shape(self.output)
        title = f"{self.name} {shape_text(given)} -> {shape_text(shape)}"
        lowering.append(
            Stage(title, _RESIZE, self, self.inputs, self.output, steps=shape[0], rows=given[0], step=0),
        )


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 2)
    layer.value(0)
    given, size = layer.tensor(0).shape, layer.integers(1)
    if len(given) != 4 or len(size) != 2 or min(size) < 1:
        raise layer.error("has an input without four axes, or another size than rows and columns")
    if given[1] > _TALLEST:
        raise layer.error(f"has an input of more than {_TALLEST} rows", LEAVE_OUT)
    return (given[0], *size, given[3])


def _read(layer: Layer, output: Value) -> OperatorNodes:
    source = layer.value(0)
    layer.check_same_scale(source, output)
    corners, centers = bool(layer.option("AlignCorners")), bool(layer.option("HalfPixelCenters"))
    rows, columns = (
        [_nearest(place, given, made, corners, centers) for place in range(made)]
        for given, made in zip(source.shape[:2], output.shape[:2], strict=True)
    )
    return layer.made(ResizeNearest, output, np.array(rows, np.uint8), np.array(columns, np.uint16))


def _nearest(place: int, given: int, made: int, corners: bool, centers: bool) -> int:
    corners_meet = corners and made > 1
    ratio = np.float32(given - 1) / np.float32(made - 1) if corners_meet else np.float32(given) / np.float32(made)
    scaled = float(np.float32(place + 0.5 if centers else place) * ratio)
    return max(min(math.floor(scaled + 0.5) if corners else math.floor(scaled), given - 1), 0)


def _emit(writer: StageWriter, node: ResizeNearest) -> StageText:
    arrays = writer.array("uint8_t", "rows", plain(node.rows))
    arrays += writer.array("uint16_t", "columns", plain(node.columns))
    fields = (writer.symbol("rows"), writer.symbol("columns"), *writer.target.shape[1:])
    return StageText(arrays + writer.struct("resize_t", fields))


OPERATOR = Operator(
    names=("RESIZE_NEAREST_NEIGHBOR",),
    shape=_shape,
    read=_read,
    options="ResizeNearestNeighborOptions",
    kernels=(KernelSource(_RESIZE, ("resize.c",), "resize_row(stage->layer, y, rows, out)", _emit),),
)
