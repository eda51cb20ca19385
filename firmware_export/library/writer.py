"""From a plan to the two C files; what an operator writes of itself stands with it.

Nothing that stands in the model as text reaches the files: it may come from anyone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Template

from edgedigits.core.contract.contract import DARK, RANGES, InputContract
from edgedigits.core.lines.shapes import LINE_CLASSES, LineShape
from edgedigits.core.lines.strip import BLANK, HEIGHT
from edgedigits.firmware_export.c_source.library_text import LibraryText
from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.c_source.structs import initializer
from edgedigits.firmware_export.c_source.text import warning_comment, wrapped, wrapped_strings
from edgedigits.firmware_export.graph.model import Graph, Value
from edgedigits.firmware_export.library.digit_functions import (
    confidence,
    confidence_note,
    from_bytes,
    from_grey,
    grey_about,
    grey_count,
)
from edgedigits.firmware_export.library.end_header import arena_macros, ends_declared, shape_words, usage
from edgedigits.firmware_export.library.ends import LibraryEnds, library_ends
from edgedigits.firmware_export.library.memory_text import memories_source, memories_words
from edgedigits.firmware_export.library.typed_functions import common_fields, end_fields, floats_remark, typed_functions
from edgedigits.firmware_export.operators.registry import KERNELS
from edgedigits.firmware_export.planning.plan import Plan
from edgedigits.firmware_export.planning.stages import Kernel, Program, filler_bytes
from edgedigits.firmware_export.proof.verdict import remark_on
from edgedigits.firmware_export.variants import VARIANTS

_TEMPLATES = files("edgedigits.firmware_export.library") / "templates"
_KERNEL_FILES = files("edgedigits.firmware_export.operators") / "kernels"
_INCLUDE = re.compile(r'^#include "(\w+\.[ch])"\n', re.MULTILINE)
_FUNCTION = re.compile(r"^(?=[A-Za-z_][^;={}]*\)\n\{)", re.MULTILINE)
"""Where the definition of a function starts: in the first column, with the brace in a line of its own."""
_GUARD = re.compile(r"\A#ifndef (\w+)\n#define \1\n+(.*?)\n#endif\n\Z", re.DOTALL)
_NO_FILLER = 0xFFFF


@dataclass(frozen=True)
class LibraryMetadata:
    """What the files say about the model beside its numbers: see LibraryExport."""

    name: str
    sha256: str
    version: str
    verdict: str
    contract: InputContract | None = None
    line: LineShape | None = None
    labels: tuple[str, ...] = ()
    pictures: tuple[InputContract | None, ...] = ()


def write_library(graph: Graph, plan: Plan, metadata: LibraryMetadata) -> tuple[LibraryText, tuple[StageText, ...]]:
    """The two files, the same for the same graph, plan and metadata, and each stage's part of them."""
    program = plan.program
    layers = [
        KERNELS[stage.kernel].emit(StageWriter(program, stage, place, metadata.name), stage.node)
        for place, stage in enumerate(program.stages)
    ]
    kinds = list(dict.fromkeys(stage.kernel for stage in program.stages))
    ends = library_ends(graph, program, metadata.name)
    code = ends.code(program, metadata.name)
    common: dict[str, object] = {
        "name": metadata.name,
        "NAME": metadata.name.upper(),
        "version": metadata.version,
        "sha256": metadata.sha256,
    }
    common |= common_fields(graph, ends, metadata.name)
    common["title"] = f"{metadata.name}: {graph.macs:,} multiply-accumulates in {len(plan.program.stages)} stages"
    cases = "\n".join(_case(number, kernel, code["second"]) for number, kernel in enumerate(kinds))
    running = common | code | {"memories": memories_source(plan, metadata.name), "cases": cases}
    source = _fill(
        "library.c.in",
        common
        | {
            "kernels": _macros(plan) + _kernels([file for kernel in kinds for file in KERNELS[kernel].files]),
            "tables": "\n".join(
                f"/* {place}: {stage.title} */\n{layer.text}"
                for place, (stage, layer) in enumerate(zip(plan.program.stages, layers, strict=True))
            )
            + _tables(plan, kinds, ends),
            "run": _fill("run.c.in", running),
            "functions": _functions(ends, metadata, common),
        },
    )
    source = _FUNCTION.sub(f"{common['NAME']}_CODE_ATTRIBUTE ", source).rstrip("\n") + "\n"
    text = LibraryText(
        metadata.name,
        _header(graph, plan, ends, metadata, common),
        source,
        inputs=ends.members("input"),
        outputs=ends.members("output"),
    )
    return text, tuple(layers)


