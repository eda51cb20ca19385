"""What every target is made of: the finished library and the facts that its documents name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.shapes import LineShape
from edgedigits.firmware_export.c_source.library_text import LibraryText
from edgedigits.firmware_export.c_source.names import check_name
from edgedigits.firmware_export.labels import LABEL
from edgedigits.firmware_export.serial.protocol import LONGEST_FRAME, READING_BYTES
from edgedigits.firmware_export.targets.ends import TensorEnds
from edgedigits.firmware_export.variants import VARIANTS

_LIMITS = {"INT8": (-128, 127), "INT16": (-32768, 32767), "UINT8": (0, 255), "FLOAT32": (-math.inf, math.inf)}
"""Of the numbers of a type."""

MOST_SERIAL_LABELS = 256
"""An answer over the serial port has a byte for the label."""

_TAKEN = frozenset(
    """
    all clean help install package test
    main board host_board mps2_board read_digit run_model
    arduino
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic
    stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar unistd wchar wctype
    """.split()  # noqa: SIM905 - fifty quoted words are no easier to read
)
"""Targets that CMake reserves, files that stand beside the library, and headers that ``<name>.h`` would hide (the
second on a disk that does not tell ``Arduino.h`` from ``arduino.h``; the rest: C99 to C17, 7.1.2, and POSIX)."""


@dataclass(frozen=True)
class TestVector:
    """An image or another input, and what the model makes of it.

    Attributes:
        given: one byte a pixel; for a digit of 28x28 784, ink bright on a dark ground, row by row; of a model that
            reads neither digits nor lines its inputs, of the model's own types, little endian, one behind the other.
        output: the outputs of TFLite's reference kernels, of the model's own types, one behind the other.
        text: what they say, of a line network.
    """

    __test__ = False  # its name makes pytest look for tests in it

    given: bytes
    output: tuple[float, ...]
    text: str = ""


@dataclass(frozen=True)
class LibraryFiles(LibraryText):
    """A library that is ready to be packed for an ecosystem.

    Its name is one that ``check_name`` allows.

    Attributes:
        sha256: of the model, lower-case hexadecimal.
        version: of the toolkit that made the library, as ``code_version`` gives it.
        input_bytes: grey bytes of a picture, or of all inputs of the model's own types.
        output_bytes: of all int8 or int16 outputs.
        labels: what each output stands for; empty of a line network, and where nobody named them.
        arena_bytes: working memory by the name of the variant of the kernels.
        vectors: images for the self-test, at least one.
        line: what a line network takes and gives; None of other models.
        types: of the first input and output: ``INT8``, ``INT16``, ``UINT8`` or ``FLOAT32``.
        wide: whether its input and its output are int16 within, and int8 where not.
        tensors: what goes in and comes out of a model that reads neither digits nor lines; None of those.
        blobs: the weights by the variant of the kernels, where the C holds none.
        memories: bytes of each memory that the arena is split into, by the variant of the kernels; the first one is the
            caller's.

    Raises:
        ValueError: a field that does not fit; fields are made by code, so this is a bug and not the user's mistake.
        EdgedigitsError: a name that is no C identifier, or that a file or a target beside the library has.
    """

    sha256: str
    version: str
    input_bytes: int
    output_bytes: int
    labels: tuple[str, ...]
    arena_bytes: Mapping[str, int]
    vectors: tuple[TestVector, ...]
    line: LineShape | None = None
    types: tuple[str, str] = ("INT8", "INT8")
    wide: tuple[bool, bool] = (False, False)
    tensors: TensorEnds | None = None
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    memories: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.name in _TAKEN:
            raise EdgedigitsError(
                f"the name {self.name!r} is taken by a header or a build target",
                f"use another, such as {self.name}_digits",
            )
        low, high = _LIMITS["FLOAT32" if self.tensors else self.types[1]]
        for what, fits in (
            ("sha256", re.fullmatch(r"[0-9a-f]{64}", self.sha256)),
            ("version", re.fullmatch(r"[0-9A-Za-z.+!-]{1,64}", self.version)),
            ("labels", len(self.labels) in self._label_counts),
            ("labels", all(LABEL.fullmatch(label) for label in self.labels)),
            ("arena_bytes", self.arena_bytes and set(VARIANTS).issuperset(self.arena_bytes)),
            ("vectors", self.vectors),
            ("vectors", all(len(vector.given) == self.input_bytes for vector in self.vectors)),
            ("vectors", all(len(vector.output) == self.output_values for vector in self.vectors)),
            ("vectors", all(re.fullmatch(r"[0-9]*", vector.text) for vector in self.vectors)),
            ("vectors", all(low <= value <= high for vector in self.vectors for value in vector.output)),
        ):
            if not fits:
                raise ValueError(f"{what} of a library to pack does not fit: {getattr(self, what)!r:.200}")

    @property
    def _label_counts(self) -> tuple[int, ...]:
        """How many labels there may be."""
        return {"line": (0,), "digit": (self.output_values,), "tensor": (0, self.output_values)}[self.kind]

    @property
    def package_version(self) -> str:
        """The version as package managers want it: three numbers, 0.0.0 where the toolkit does not know its own."""
        found = re.match(r"\d+\.\d+\.\d+", self.version)
        return found.group() if found else "0.0.0"

    @property
    def serial_fits(self) -> bool:
        """Whether an input, and the answer to it, fit one frame of the serial protocol."""
        return max(self.input_bytes, READING_BYTES + self.output_bytes) <= LONGEST_FRAME

    @property
    def kind(self) -> str:
        """``digit``, ``line`` or ``tensor``: what the functions around the network are made for."""
        return "line" if self.line else "tensor" if self.tensors else "digit"

    @property
    def answers_label(self) -> bool:
        """Whether an answer over the serial port names the best output: a digit, or one of labels that a byte holds."""
        return self.kind == "digit" or 0 < len(self.labels) <= MOST_SERIAL_LABELS

    @property
    def output_values(self) -> int:
        """Numbers of an output."""
        return self.output_bytes // (2 if self.wide[1] else 1)
