"""RESIZE_NEAREST_NEIGHBOR of rows and columns.

Source: ``GetNearestNeighbor`` (tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h): the place in the
input that an output's place is scaled to, in float32.
"""

from __future__ import annotations

import math

import numpy as np

from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import picking


def _read(layer: Layer, output: Value) -> OperatorNodes:
    corners, centers = bool(layer.option("AlignCorners")), bool(layer.option("HalfPixelCenters"))
    rows, columns = (
        [_nearest(place, given, made, corners, centers) for place in range(made)]
        for given, made in zip(layer.value(0).shape[:2], output.shape[:2], strict=True)
    )
    return picking.pick(layer, output, rows, columns)


def _nearest(place: int, given: int, made: int, corners: bool, centers: bool) -> int:
    corners_meet = corners and made > 1
    ratio = np.float32(given - 1) / np.float32(made - 1) if corners_meet else np.float32(given) / np.float32(made)
    scaled = float(np.float32(place + 0.5 if centers else place) * ratio)
    return max(min(math.floor(scaled + 0.5) if corners else math.floor(scaled), given - 1), 0)


OPERATOR = Operator(
    names=("RESIZE_NEAREST_NEIGHBOR",),
    shape=picking.resized_shape,
    read=_read,
    options="ResizeNearestNeighborOptions",
    kernels=(picking.KERNEL,),
    wide=_read,
)
