"""How an operator is added: copy this file to ``<kind>/<tflite_name>.py``, fill it in, name it in ``registry.py``.

Here stands ABS as it would be with a kernel of its own. What is computed element by element needs none: see
``activations/relu.py``, which gives its 256 outputs to ``shared/lookup.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel

# What planning has to know: whether a row may be written where its input lies, byte by byte.
_ABS = Kernel("abs", works_in_place=True)


@dataclass(frozen=True)
class Abs(Node):
    """What is computed, as a formula, with the source of the formula.

    Attributes:
        zero_point: of input and output. Constants of the operator stand here, as the kernel needs them.
    """

    zero_point: int

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """The same as the C in NumPy: it is the reference where TFLite 2.14 is not installed."""
        found: Whole = np.clip(np.abs(given[0] - self.zero_point) + self.zero_point, -128, 127)
        return found

    def lower(self, lowering: Lowering) -> None:
        """Which stages it becomes; this one makes each row of the same row of its input."""
        lowering.append_rows(self, _ABS)


def _shape(layer: Layer) -> Sequence[int]:
    """The output's shape with its batch, from the inputs; the file's must be the same."""
    layer.arity(1, 1)  # one input, one output, neither missing
    layer.value(0)  # an int8 value with one scale, not a constant
    return layer.tensor(0).shape


def _read(layer: Layer, output: Value) -> OperatorNodes:
    """Refuse what cannot be computed exactly, with words that tell the user what to do; else make the node."""
    layer.check_same_scale(layer.value(0), output)
    return layer.made(Abs, output, output.zero_point)


def _emit(writer: StageWriter, node: Any) -> StageText:
    """The constants as C: fields of a struct that stands in ``types.h`` or in the kernel's file."""
    return StageText(writer.struct("abs_t", (writer.row_numbers, node.zero_point)))


OPERATOR = Operator(
    names=("ABS",),
    shape=_shape,
    read=_read,
    options="",  # TFLite's name of its table of options, such as LeakyReluOptions
    kernels=(KernelSource(_ABS, ("abs.c",), "abs_row(stage->layer, rows[0], out)", _emit),),
)
