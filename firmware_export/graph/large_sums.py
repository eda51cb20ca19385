"""Sums too large for the C library: which layer makes them, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.errors import EdgedigitsError

if TYPE_CHECKING:
    from edgedigits.core.tflite.file import Tensor
    from edgedigits.firmware_export.graph.layers import Layer

TINY = 1e-6
"""A scale below it comes of numbers that were all about zero."""

BEYOND = "can make sums beyond 32 bits"
_SHOW_MORE = (
    "quantize the model again with representative inputs for which it is not, or build the network without the layer"
)
_TRAIN = "train the network again, or build it without the layer"
_SHRINK = "choose a smaller layer, or quantize the model again"


class LargeSumsError(EdgedigitsError):
    """A layer can make sums beyond what the kernels are exact for; its file is not known here.

    Attributes:
        node: words that begin with its name: TFLite's name of the operator and its place in the file.
        otherwise: a way out besides those that the model's file tells; empty where there is none.
    """

    def __init__(self, node: str, otherwise: str = "") -> None:
        super().__init__(f"{node} {BEYOND}", f"{_TRAIN}{otherwise}")
        self.node = node
        self.otherwise = otherwise

    @property
    def place(self) -> int:
        """Of the operator in the file."""
        return int(self.node.split()[1])


def why_large(layer: Layer) -> tuple[str, str]:
    """Why a layer's sums are large, as its scales tell it, and what to do."""
    value = 2 if layer.operator.name == "TRANSPOSE_CONV" else 0
    source, made = layer.tensor(value), layer.output_tensor
    for which, tensor in (("input", source), ("output", made)):
        if (scale := min(tensor.scales, default=1.0)) < TINY:
            named = f"its {which}{_called(layer, tensor)}"
            return f"{BEYOND}: {named} was about zero for all representative inputs (scale {scale:.2g})", _SHOW_MORE
    weights = max(layer.tensor(1).scales, default=1.0) if layer.has(1) else 1.0
    if weights < TINY:
        return f"{BEYOND}: its weights are all about zero (scale {weights:.2g})", _TRAIN
    if layer.has(2) and layer.is_constant(2):
        return f"{BEYOND}: its biases are out of proportion to its weights", _TRAIN
    return BEYOND, _SHRINK


def _called(layer: Layer, tensor: Tensor) -> str:
    name = layer.called(tensor)
    return f" {name}" if name else ""
