"""Depthwise convolutions whose weights the plain kernels find as codes of four bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.biases import bias_form
from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.c_source.structs import initializer
from edgedigits.firmware_export.graph.model import Node
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.shared.compact_tables import TableUser
from edgedigits.firmware_export.operators.shared.compact_weights import MOST_VALUES, CompactWeights, half_bytes
from edgedigits.firmware_export.operators.weighted.depthwise_conv_2d import Depthwise, constants, whole_weights
from edgedigits.firmware_export.planning.stages import Kernel, Program, Stage, aligned, filler_bytes
from edgedigits.firmware_export.variants import AVR, PLAIN, VARIANTS

_COMPACT = Kernel("compact depthwise")


@dataclass(frozen=True)
class CompactDepthwise(Depthwise):
    """A depthwise convolution of a network with compact weights.

    Attributes:
        compact: codes of four bits of all channels tap by tap, two in a byte, the first one in its low half; None where
            weights stay as they are.
    """

    compact: CompactWeights | None = None

    def plain_biases(self, zero: int) -> NDArray[np.int64]:
        """Those of the file, or those that take the zero point in: whichever have fewer bytes."""
        return self.biases(zero - self.zero_left(zero))

    def zero_left(self, zero: int) -> int:
        """The input's zero point, where the kernel adds weights up as it unpacks them, else 0."""
        if self.compact is None:
            return 0
        return min((zero, 0), key=lambda left: bias_form(self.biases(zero - left)).bytes)

    @property
    def saved(self) -> int:
        """Bytes of flash with the plain kernels."""
        return _whole_bytes(self) - self.compact.size if self.compact else 0


def table_user(place: int, node: Node | None) -> TableUser:
    """A depthwise layer as one whose weights may be codes."""
    assert isinstance(node, Depthwise)
    weights = node.weights.reshape(-1, node.weights.shape[2]).T
    values = tuple(np.unique(weights).tolist())
    own = half_bytes(weights, values) if len(values) <= MOST_VALUES else None
    if own and own.size >= _whole_bytes(node):
        own = None

    def by_table(table: tuple[int, ...]) -> CompactWeights | None:
        return half_bytes(weights, table) if set(values) <= set(table) else None

    return TableUser(place, _whole_bytes(node), own, by_table, under_plain=True)


def _whole_bytes(node: Depthwise) -> int:
    """A byte more stands behind weights as they are."""
    return node.weights.size + 1


def with_codes(program: Program, found: Mapping[int, CompactWeights | None]) -> Program:
    """The program with codes in depthwise layers; the same one where none has some.

    Args:
        program: whose depthwise layers have weights as they are.
        found: how weights lie in flash, by the place of the stage.
    """
    places = [place for place, stage in enumerate(program.stages) if isinstance(stage.node, Depthwise)]
    if not any(found[place] for place in places):
        return program
    stages = list(program.stages)
    for place in places:
        stages[place] = _stage(stages[place], found[place])
    return replace(program, stages=tuple(stages))


def _stage(stage: Stage, made: CompactWeights | None) -> Stage:
    known = {one.name: getattr(stage.node, one.name) for one in fields(Depthwise)}
    node = CompactDepthwise(**known, compact=made)
    more = _unpacked_bytes(node) if made else 0
    scratch = {
        variant: size + (more if variant in {PLAIN.name, AVR.name} else 0) for variant, size in stage.scratch.items()
    }
    return replace(stage, kernel=_COMPACT, node=node, scratch=scratch)


def _unpacked_bytes(node: CompactDepthwise) -> int:
    rows, columns, _ = node.weights.shape
    return aligned(rows * columns)


def _emit(writer: StageWriter, node: CompactDepthwise) -> StageText:
    place = writer.symbol("weights")
    made = node.compact
    if made is None:
        arrays, of = constants(writer, node, whole_weights(writer, node), place)
        places: tuple[object, ...] = ("NULL", "NULL", 0, 0)
    else:
        codes = writer.array("uint8_t", "weights", map(str, made.stream))
        codes += writer.array("int8_t", "values", map(str, made.values)) if made.table_of is None else ""
        weights = f"#if defined(PLAIN)\n{codes}#else\n{whole_weights(writer, node)}#endif\n"
        arrays, of = constants(writer, node, weights, f"UNLESS_CODES({place})")
        behind = filler_bytes(writer.stage, writer.source) + _unpacked_bytes(node)
        at = tuple(max(0, writer.stage.scratch[variant] - behind) for variant in VARIANTS)
        places = (
            f"CODES({place})",
            f"CODES({writer.symbol('values', made.table_of)})",
            at,
            node.zero_left(writer.source.zero),
        )
    struct = (initializer("depthwise_t", of, writer.stage.title), *places)
    text = arrays + writer.struct("compact_depthwise_t", struct)
    return StageText(text, made.size if made else node.weights.size, made.words if made else "", node.saved)


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