def _functions(ends: LibraryEnds, metadata: LibraryMetadata, common: dict[str, object]) -> str:
    """The functions around the network: those of lines, of a digit's picture, of scores that have names."""
    parts = typed_functions(ends, ".c.in", _fill, common)
    source, result = ends.inputs[0].value, ends.outputs[0].value
    if metadata.line:
        return "\n".join([*parts, _fill("line.c.in", common)])
    if metadata.contract:
        grey = from_grey(source, metadata.contract, metadata.name)
        parts.append(_fill("grey.c.in", common | {"from_grey": grey}))
    for end, picture in zip(ends.inputs, metadata.pictures, strict=False):
        if picture:
            body = from_bytes(end.value, picture, f"{common['NAME']}_{end.macro}_BYTES")
            parts.append(_fill("bytes.c.in", common | end_fields(end, metadata.name) | {"from_bytes": body}))
    if metadata.labels:
        fields: dict[str, object] = {
            "confidence": confidence(result, metadata.contract, metadata.name),
            "labels": wrapped_strings(metadata.labels),
            "label_bytes": max(len(label) for label in metadata.labels) + 1,
            "label_count": len(metadata.labels),
        }
        parts.append(_fill("scores.c.in", common | fields))
    return "\n".join(parts)


def _header(graph: Graph, plan: Plan, ends: LibraryEnds, metadata: LibraryMetadata, common: dict[str, object]) -> str:
    fields: dict[str, object] = dict(common)
    result = ends.outputs[0].value
    arena = arena_macros(plan, ends, metadata.name.upper())
    fields["ends"] = ends_declared(ends, arena, _output_words(result, metadata), _fill, common)
    fields["signature"] = ends.code(plan.program, metadata.name)["signature"]
    fields |= memories_words(plan, metadata.name)
    fields["layer_steps"] = len(plan.schedule.order)
    fields["includes"] = ("#include <stddef.h>\n" if metadata.line else "") + "#include <stdint.h>"
    kind = "line" if metadata.line else "digit" if metadata.contract else "tensor"
    fields["usage"] = usage(ends, kind, _fill, common)
    typed = typed_functions(ends, ".h.in", _fill, common)
    fields["functions"] = "".join(typed) + _declarations(ends, metadata, common)
    fields["floats"] = floats_remark(graph)
    fields["warning"] = warning_comment(remark_on(metadata.verdict))
    return _fill("library.h.in", fields)


def _output_words(output: Value, metadata: LibraryMetadata) -> str:
    """What the output is, for the header's comment."""
    if metadata.line or metadata.labels:
        return f"{math.prod(output.shape)} scores"
    return f"{shape_words(output)} values"


def _declarations(ends: LibraryEnds, metadata: LibraryMetadata, common: dict[str, object]) -> str:
    if metadata.line:
        return _line_declarations(metadata.line, common)
    text = ""
    if metadata.contract:
        about = {
            "grey_count": grey_count(metadata.contract, metadata.name),
            "grey_about": grey_about(metadata.contract),
        }
        text += _fill("grey.h.in", common | about)
    for end, picture in zip(ends.inputs, metadata.pictures, strict=False):
        if picture:
            text += _fill("bytes.h.in", common | end_fields(end, metadata.name) | {"range": picture_words(picture)})
    if metadata.labels:
        note = {"confidence_note": confidence_note(ends.outputs[0].value, metadata.contract)}
        text += _fill("scores.h.in", common | note)
    return text


def _line_declarations(line: LineShape, common: dict[str, object]) -> str:
    sizes: dict[str, object] = {
        "rows": HEIGHT,
        "columns": line.width,
        "steps": line.steps,
        "classes": LINE_CLASSES,
        "blank": BLANK,
    }
    return _fill("line.h.in", common | sizes)


def picture_words(contract: InputContract) -> str:
    """What a network is fed of a picture, for the header's comment."""
    mean = "" if contract.range in RANGES[:3] else " (mean, deviation)"
    return f"{contract.range}{mean}" + (", dark and bright exchanged" if contract.polarity == DARK else "")


def _fill(template: str, fields: Mapping[str, object]) -> str:
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    return Template(text).substitute(fields)


def fits_dsp(program: Program) -> bool:
    """Whether the kernels for the DSP extension can compute all stages; where they cannot, plain ones run there."""
    return all(KERNELS[stage.kernel].fits_dsp(stage.node) for stage in program.stages)


