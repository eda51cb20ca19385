"""Depthwise convolutions whose weights the plain kernels find as codes of four bits."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.biases import bias_form
from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.c_source.structs import initializer
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.weighted.depthwise_conv_2d import Depthwise, constants, whole_weights
from edgedigits.firmware_export.planning.stages import Kernel, Program, Stage, aligned, filler_bytes
from edgedigits.firmware_export.variants import AVR, PLAIN, VARIANTS

_COMPACT = Kernel("compact depthwise")
_MOST = 16


@dataclass(frozen=True)
class CompactDepthwise(Depthwise):
    """A depthwise convolution of a network with compact weights.

    Attributes:
        values: that its weights have, at most 16.
        codes: of all channels tap by tap, two in a byte, the first one in its low half; none where weights stay.
    """

    values: tuple[int, ...] = ()
    codes: bytes = b""

    def plain_biases(self, zero: int) -> NDArray[np.int64]:
        """Those of the file, or those that take the zero point in: whichever have fewer bytes."""
        return self.biases(zero - self.zero_left(zero))

    def zero_left(self, zero: int) -> int:
        """The input's zero point, where the kernel adds weights up as it unpacks them, else 0."""
        if not self.codes:
            return 0
        return min((zero, 0), key=lambda left: bias_form(self.biases(zero - left)).bytes)

    @property
    def saved(self) -> int:
        """Bytes of flash with the plain kernels; a byte more stands behind weights as they are."""
        return self.weights.size + 1 - len(self.codes) - len(self.values) if self.codes else 0


def with_codes(program: Program) -> Program:
    """The program with codes in each depthwise layer that they make smaller; the same one where there is none."""
    made = [_coded(stage.node) if isinstance(stage.node, Depthwise) else None for stage in program.stages]
    if not any(node and node.codes for node in made):
        return program
    stages = (_stage(stage, node) for stage, node in zip(program.stages, made, strict=True))
    return replace(program, stages=tuple(stages))


def _coded(node: Depthwise) -> CompactDepthwise:
    known = {one.name: getattr(node, one.name) for one in fields(Depthwise)}
    plain = CompactDepthwise(**known)
    weights = node.weights.reshape(-1, node.weights.shape[2]).T.ravel()
    values = np.unique(weights)
    if len(values) > _MOST:
        return plain
    places = np.pad(np.searchsorted(values, weights), (0, len(weights) % 2)).astype(np.uint8).reshape(-1, 2)
    codes = (places[:, 0] | places[:, 1] << 4).astype(np.uint8).tobytes()
    coded = replace(plain, values=tuple(values.tolist()), codes=codes)
    return coded if coded.saved > 0 else plain


def _stage(stage: Stage, node: CompactDepthwise | None) -> Stage:
    if node is None:
        return stage
    more = _unpacked_bytes(node) if node.codes else 0
    scratch = {
        variant: size + (more if variant in {PLAIN.name, AVR.name} else 0) for variant, size in stage.scratch.items()
    }
    return replace(stage, kernel=_COMPACT, node=node, scratch=scratch)


def _unpacked_bytes(node: CompactDepthwise) -> int:
    rows, columns, _ = node.weights.shape
    return aligned(rows * columns)


def _emit(writer: StageWriter, node: CompactDepthwise) -> StageText:
    place = writer.symbol("weights")
    if not node.codes:
        arrays, of = constants(writer, node, whole_weights(writer, node), place)
        places: tuple[object, ...] = ("NULL", "NULL", 0, 0)
    else:
        codes = writer.array("uint8_t", "weights", map(str, node.codes))
        codes += writer.array("int8_t", "values", map(str, node.values))
        weights = f"#if defined(PLAIN)\n{codes}#else\n{whole_weights(writer, node)}#endif\n"
        arrays, of = constants(writer, node, weights, f"UNLESS_CODES({place})")
        behind = filler_bytes(writer.stage, writer.source) + _unpacked_bytes(node)
        at = tuple(max(0, writer.stage.scratch[variant] - behind) for variant in VARIANTS)
        places = (f"CODES({place})", f"CODES({writer.symbol('values')})", at, node.zero_left(writer.source.zero))
    struct = (initializer("depthwise_t", of, writer.stage.title), *places)
    text = arrays + writer.struct("compact_depthwise_t", struct)
    size = len(node.codes) + len(node.values) if node.codes else node.weights.size
    return StageText(text, size, "4-bit codes" if node.codes else "", node.saved)


def _macros(program: Program) -> tuple[str, ...]:
    coded = any(isinstance(stage.node, CompactDepthwise) for stage in program.stages)
    return ("#define COMPACT_DEPTHWISE 1",) if coded else ()


KERNEL = KernelSource(
    _COMPACT,
    ("compact_depthwise.c",),
    "compact_depthwise_row(stage->layer, rows, out, scratch)",
    _emit,
    _macros,
)
