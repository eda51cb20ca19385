"""Convolutions and dense layers whose weights lie in flash in fewer bytes than one each: see ``compact_weights``."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.c_source.biases import BiasForm, bias_form
from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, has_one_scale
from edgedigits.firmware_export.c_source.structs import initializer
from edgedigits.firmware_export.graph.model import Node
from edgedigits.firmware_export.operators.contract import KernelSource
from edgedigits.firmware_export.operators.shared import convolution
from edgedigits.firmware_export.operators.shared.compact_depthwise import CompactDepthwise, table_user, with_codes
from edgedigits.firmware_export.operators.shared.compact_memory import (
    Channels,
    Unpacking,
    little_variants,
    unpacking,
    with_little_scratch,
)
from edgedigits.firmware_export.operators.shared.compact_tables import TableUser, shared_tables
from edgedigits.firmware_export.operators.shared.compact_weights import (
    AS_IT_IS,
    CompactWeights,
    compact,
    compact_by_table,
)
from edgedigits.firmware_export.operators.shared.convolution_text import constants, whole_weights
from edgedigits.firmware_export.operators.shared.dense_rows import DENSE_ROWS
from edgedigits.firmware_export.operators.shared.packing import conv_weights
from edgedigits.firmware_export.operators.weighted.depthwise_conv_2d import Depthwise
from edgedigits.firmware_export.planning.plan import Plan, laid_out
from edgedigits.firmware_export.planning.stages import Kernel, Program, Stage, aligned, filler_bytes
from edgedigits.firmware_export.variants import PLAIN, VARIANTS

_COMPACT = Kernel("compact conv", writes_planes=True)

_WORTH = 0.75
"""A layer is compact unasked where it takes at most this share of its bytes."""

_LEAST = 1024
"""Bytes that a network has to save unasked: unpacking is code, too."""

_LONGEST = 4096
"""Weights of a channel: those of two or four channels are in the RAM at least."""


@dataclass(frozen=True)
class CompactConv(convolution.Conv):
    """A convolution of a network with compact weights.

    Attributes:
        compact: its weights; None where they stand as they are, one byte each.
        memory: how they are unpacked, by variant of the kernels.
        little: whether the plain kernels take little memory.
    """

    compact: CompactWeights | None = None
    memory: dict[str, Unpacking] = field(default_factory=dict)
    little: bool = False

    @property
    def has_whole_fours(self) -> bool:
        """Whether each run of a window's neighbouring bytes is a multiple of four."""
        return run_length(self) % 4 == 0


def run_length(conv: convolution.Conv) -> int:
    """Neighbouring bytes under a window that lie together."""
    _, _, columns, depth = conv.weights.shape
    return int(columns * depth if conv.window.dilation[1] == 1 else depth)


def with_compact_weights(made: Plan, asked: bool) -> Plan:
    """The plan with compact weights where they save flash; the same one where they save too little.

    The order of the steps stays, so that a board is compared layer by layer whichever weights it has.

    Args:
        made: with plain weights.
        asked: whether every byte counts; else only what is worth the time and the memory that unpacking takes.
    """
    program = made.program
    little = little_variants(made.arena_bytes) if asked else frozenset[str]()
    found = _chosen(program, asked)
    stages = [
        _compacted(stage, program, found[place], little) if stage.kernel is convolution.CONV else stage
        for place, stage in enumerate(program.stages)
    ]
    changed = replace(program, stages=tuple(stages), short_constants=True)
    if asked:
        changed = with_codes(changed, found)
    saved = sum(_saved_bytes(stage.node) for stage in changed.stages) + (saved_constants(changed) if asked else 0)
    if saved < (1 if asked else _LEAST):
        return made
    return laid_out(changed, made.schedule)


def _chosen(program: Program, asked: bool) -> dict[int, CompactWeights | None]:
    """How weights lie in flash, by the place of the stage; tables are shared where every byte counts."""
    users = [
        _user(place, stage.node, asked) if stage.kernel is convolution.CONV else table_user(place, stage.node)
        for place, stage in enumerate(program.stages)
        if stage.kernel is convolution.CONV or (asked and isinstance(stage.node, Depthwise))
    ]
    return shared_tables(users) if asked else {user.place: user.own for user in users}


def _user(place: int, node: Node | None, asked: bool) -> TableUser:
    assert isinstance(node, convolution.Conv)
    packed, length = _packed(node), run_length(node)
    short = packed.shape[1] <= _LONGEST
    own = compact(packed, length, any_run=asked) if short else None
    if own and own.size > (packed.size - 1 if asked else _WORTH * packed.size):
        own = None
    return TableUser(place, packed.size, own, lambda table: compact_by_table(packed, length, table) if short else None)


def _saved_bytes(node: Node | None) -> int:
    if isinstance(node, CompactDepthwise):
        return node.saved
    if not isinstance(node, CompactConv) or node.compact is None:
        return 0
    return _packed(node).size - node.compact.size


def saved_constants(program: Program) -> int:
    """Bytes of biases and scales that the plain kernels do without where constants are short."""
    return sum(_saved_constants(stage, program) for stage in program.stages)


