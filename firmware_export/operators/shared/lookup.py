"""Operators on single elements: a table of all 256 outputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, plain
from edgedigits.firmware_export.graph.arithmetic import table
from edgedigits.firmware_export.graph.layers import LARGEST_MULTIPLIER, QUANTIZE_FIRST, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

MOST_STEPS = 2.0**31 - 256
"""That TFLite may round to 32 bits."""
NEVER_BELOW = "have a RELU before it, so that the model knows that its input is never below 0"
_INT8 = range(-128, 128)
TABLE = Kernel("table", works_in_place=True)


@dataclass(frozen=True)
class Lookup(Node):
    """An operator on single elements.

    Attributes:
        outputs: int8 of shape (256,): the output for the inputs -128, -127, ... 127.
    """

    outputs: NDArray[np.int8]

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Look every element up."""
        found: Whole = self.outputs.astype(np.int64)[given[0] + 128]
        return found

    def lower(self, lowering: Lowering) -> None:
        """One stage."""
        lowering.append_rows(self, TABLE)


def same_shape(layer: Layer) -> Sequence[int]:
    """The shape of the only input."""
    layer.arity(1, 1)
    layer.value(0)
    return layer.tensor(0).shape


def read_table(outputs: Callable[[Layer, Value, Value], NDArray[np.int8]]) -> Callable[[Layer, Value], OperatorNodes]:
    """A reader of an operator whose outputs a function of layer, input and output gives."""

    def read(layer: Layer, output: Value) -> OperatorNodes:
        return layer.made(Lookup, output, outputs(layer, layer.value(0), output))

    return read


def table_of_reals(layer: Layer, source: Value, output: Value, function: Callable[[float], float]) -> NDArray[np.int8]:
    """The outputs of a function of reals (``LUTPopulate`` in tensorflow/lite/kernels/internal/common.h), in float32.

    ``round(function(scale * (q - zero point)) * (1 / output scale)) + output zero point``.

    Args:
        layer: the operator, for messages.
        source: its input.
        output: its output.
        function: of a float32 number, with a result that is rounded to one.

    Raises:
        EdgedigitsError: an output is beyond the 32 bits that TFLite rounds to.
    """
    with np.errstate(over="ignore", under="ignore"):
        steps = np.float32(1) / np.float32(output.scale)
        reals = [function(float(np.float32(source.scale) * np.float32(q - source.zero_point))) for q in _INT8]
        made = [float(np.float32(real) * steps) for real in reals]
    if not all(abs(one) < MOST_STEPS for one in made):
        raise layer.error("makes numbers far too large for its output scale", QUANTIZE_FIRST)
    return table(lambda q: int(math.copysign(math.floor(abs(made[q + 128]) + 0.5), made[q + 128])) + output.zero_point)


def check_ratio(layer: Layer, ratio: float) -> None:
    """Raise where one step of the input would saturate any output.

    Raises:
        EdgedigitsError: it would.
    """
    if ratio >= LARGEST_MULTIPLIER:
        raise layer.error("has an output scale far too small for its input", QUANTIZE_FIRST)


def _emit(writer: StageWriter, node: Lookup) -> StageText:
    array = writer.array("int8_t", "table", plain(node.outputs))
    return StageText(array + writer.struct("table_t", (writer.symbol("table"), writer.row_numbers)))


KERNEL = KernelSource(TABLE, ("table.c",), "table_row(stage->layer, rows[0], out)", _emit)
