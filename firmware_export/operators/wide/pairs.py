"""Kernels of ADD, SUB and MUL of int16: TFLite computes them as of int8, but for the bits that sums are shifted by.

Sources: add.cc, sub.cc and mul.cc, below tensorflow/lite/kernels.
"""

from __future__ import annotations

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.model import Operand
from edgedigits.firmware_export.planning.stages import Kernel

ADD = Kernel("add16", works_in_place=True)
MUL = Kernel("mul16", works_in_place=True)


def emit(writer: StageWriter, sides: tuple[Operand, Operand, Operand], sign: int, low: int, high: int) -> StageText:
    """The struct of a pair.

    Args:
        writer: of the stage.
        sides: multiplier and exponent of both sides and of the output; of a product those of the output count.
        sign: of the second side: 1, or -1 of a difference.
        low: least output.
        high: greatest output.
    """
    numbers = (number for side in sides for number in (side.multiplier, side.exponent))
    return StageText(writer.struct("pair16_t", (*numbers, sign, low, high, writer.row_numbers)))
