"""SOFTMAX of int16: two tables of 513 numbers with straight lines between them.

Sources, below tensorflow/lite/kernels: ``SoftmaxPrepare`` (activations.cc), ``SoftmaxInt16``
(internal/reference/softmax.h), ``LUTPopulate`` and ``LUTLookup`` (internal/common.h).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.arithmetic import quantize_multiplier
from edgedigits.firmware_export.graph.formulas import multiply
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, QUANTIZE_FIRST, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

OUTPUT_SCALE = 1 / 32768
LARGEST = 65535
"""Channels, whose exponentials of at most 2**15 make a sum below 2**31."""

_SOFTMAX = Kernel("softmax16", works_in_place=True)
_FURTHEST = 10.0
"""Below the greatest input exponentials count as those of this difference."""
_STEPS = 512


def line_table(function: Callable[[float], float], low: float, high: float) -> NDArray[np.int16]:
    """TFLite's ``LUTPopulate``: a function of [low, high] to [-1, 1) at 513 places as Q0.15.

    A place is moved by half of what the line to its neighbour misses in the middle.
    """
    step = (high - low) / _STEPS
    numbers = []
    for place in range(_STEPS):
        here, there = (function(low + (place + more) * step) * 32768.0 for more in (0, 1))
        middle = _rounded(function(low + place * step + step / 2) * 32768.0)
        missed = _rounded((there + _rounded(here)) / 2) - middle
        numbers.append(_rounded(here) - _rounded(missed / 2))
    numbers.append(_rounded(function(high) * 32768.0))
    return np.clip(np.array(numbers), -32768, 32767).astype(np.int16)


def _rounded(x: float) -> int:
    """Half away from zero."""
    return int(math.copysign(math.floor(abs(x) + 0.5), x))


EXPONENTIALS = line_table(math.exp, -_FURTHEST, 0.0)
RECIPROCALS = line_table(lambda x: 1.0 / (1.0 + x), 0.0, 1.0)


@dataclass(frozen=True)
class WideSoftmax(Node):
    """SOFTMAX over the channels of each pixel, int16 to int16 with scale 1/32768.

    With ``E`` and ``R`` for the tables' lines at numbers from -32768 to 32767::

        e       = E(clamp16(MBQM(x - max(x), multiplier, exponent) + 32767))         (Q0.15)
        h       = leading zeros of sum(e)
        r       = R(clamp16(((sum(e) << (h - 1)) + 2**13 >> 14) - 2**15 - 2**16))
        q       = clamp(e * r + 2**(30 - h) >> (31 - h), 0, 32767)

    Attributes:
        multiplier: of differences, to steps of 10 / 65535.
        exponent: of it.
    """

    multiplier: int
    exponent: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """In 16-bit fixed point."""
        below = multiply(given[0] - given[0].max(2, keepdims=True), self.multiplier, self.exponent)
        powers = _between(EXPONENTIALS, below + 32767)
        total = powers.sum(2, keepdims=True)
        zeros = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)
        shifted = ((total << (zeros - 1)) + (1 << 13)) >> 14
        scale = _between(RECIPROCALS, shifted - (1 << 15) - (1 << 16))
        found: Whole = (powers * scale + (np.int64(1) << (30 - zeros))) >> (31 - zeros)
        return np.clip(found, 0, 32767)

    def lower(self, lowering: Lowering) -> None:
        """One stage."""
        lowering.append_rows(self, _SOFTMAX)


def _between(table: NDArray[np.int16], given: Whole) -> Whole:
    """The line between two numbers of a table at a 16-bit number."""
    given = np.clip(given, -32768, 32767)
    place = (given >> 7) + 256
    base, there = table[place].astype(np.int64), table[place + 1].astype(np.int64)
    found: Whole = base + (((there - base) * (given & 0x7F) + 64) >> 7)
    return found


def read(layer: Layer, output: Value) -> OperatorNodes:
    """A node of it."""
    source, beta = layer.value(0), layer.option("Beta")
    if output.scale != OUTPUT_SCALE:
        raise layer.error("has another output than scale 1/32768", QUANTIZE_FIRST)
    with np.errstate(over="ignore", under="ignore"):
        ratio = float(np.float32(source.scale) * np.float32(beta)) / (_FURTHEST / 65535.0)
    if not (math.isfinite(beta) and ratio >= 2.0**-32):
        raise layer.error("has a beta or an input scale that makes all its outputs equal")
    if ratio >= 1 << 14:
        raise layer.error("has a beta or an input scale of which one step decides all")
    if source.shape[2] > LARGEST:
        raise layer.error(f"has more than {LARGEST} channels", LEAVE_OUT)
    return layer.made(WideSoftmax, output, *quantize_multiplier(ratio))


def _emit(writer: StageWriter, node: WideSoftmax) -> StageText:
    fields = (node.multiplier, node.exponent, *writer.target.shape[1:])
    return StageText(writer.struct("softmax16_t", fields))


KERNEL = KernelSource(_SOFTMAX, ("softmax16.c",), "softmax16_row(stage->layer, rows[0], out)", _emit)