def _saved_constants(stage: Stage, program: Program) -> int:
    node = stage.node
    if not isinstance(node, convolution.Weighted) or stage.kernel is DENSE_ROWS:
        return 0
    channels = len(node.rescaling.bias)
    channels += channels % 2 if isinstance(node, convolution.Conv) else 0
    biases = (4 - _bias_form(stage, node, program).bytes) * channels
    return 5 * (channels - 1) * has_one_scale(node.rescaling) + biases


def _bias_form(stage: Stage, node: convolution.Weighted, program: Program) -> BiasForm:
    return bias_form(node.plain_biases(program.values[stage.inputs[0]].zero))


def _has_byte_biases(program: Program) -> bool:
    """Whether a layer's biases are bytes."""
    weighted = [
        (stage, stage.node)
        for stage in program.stages
        if isinstance(stage.node, convolution.Weighted) and stage.kernel is not DENSE_ROWS
    ]
    return program.short_constants and any(_bias_form(*one, program).bytes == 1 for one in weighted)


def _compacted(stage: Stage, program: Program, made: CompactWeights | None, little: frozenset[str]) -> Stage:
    """The stage that unpacks its weights; one whose weights stand as they are goes the same way."""
    conv = stage.node
    assert isinstance(conv, convolution.Conv)
    packed = _packed(conv)
    bits = made.bits if made and made.bits < AS_IT_IS else 0
    layer = Channels(len(conv.weights), packed.shape[1], bits, made is not None, has_one_scale(conv.rescaling))
    filler = filler_bytes(stage, program.values[stage.inputs[0]])
    kernel, groups = {variant: stage.scratch[variant] - filler for variant in VARIANTS}, stage.groups
    if PLAIN.name in little:
        groups, kernel[PLAIN.name] = with_little_scratch(stage, layer.taps, program.values[stage.output].shape[1])
    memory = {variant: unpacking(layer, variant, variant in little, kernel[variant]) for variant in VARIANTS}
    known = {one.name: getattr(conv, one.name) for one in fields(convolution.Conv)}
    node = CompactConv(**known, compact=made, memory=memory, little=PLAIN.name in little)
    scratch = {variant: kernel[variant] + memory[variant].bytes + filler for variant in VARIANTS}
    return replace(stage, kernel=_COMPACT, node=node, scratch=scratch, groups=groups)


def _packed(conv: convolution.Conv) -> NDArray[np.int8]:
    """Weights as the kernels read them; what fills up odd runs and channels adds no value to them.

    It counts nowhere once it is unpacked: channels are not stored, inputs of plain and DSP kernels are filled up with
    zeros, and for Helium kernels the weights are (``compact.c``).
    """
    packed = conv_weights(conv.weights, conv.window.dilation[1])
    if np.all(conv.weights):
        packed[packed == 0] = conv.weights.flat[0]
    return packed


def _emit(writer: StageWriter, node: CompactConv) -> StageText:
    packed = _packed(node) if node.compact else conv_weights(node.weights, node.window.dilation[1])
    arrays, of = constants(writer, node, packed, "NULL")
    made = node.compact or CompactWeights(AS_IT_IS, False, (), b"")
    if node.compact:
        arrays += writer.array("uint8_t", "weights", map(str, made.stream))
    else:
        arrays += whole_weights(writer, node, packed)
    values = "NULL"
    if made.values:
        arrays += writer.array("int8_t", "values", map(str, made.values)) if made.table_of is None else ""
        values = writer.symbol("values", made.table_of)
    places = zip(*(_places(writer, node, variant) for variant in VARIANTS), strict=True)
    struct = (
        initializer("conv_t", of, writer.stage.title),
        writer.symbol("weights"),
        values,
        *places,
        tuple(node.memory[variant].block for variant in VARIANTS),
        len(made.values),
        made.bits,
        int(made.zeros),
        int(has_one_scale(node.rescaling)),
    )
    text = arrays + writer.struct("compact_t", struct)
    if node.compact is None:
        return StageText(text, packed.size)
    return StageText(text, made.size, made.words, packed.size - made.size)


def _places(writer: StageWriter, node: CompactConv, variant: str) -> tuple[int, int, int]:
    """Where table, weights and constants lie, behind the scratch memory of the ordinary kernel."""
    filler = filler_bytes(writer.stage, writer.source)
    memory = node.memory[variant]
    table = aligned(writer.stage.scratch[variant] - filler - memory.bytes)
    scales = table + memory.table
    return table, scales + memory.scales, scales


def _macros(program: Program) -> tuple[str, ...]:
    nodes = [stage.node for stage in program.stages if isinstance(stage.node, CompactConv)]
    made = [node.compact for node in nodes if node.compact is not None]
    lines = {
        "#define COMPACT_WEIGHTS 1": bool(nodes),
        "#define SHORT_CONSTANTS 1": program.short_constants,
        "#define BYTE_BIASES 1 /* of the plain kernels */": _has_byte_biases(program),
        "#define ONE_SCALE 1": any(has_one_scale(node.rescaling) for node in nodes),
        "#define WITH_CODES 1": any(weights.bits < AS_IT_IS for weights in made),
        "#define LITTLE_MEMORY 1 /* of the plain kernels */": any(node.little for node in nodes),
        "#define WITH_ODD_RUNS 1 /* of no whole fours */": any(
            node.compact is not None and not node.has_whole_fours for node in nodes
        ),
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
