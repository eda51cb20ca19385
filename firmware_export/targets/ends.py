"""What goes in and comes out of a model that reads neither digits nor lines, as templates want it."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from edgedigits.firmware_export.library.typed_functions import C_TYPES

FORMATS = {"INT8": "b", "INT16": "h", "UINT8": "B", "FLOAT32": "f"}
"""Of the module ``struct``."""


@dataclass(frozen=True)
class TensorEnd:
    """One input or output.

    Attributes:
        name: in functions and, in capitals, in macros: ``input``, or of several ``input_image``.
        member: of the struct of inputs or outputs; empty where there is one of each.
        type: ``INT8``, ``INT16``, ``UINT8`` or ``FLOAT32``.
        size: numbers.
        words: for people: shape, scale and zero point.
        start: numbers of the inputs or outputs before it, one behind the other.
        start_bytes: the bytes of these, in their own types.
        from_bytes: whether the library makes it of the bytes of a picture.
        wide: whether it is int16 inside, else int8.
    """

    name: str
    member: str
    type: str
    size: int
    words: str
    start: int = 0
    start_bytes: int = 0
    from_bytes: bool = False
    wide: bool = False

    @property
    def macro(self) -> str:
        """The name in macros."""
        return self.name.upper()

    @property
    def array(self) -> str:
        """What its test vectors are called behind the library's name."""
        return f"vector_{self.name}" if self.member else f"vector_{self.name}s"

    @property
    def inner(self) -> str:
        """C type of the values inside."""
        return "int16_t" if self.wide else "int8_t"

    @property
    def c_type(self) -> str:
        """Of its numbers, outside of the network."""
        return C_TYPES[self.type]

    @property
    def own_bytes(self) -> int:
        """Of all its numbers, in its own type."""
        return self.size * struct.calcsize(FORMATS[self.type])

    @property
    def conversion(self) -> str:
        """How the function ends that turns its type into that inside or back; empty of int8 and int16."""
        return {"FLOAT32": "float", "UINT8": "uint8"}.get(self.type, "")

    def given(self, vector: bytes) -> Sequence[float]:
        """The numbers of this input among the bytes of all of them."""
        part = vector[self.start_bytes : self.start_bytes + self.own_bytes]
        return struct.unpack(f"<{self.size}{FORMATS[self.type]}", part)

    def made(self, vector: Sequence[float]) -> Sequence[float]:
        """The numbers of this output among those of all of them."""
        return vector[self.start : self.start + self.size]


@dataclass(frozen=True)
class TensorEnds:
    """All inputs and outputs.

    Attributes:
        inputs: in the model's order.
        outputs: likewise.
        given_from: what the test inputs are, for people.
    """

    inputs: tuple[TensorEnd, ...]
    outputs: tuple[TensorEnd, ...]
    given_from: str

    @property
    def plain(self) -> bool:
        """Whether there is one of each, and no struct of them."""
        return len(self.inputs) == len(self.outputs) == 1

    @property
    def all(self) -> tuple[TensorEnd, ...]:
        """Inputs, then outputs."""
        return self.inputs + self.outputs

    @property
    def floats(self) -> bool:
        """Whether one is float32."""
        return any(end.type == "FLOAT32" for end in self.all)

    @property
    def float_inputs(self) -> bool:
        """Whether an input is."""
        return any(end.type == "FLOAT32" for end in self.inputs)

    @property
    def float_outputs(self) -> bool:
        """Whether an output is."""
        return any(end.type == "FLOAT32" for end in self.outputs)
