"""The copy that planning puts where a value must lie otherwise than its maker can write it."""

from __future__ import annotations

from typing import Any

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.planning.stages import COPY


def _emit(writer: StageWriter, _node: Any) -> StageText:
    _, width, depth = writer.source.shape
    bytes_ = depth * writer.source.item_bytes
    deeper = writer.target.deeper if writer.target.planar else 1
    return StageText(writer.struct("copy_t", (width, bytes_, writer.target.beside, deeper)))


KERNEL = KernelSource(COPY, ("copy.c",), "copy_row(stage->layer, rows[0], out)", _emit)
