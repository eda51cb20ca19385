"""Bytes of flash that a library's parameters take, counted in its C without a compiler."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from edgedigits.firmware_export.c_source.numbers import constants_of
from edgedigits.firmware_export.library import LibraryExport
from edgedigits.firmware_export.variants import PLAIN

_WEIGHTS, _BIASES, _SCALES, _TABLES = range(4)
_PARTS = {
    "weights": _WEIGHTS,
    "bias": _BIASES,
    "multiplier": _SCALES,
    "exponent": _SCALES,
    "scaling": _SCALES,
    "values": _TABLES,
}
"""Which part the arrays of a layer are, by what the C calls them; ``scaling`` is the DSP kernels'."""


@dataclass(frozen=True)
class ParameterBytes:
    """What training a network fills, as it lies in flash.

    Attributes:
        weights: as they are, or their codes.
        biases: of the channels.
        scales: multipliers and exponents; where the DSP kernels read them among biases and weights, these, too.
        tables: of what codes stand for.
    """

    weights: int = 0
    biases: int = 0
    scales: int = 0
    tables: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.weights + self.biases + self.scales + self.tables


def parameter_bytes(library: LibraryExport, variant: str = PLAIN.name) -> ParameterBytes:
    """Bytes of the parameters of a library; the compiler counts the same ones in ``firmware_report``.

    Tables of functions (softmax, tanh) and the structs of layers are no parameters.

    Args:
        library: whose C holds its weights.
        variant: of the kernels.

    Raises:
        ValueError: the weights lie outside of the C.
    """
    return _sum(layer_parameter_bytes(library, variant))


def layer_parameter_bytes(library: LibraryExport, variant: str = PLAIN.name) -> tuple[ParameterBytes, ...]:
    """The same of each stage, in their order."""
    if library.blobs:
        raise ValueError("the weights of this library lie outside of it")
    return tuple(_of_stage(text, library.recipe.name, variant) for text in library.stage_texts)


def _of_stage(text: str, name: str, variant: str) -> ParameterBytes:
    sizes = [0, 0, 0, 0]
    for array, size in constants_of(variant).array_bytes(text).items():
        found = re.fullmatch(rf"{re.escape(name)}_(\w+)_\d+", array)
        if found and found[1] in _PARTS:
            sizes[_PARTS[found[1]]] += size
    return ParameterBytes(*sizes)


def _sum(parts: Iterable[ParameterBytes]) -> ParameterBytes:
    rows = [(one.weights, one.biases, one.scales, one.tables) for one in parts]
    return ParameterBytes(*(sum(column) for column in zip(*rows, strict=True)))
