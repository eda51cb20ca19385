"""LOGISTIC and TANH of int16: one table of 256 numbers with straight lines between them.

Sources, below tensorflow/lite/kernels: ``SigmoidPrepare`` and ``TanhPrepare`` (activations.cc), ``Logistic`` and
``Tanh`` (internal/reference/integer_ops/logistic.h and tanh.h).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.layers import QUANTIZE_FIRST, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

OUTPUT_SCALE = 1 / 32768

_SIGMOID = Kernel("sigmoid16", works_in_place=True)
_PLACES = 256
_A_UNIT = 24
"""Places of the table."""
_STEPS_A_UNIT = 4096 * 3
"""Of 1.0, in which an input is looked up."""
_MOST = 32767
_LONGEST_SHIFT = 31


def _numbers() -> list[int]:
    """The logistic function of 0, 1/24, ... as Q0.16, moved by half of what a line misses in the middle."""

    def exact(place: float) -> float:
        return 65536 / (1 + math.exp(-place / _A_UNIT))

    numbers = []
    for place in range(_PLACES - 1):
        missed = exact(place + 0.5) - (exact(place) + exact(place + 1)) / 2
        numbers.append(math.floor(exact(place) + missed / 2 + 0.5))
    return [*numbers, 65535]


NUMBERS = _numbers()


@dataclass(frozen=True)
class Sigmoid(Node):
    """LOGISTIC, or with ``is_tanh`` TANH: ``2 * logistic(2 * x) - 1``, whose lines end at half of the steps.

    ``d = x * multiplier + half >> shift`` steps of 1 / 12288 from zero; for ``|d|`` the table's line; the other side of
    zero is its mirror image.

    Attributes:
        is_tanh: which of both.
        multiplier: of the input.
        shift: to the right.
    """

    is_tanh: bool
    multiplier: int
    shift: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """By the table."""
        half = 1 << self.shift >> 1
        steps = (given[0] * self.multiplier + half) >> self.shift
        bits, numbers = 8 if self.is_tanh else 9, np.array(NUMBERS, np.int64)
        place = np.minimum(np.abs(steps) >> bits, _PLACES - 2)
        within = np.abs(steps) & ((1 << bits) - 1)
        line = (numbers[place] << bits) + within * (numbers[place + 1] - numbers[place])
        beyond = np.abs(steps) >> bits >= _PLACES - 1
        if self.is_tanh:
            line = np.where(beyond, 0xFFFF << 8, line) - (1 << 23)
            return np.where(steps >= 0, line + 128, 127 - line) >> 8
        line = np.where(beyond, 0x7FFF << 10, line)
        found: Whole = np.where(steps >= 0, line + 512, (1 << 25) - line + 511) >> 10
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage."""
        lowering.append_rows(self, _SIGMOID)


def read(layer: Layer, output: Value) -> OperatorNodes:
    """A node of either."""
    if output.scale != OUTPUT_SCALE:
        raise layer.error("has another output scale than 1/32768", QUANTIZE_FIRST)
    factor, shift = layer.value(0).scale * _STEPS_A_UNIT, 0
    if factor == 3.0:
        return layer.made(Sigmoid, output, layer.operator.name == "TANH", 3, 0)
    while factor <= _MOST / 2 and shift < _LONGEST_SHIFT:
        factor, shift = factor * 2, shift + 1
    if factor > _MOST:
        raise layer.error("has an input scale so large that each step saturates", QUANTIZE_FIRST)
    return layer.made(Sigmoid, output, layer.operator.name == "TANH", int(factor), shift)


def _emit(writer: StageWriter, node: Sigmoid) -> StageText:
    return StageText(writer.struct("sigmoid16_t", (node.multiplier, node.shift, int(node.is_tanh), writer.row_numbers)))


KERNEL = KernelSource(_SIGMOID, ("sigmoid16.c",), "sigmoid16_row(stage->layer, rows[0], out)", _emit)
