"""Operators that give the same bytes another shape."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value, Whole
from edgedigits.firmware_export.planning.lowering import Lowering


@dataclass(frozen=True)
class Reshape(Node):
    """RESHAPE, SQUEEZE, EXPAND_DIMS: the same bytes under another shape."""

    @property
    def keeps_bytes(self) -> bool:
        """It does nothing else."""
        return True

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """What is given."""
        return given[0]

    def lower(self, lowering: Lowering) -> None:
        """No stage."""
        lowering.view(self.output, self.inputs[0])


def read(layer: Layer, output: Value) -> OperatorNodes:
    """A node of any of them."""
    return layer.made(Reshape, output)
