"""Operators on single numbers of int16 that multiply: QUANTIZE, RELU and its like, LEAKY_RELU.

Sources, below tensorflow/lite/kernels: ``Requantize`` (internal/reference/requantize.h), ``QuantizedReluX``
(activations.cc), ``QuantizeLeakyRelu`` (internal/reference/leaky_relu.h).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.advice import IN_INT8
from edgedigits.firmware_export.graph.arithmetic import activation_range, quantize_multiplier
from edgedigits.firmware_export.graph.formulas import multiply
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

_EACH = Kernel("each16", works_in_place=True)
_RELUS = frozenset({"RELU", "RELU6"})

Scale = tuple[int, int]
"""Multiplier and exponent."""


@dataclass(frozen=True)
class Each(Node):
    """``q = clamp(MBQM(x, multiplier, exponent), low, high)``.

    Attributes:
        above: multiplier and exponent of numbers from 0 on.
        below: those of numbers below 0.
        low: least output.
        high: greatest output.
    """

    above: Scale
    below: Scale
    low: int
    high: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Scaled and clamped."""
        scaled = np.where(given[0] >= 0, multiply(given[0], *self.above), multiply(given[0], *self.below))
        return np.clip(scaled, self.low, self.high)

    def lower(self, lowering: Lowering) -> None:
        """One stage."""
        lowering.append_rows(self, _EACH)


def each(layer: Layer, output: Value, above: float, below: float, activation: str = "NONE") -> OperatorNodes:
    """A node that multiplies.

    Args:
        layer: the operator.
        output: what it makes.
        above: factor of numbers from 0 on.
        below: factor of those below 0.
        activation: that clamps the output.

    Raises:
        EdgedigitsError: products that leave the integers that TFLite has them in.
    """
    scales = quantize_multiplier(above), quantize_multiplier(below)
    for _, exponent in scales:
        layer.check_sums(32768, exponent)
    return layer.made(Each, output, *scales, *activation_range(activation, output))


def read_quantize(layer: Layer, output: Value) -> OperatorNodes:
    """QUANTIZE to another scale: the quotient of scales is a double."""
    ratio = layer.value(0).scale / output.scale
    return each(layer, output, ratio, ratio)


def read_relu(layer: Layer, output: Value) -> OperatorNodes:
    """RELU and RELU6: the quotient of scales is rounded to float32."""
    if layer.operator.name not in _RELUS:
        raise layer.error("works on int16, of which the C library does not compute it", IN_INT8)
    ratio = _quotient(layer.value(0).scale, output.scale)
    return each(layer, output, ratio, ratio, layer.operator.name)


def read_leaky(slope: Callable[[Layer], float]) -> Callable[[Layer, Value], OperatorNodes]:
    """A reader of LEAKY_RELU, given what reads its slope: two factors, of quotients in float32."""

    def read(layer: Layer, output: Value) -> OperatorNodes:
        source, factor = layer.value(0), slope(layer)
        with np.errstate(over="ignore", under="ignore"):
            product = float(np.float32(source.scale) * np.float32(factor))
        return each(layer, output, _quotient(source.scale, output.scale), _quotient(product, output.scale))

    return read


def _quotient(left: float, right: float) -> float:
    with np.errstate(over="ignore", under="ignore"):
        found = float(np.float32(left) / np.float32(right))
    return min(found, 2.0**40)


def _emit(writer: StageWriter, node: Each) -> StageText:
    fields = (node.above[0], node.below[0], node.above[1], node.below[1], node.low, node.high, writer.row_numbers)
    return StageText(writer.struct("each16_t", fields))


KERNEL = KernelSource(_EACH, ("each16.c",), "each16_row(stage->layer, rows[0], out)", _emit)
