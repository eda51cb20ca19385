"""Convolutions and dense layers whose weights lie in flash in fewer bytes than one each: see ``compact_weights``."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.c_source.structs import initializer
from edgedigits.firmware_export.graph.model import Node
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.shared import convolution
from edgedigits.firmware_export.operators.shared.compact_weights import AS_IT_IS, CompactWeights, compact
from edgedigits.firmware_export.operators.shared.convolution_text import constants, spare_bytes, whole_weights
from edgedigits.firmware_export.operators.shared.packing import conv_weights
from edgedigits.firmware_export.planning.plan import Plan, laid_out
from edgedigits.firmware_export.planning.stages import Kernel, Program, Stage, aligned, filler_bytes
from edgedigits.firmware_export.variants import AVR, DSP, HELIUM, VARIANTS

_COMPACT = Kernel("compact conv", writes_planes=True)

_WORTH = 0.75
"""A layer is compact where it takes at most this share of its bytes."""

_LEAST = 1024
"""Bytes that a network has to save: unpacking is code, too."""

_UNPACKED = 2560
"""Bytes of weights that are unpacked at a time; each time the windows are gathered anew."""

_UNPACKED_ON_AVR = 256

_LONGEST = 4096
"""Weights of a channel: those of four channels are in the RAM at least."""


@dataclass(frozen=True)
class CompactConv(convolution.Conv):
    """A convolution of a network with compact weights.

    Attributes:
        compact: its weights; None where they stand as they are, one byte each.
    """

    compact: CompactWeights | None = None

    @property
    def taps(self) -> int:
        """Weights of a channel, as the kernels read them."""
        taps: int = conv_weights(self.weights, self.window.dilation[1]).shape[1]
        return taps

    @property
    def one_scale(self) -> bool:
        """Whether one multiplier and one exponent are those of all channels: then they lie in flash once."""
        same = (np.unique(self.rescaling.multipliers), np.unique(self.rescaling.exponents))
        return all(len(numbers) == 1 for numbers in same)

    def is_unpacked(self, variant: str) -> bool:
        """Whether its weights have to be in the RAM."""
        return self.compact is not None or variant == AVR.name

    def block(self, variant: str) -> int:
        """Channels that are made at a time: as many as fit when they are unpacked, in shares that are alike."""
        channels = len(self.weights)
        if not self.is_unpacked(variant):
            return channels
        step, room = (2, _UNPACKED_ON_AVR) if variant == AVR.name else (4, _UNPACKED)
        most = max(step, room // self.taps // step * step)
        return min(channels, -(-channels // -(-channels // most) // step) * step)

    def table_bytes(self, variant: str) -> int:
        """Of what pairs of codes stand for; on an AVR of what codes stand for."""
        if self.compact is None or self.compact.bits == AS_IT_IS:
            return 0
        return aligned(2**self.compact.bits if variant == AVR.name else 2 * 4**self.compact.bits)

    def scale_bytes(self, variant: str) -> int:
        """Of constants of channels that share their scale; Helium kernels read them by fours."""
        if not self.one_scale or variant == AVR.name:
            return 0
        block = self.block(variant)
        return 16 * (-(-block // 2)) if variant == DSP.name else aligned(4 * block + -(-block // 4) * 4)

    def weight_bytes(self, variant: str) -> int:
        """Of unpacked weights."""
        if not self.is_unpacked(variant):
            return 0
        behind = spare_bytes(self.taps) if variant == HELIUM.name else 0
        return aligned(-(-self.block(variant) // 2) * 2 * self.taps + behind)

    def unpacking_bytes(self, variant: str) -> int:
        """Scratch memory beside that of the kernel."""
        return self.table_bytes(variant) + self.scale_bytes(variant) + self.weight_bytes(variant)


def with_compact_weights(made: Plan) -> Plan:
    """The plan with compact weights where they save flash; the same one where they save too little.

    The order of the steps stays, so that a board is compared layer by layer whichever weights it has.
    """
    program = made.program
    stages = [_compacted(stage) if stage.kernel is convolution.CONV else stage for stage in program.stages]
    saved = sum(_saved_bytes(stage.node) for stage in stages)
    return laid_out(replace(program, stages=tuple(stages)), made.schedule) if saved >= _LEAST else made


def _saved_bytes(node: Node | None) -> int:
    if not isinstance(node, CompactConv) or node.compact is None:
        return 0
    return _packed(node).size - node.compact.size


def _compacted(stage: Stage) -> Stage:
    """The stage that unpacks its weights; one whose weights stand as they are goes the same way."""
    conv = stage.node
    assert isinstance(conv, convolution.Conv)
    packed = _packed(conv)
    _, _, columns, depth = conv.weights.shape
    made = compact(packed, columns * depth if conv.window.dilation[1] == 1 else depth)
    if made and (made.size > _WORTH * packed.size or packed.shape[1] > _LONGEST):
        made = None
    known = {field.name: getattr(conv, field.name) for field in fields(convolution.Conv)}
    node = CompactConv(**known, compact=made)
    scratch = {variant: stage.scratch[variant] + node.unpacking_bytes(variant) for variant in VARIANTS}
    return replace(stage, kernel=_COMPACT, node=node, scratch=scratch)


def _packed(conv: convolution.Conv) -> NDArray[np.int8]:
    """Weights as the kernels read them; what fills up an odd channel, which nobody stores, adds no value to them."""
    packed = conv_weights(conv.weights, conv.window.dilation[1])
    if len(conv.weights) % 2 and np.all(conv.weights):
        packed[-1, :, 1] = packed[-1, :, 0]
    return packed


def _emit(writer: StageWriter, node: CompactConv) -> StageText:
    packed = _packed(node)
    arrays, of = constants(writer, node, packed, "NULL", node.one_scale)
    made = node.compact or CompactWeights(AS_IT_IS, False, (), b"")
    if node.compact:
        arrays += writer.array("uint8_t", "weights", map(str, made.stream))
    else:
        arrays += whole_weights(writer, node, packed)
    values = "NULL"
    if made.values:
        arrays += writer.array("int8_t", "values", map(str, made.values))
        values = writer.symbol("values")
    places = zip(*(_places(writer, node, variant) for variant in VARIANTS), strict=True)
    struct = (
        initializer("conv_t", of, writer.stage.title),
        writer.symbol("weights"),
        values,
        *places,
        tuple(node.block(variant) for variant in VARIANTS),
        len(made.values),
        made.bits,
        int(made.zeros),
        int(node.one_scale),
    )
    text = arrays + writer.struct("compact_t", struct)
    if node.compact is None:
        return StageText(text, packed.size)
    return StageText(text, made.size, made.words, packed.size - made.size)


def _places(writer: StageWriter, node: CompactConv, variant: str) -> tuple[int, int, int]:
    """Where table, weights and constants lie, behind the scratch memory of the ordinary kernel."""
    filler = filler_bytes(writer.stage, writer.source)
    table = aligned(writer.stage.scratch[variant] - filler - node.unpacking_bytes(variant))
    scales = table + node.table_bytes(variant)
    return table, scales + node.scale_bytes(variant), scales


def _macros(program: Program) -> tuple[str, ...]:
    nodes = [stage.node for stage in program.stages if isinstance(stage.node, CompactConv)]
    made = [node.compact for node in nodes if node.compact is not None]
    lines = {
        "#define COMPACT_WEIGHTS 1": bool(nodes),
        "#define ONE_SCALE 1": any(node.one_scale for node in nodes),
        "#define WITH_CODES 1": any(weights.bits < AS_IT_IS for weights in made),
        "#define WITHOUT_ZEROS 1 /* bytes */": any(weights.bits == AS_IT_IS for weights in made),
        "#define WITHOUT_ZERO_PAIRS 1 /* codes */": any(weights.zeros and weights.bits < AS_IT_IS for weights in made),
        "#define WITH_SHORT_CODES 1 /* of 1 to 3 bits */": any(weights.bits < 4 for weights in made),
    }
    return tuple(line for line, wanted in lines.items() if wanted)


KERNEL = KernelSource(
    _COMPACT,
    ("compact.c",),
    "compact_row(stage->layer, rows, out, scratch)",
    _emit,
    _macros,
    convolution.KERNEL.fits_dsp,
)