def _macros(plan: Plan) -> str:
    """Macros that leave out what no layer of this network needs."""
    program = plan.program
    many = max(_slots(plan, value) for value in program.values) > 256
    lines = ["#define MANY_SLOTS 1 /* more than 256 rows of a value in the arena */"] if many else []
    lines += [] if fits_dsp(program) else ["#define NO_DSP 1 /* a weight of -128 */"]
    lines += [line for source in KERNELS.values() for line in source.macros(program)]
    return "".join(f"{line}\n" for line in lines)


def _kernels(wanted: list[str]) -> str:
    """The kernel files and what they include, each once, without their include lines and guards."""
    done: dict[str, str] = {}

    def take(file: str) -> None:
        if file in done:
            return
        text = (_KERNEL_FILES / file).read_text(encoding="utf-8")
        for included in _INCLUDE.findall(text):
            take(included)
        text = _INCLUDE.sub("", text)
        guarded = _GUARD.match(text)
        done[file] = (guarded[2] if guarded else text).strip() + "\n"

    for file in wanted:
        take(file)
    return "\n".join(done.values())


def _case(number: int, kernel: Kernel, memory: str) -> str:
    row = "row_of(&values[stage->second], (uint16_t)(y - stage->lag)) + values[stage->second].first"
    second = f"{memory} + {row}"
    return f"    case {number}:\n        {KERNELS[kernel].call.replace('SECOND', second)};\n        break;"


def _tables(plan: Plan, kinds: list[Kernel], ends: LibraryEnds) -> str:
    """The arrays ``values``, ``stages`` and ``order``."""
    program = plan.program
    numbers = ends.numbers(program)
    values = []
    for value, place in sorted(numbers.items(), key=lambda pair: pair[1]):
        content = program.values[value]
        root = program.root(value)
        slots = _slots(plan, value)
        offset = tuple(plan.layouts[variant].offsets["value", root] for variant in VARIANTS)
        first = content.before * content.beside
        padded = int(content.before + content.after > 0)
        shape = "x".join(str(length) for length in content.shape)
        fields = (offset, content.row_bytes, slots, content.shape[0], first, content.zero, padded)
        values.append(f"    {initializer('value_t', fields, f'a value of {shape}')}, /* {place}: {shape} */\n")
    stages = "".join(_stage(plan, place, numbers, kinds) for place in range(len(program.stages)))
    order = ", ".join(str(stage) for stage in plan.schedule.order)
    lines = "".join(f"    {line}\n" for line in wrapped(order))
    most = max(stage.rows for stage in program.stages)
    return (
        f"\nenum {{\n{ends.constants(program)}"
        f"    STAGES = {len(program.stages)},\n    STEPS = {len(plan.schedule.order)},\n"
        f"    MOST_ROWS = {max(most, 3)}, /* the kernels of 3x3 windows read so many */\n"
        f"    NO_FILLER = {_NO_FILLER}\n}};\n\n"
        f"static const FLASH value_t values[] = {{\n{''.join(values)}}};\n\n"
        f"static const FLASH stage_t stages[] = {{\n{stages}}};\n\n"
        f"/* Which stage makes its next row. */\nstatic const FLASH uint8_t order[] = {{\n{lines}}};\n"
    )


def _slots(plan: Plan, value: int) -> int:
    """Rows of a value that lie in the arena at a time; all, where it is seen under another shape."""
    return plan.schedule.slots.get(value, plan.program.values[value].shape[0])


def _stage(plan: Plan, place: int, numbers: dict[int, int], kinds: list[Kernel]) -> str:
    stage = plan.program.stages[place]
    offsets = tuple(
        plan.layouts[variant].offsets.get(("scratch", place), plan.layouts[variant].offsets.get(("kept", place), 0))
        for variant in VARIANTS
    )
    filler: tuple[int, ...] = (_NO_FILLER,)
    if stage.padded:
        row = filler_bytes(stage, plan.program.values[stage.inputs[0]])
        filler = tuple(stage.scratch[variant] - row for variant in VARIANTS)
    inputs = [numbers[value] for value in stage.inputs] or [0]
    second = inputs[1] if len(inputs) > 1 else 0
    slots = _slots(plan, stage.inputs[0]) if stage.inputs else 1
    places = (stage.start, stage.above, stage.lag, -stage.above % slots)
    kinds_and_values = (kinds.index(stage.kernel), inputs[0], second, numbers[stage.output])
    rows = (stage.rows, stage.step, stage.apart, stage.step % slots, stage.apart % slots)
    fields = (f"&layer_{place}", offsets, filler, *places, *kinds_and_values, *rows)
    return f"    {initializer('stage_t', fields, stage.title)},\n"
