"""Constants of one stage as C: arrays, its struct, and how its sums are brought to int8."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.biases import bias_form
from edgedigits.firmware_export.c_source.structs import initializer
from edgedigits.firmware_export.graph.large_sums import LargeSumsError
from edgedigits.firmware_export.graph.model import Operand, Rescaling
from edgedigits.firmware_export.planning.stages import Program, RowValue, Stage

GREATEST_SUM = 2**30
"""Sums stay below this, so that doubling them fits 32 bits."""

PARAMETERS = ("weights", "values", "scaling", "bias", "multiplier", "exponent")
"""What the arrays of a stage that a training decides are called; others hold what functions and layouts are."""

_LINE = 112


@dataclass(frozen=True)
class StageText:
    """A stage in C: the definitions of its arrays and the struct ``layer_<n>``, and the bytes of its weights.

    Attributes:
        text: C.
        weight_bytes: of flash.
        encoding: of the weights, where they are not one byte each.
        saved_bytes: by that encoding.
    """

    text: str
    weight_bytes: int = 0
    encoding: str = ""
    saved_bytes: int = 0


@dataclass(frozen=True)
class StageWriter:
    """Writes the constants of one stage.

    Attributes:
        program: that the stage is of.
        stage: itself.
        place: of the stage in the program.
        name: prefix of every symbol.
    """

    program: Program
    stage: Stage
    place: int
    name: str

    @property
    def source(self) -> RowValue:
        """The first input."""
        return self.program.values[self.stage.inputs[0]]

    @property
    def target(self) -> RowValue:
        """The output."""
        return self.program.values[self.stage.output]

    @property
    def row_numbers(self) -> int:
        """Numbers in a row of the output, without its padding."""
        return self.target.shape[1] * self.target.shape[2]

    def symbol(self, what: str, place: int | None = None) -> str:
        """Name of one constant array, of this stage or of the one at a place."""
        return f"{self.name}_{what}_{self.place if place is None else place}"

    def array(self, kind: str, what: str, numbers: Iterable[str], tail: str = "") -> str:
        """Definition of one constant array."""
        where = f"ALIGNED {self.name.upper()}_WEIGHTS_ATTRIBUTE"
        return f"static const FLASH {kind} {self.symbol(what)}[] {where} = {{\n{lines(numbers)}{tail}}};\n"

    def struct(self, kind: str, fields: Iterable[object]) -> str:
        """Definition of the stage's struct."""
        return f"static const FLASH {kind} layer_{self.place} = {initializer(kind, fields, self.stage.title)};\n"

    def rescaling(
        self,
        rescaling: Rescaling,
        biases: Iterable[str],
        scaling: Iterable[str] | None = None,
        weights: str = "",
        raised: NDArray[np.generic] | None = None,
        once: str | None = None,
    ) -> tuple[str, str]:
        """Arrays of a rescaling, and its initializer inside a struct.

        Args:
            rescaling: of every channel.
            biases: of every channel, as C.
            scaling: where the DSP variant has one array of its own in the place of these, its numbers as C.
            weights: an array more in the place of which it has that one.
            raised: the biases that plain kernels read, where they can be short.
            once: where all channels have one scale, the C condition under which it stands there once; empty for always.
        """
        arrays = self._scales(rescaling, len(rescaling.multipliers))
        if once is not None:
            first = self._scales(rescaling, 1)
            arrays = f"#if {once}\n{first}#else\n{arrays}#endif\n" if once else first
        arrays = self._biases(biases, raised) + arrays + weights
        form = bias_form(raised if self.program.short_constants else None)
        names = ", ".join(self.symbol(what) for what in ("bias", "multiplier", "exponent"))
        names = f"(const FLASH void *){names}" if form.is_short else names  # of int16_t or int8_t
        if scaling is not None:
            own = self.array("int32_t", "scaling", scaling)
            arrays = f"#if defined(WITH_DSP)\n{own}#else\n{arrays}#endif\n"
            names = f"CHANNELS({self.symbol('scaling')}, {names})"
        limits = f"{rescaling.zero_point}, {rescaling.low}, {rescaling.high}, {int(is_rectified(rescaling))}"
        if self.program.short_constants:
            limits += f", {int(once is not None)}, {form.number}"
        return arrays, f"{{{names}, {limits}}}"

    def _biases(self, biases: Iterable[str], raised: NDArray[np.generic] | None) -> str:
        array = self.array("int32_t", "bias", biases)
        form = bias_form(raised if self.program.short_constants else None)
        if raised is None or not form.is_short:
            return array
        return f"#if defined(PLAIN)\n{self.array(form.kind, 'bias', plain(form.stored(raised)))}#else\n{array}#endif\n"

    def _scales(self, rescaling: Rescaling, channels: int) -> str:
        """Arrays of multipliers and exponents of the first channels."""
        return self.array("int32_t", "multiplier", plain(rescaling.multipliers[:channels])) + self.array(
            "int8_t", "exponent", plain(shown_exponents(rescaling)[:channels])
        )

    def check_sums(self, weights: NDArray[np.int8], rescaling: Rescaling) -> None:
        """Raise where a sum of the stage could leave the range in which the arithmetic is exact.

        Args:
            weights: int8 of shape (channels, taps).
            rescaling: its biases and exponents.

        Raises:
            LargeSumsError: it could.
        """
        zero = self.source.zero
        size = np.abs(weights.astype(np.int64)).sum(axis=1) * max(127 - zero, zero + 128, 255)
        size = (size + np.abs(rescaling.bias.astype(np.int64))) * 2 ** np.maximum(rescaling.exponents, 0).astype(
            np.int64
        )
        if np.any(size >= GREATEST_SUM):
            raise LargeSumsError(self.stage.title)


def lines(numbers: Iterable[str]) -> str:
    """Numbers in lines of C, indented."""
    done, line = [], ""
    for number in numbers:
        if len(line) + len(number) > _LINE:
            done.append(f"    {line.rstrip()}\n")
            line = ""
        line += f"{number}, "
    return "".join([*done, f"    {line.rstrip()}\n"] if line else done)


def plain(numbers: NDArray[np.generic]) -> Iterable[str]:
    """Each number of an array as C."""
    return (str(int(number)) for number in numbers.ravel())


def operand(side: Operand) -> str:
    """Initializer of an ``operand_t``."""
    return f"{{{side.multiplier}, {side.exponent}, {side.zero_point}}}"


def is_rectified(rescaling: Rescaling) -> bool:
    """True where the kernels may rescale the short way: see ``rescaling_t`` in ``types.h``."""
    exponents = shown_exponents(rescaling)
    return (
        rescaling.zero_point == rescaling.low == -128
        and rescaling.high == 127
        and bool(np.all((exponents >= -23) & (exponents <= -2)))
    )


def has_one_scale(rescaling: Rescaling) -> bool:
    """Whether one multiplier and one exponent are those of all channels."""
    return all(len(np.unique(numbers)) == 1 for numbers in (rescaling.multipliers, rescaling.exponents))


def shown_exponents(rescaling: Rescaling) -> NDArray[np.int32]:
    """Exponents, int32 of shape (channels,), of products that are 0 whatever they are in the range of the others."""
    return np.where(rescaling.multipliers == 0, -2, rescaling.exponents)
