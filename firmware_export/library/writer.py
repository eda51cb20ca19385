"""From a plan to the two C files; what an operator writes of itself stands with it.

Nothing that stands in the model as text reaches the files: it may come from anyone.
"""

from __future__ import annotations

import hashlib
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
from edgedigits.firmware_export.library.blob import Contents, End, OutsideWriter, blobs, source_fields
from edgedigits.firmware_export.library.digit_functions import (
    certainties,
    confidence,
    confidence_note,
    from_bytes,
    from_grey,
    grey_about,
    grey_count,
    steps_of_bytes,
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
_REAL = re.compile(r"real = \(value - \(-?\d+\)\) \*\s+[\d.e+-]*\d")
"""What a value stands for, in a comment of the header."""


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
    outside: bool = False


@dataclass(frozen=True)
class WrittenLibrary:
    """A library as text.

    Attributes:
        text: the two files.
        layers: each stage's part of them.
        blobs: the weights by the variant of the kernels, where they are not in the C.
    """

    text: LibraryText
    layers: tuple[StageText, ...]
    blobs: dict[str, bytes]


def write_library(graph: Graph, plan: Plan, metadata: LibraryMetadata) -> WrittenLibrary:
    """The two files, the same for the same graph, plan and metadata; blobs are for other trainings of it."""
    program = plan.program
    ends = library_ends(graph, program, metadata.name)
    contents = None
    if metadata.outside:
        zeros = tuple(program.values[value].zero for value in ends.numbers(program))
        contents = Contents(zeros=zeros, ends=outside_ends(ends, metadata))
    layers = [
        KERNELS[stage.kernel].emit(_writer(program, place, metadata.name, contents), stage.node)
        for place, stage in enumerate(program.stages)
    ]
    kinds = list(dict.fromkeys(stage.kernel for stage in program.stages))
    code = ends.code(program, metadata.name)
    common: dict[str, object] = {
        "name": metadata.name,
        "NAME": metadata.name.upper(),
        "version": metadata.version,
        "sha256": metadata.sha256,
    }
    common |= _filled(_OUTSIDE if contents else _INSIDE, common)
    common |= common_fields(graph, ends, metadata.name)
    common["title"] = f"{metadata.name}: {graph.macs:,} multiply-accumulates in {len(plan.program.stages)} stages"
    cases = "\n".join(_case(number, kernel, code["second"]) for number, kernel in enumerate(kinds))
    running = common | code | {"memories": memories_source(plan, metadata.name), "cases": cases}
    source = _fill(
        "library.c.in",
        common
        | {
            "kernels": _macros(plan, metadata.outside)
            + _kernels([file for kernel in kinds for file in KERNELS[kernel].files]),
            "tables": "\n".join(
                f"/* {place}: {stage.title} */\n{layer.text}"
                for place, (stage, layer) in enumerate(zip(plan.program.stages, layers, strict=True))
            )
            + _tables(plan, kinds, ends, metadata.outside)
            + (_fill("weights.c.in", common | {"fits": _FITS} | source_fields(contents)) if contents else ""),
            "run": _fill("run.c.in", running),
            "functions": _functions(ends, metadata, common),
        },
    )
    source = _FUNCTION.sub(f"{common['NAME']}_CODE_ATTRIBUTE ", source).rstrip("\n") + "\n"
    header = _header(graph, plan, ends, metadata, common)
    made = {}
    if contents:
        fits = hashlib.sha256((header + source).encode()).digest()
        source = source.replace(_FITS, ", ".join(map(str, fits)))
        made = blobs(contents, fits, metadata.sha256)
    text = LibraryText(
        metadata.name,
        header,
        source,
        inputs=ends.members("input"),
        outputs=ends.members("output"),
    )
    return WrittenLibrary(text, tuple(layers), made)


def _writer(program: Program, place: int, name: str, contents: Contents | None) -> StageWriter:
    stage = program.stages[place]
    return (
        OutsideWriter(program, stage, place, name, contents) if contents else StageWriter(program, stage, place, name)
    )


_FITS = "@what it fits@"
_INSIDE = {
    "made_from": "from the model with SHA-256\n * $sha256",
    "sha_definition": 'const char ${name}_model_sha256[] = "$sha256";',
    "sha_declaration": "extern const char ${name}_model_sha256[];",
    "zero": "#define ZERO(value) ((value)->zero)\n",
    "lacks_weights": "",
    "without_weights": "",
}
"""Fields of a library that holds its weights."""
_OUTSIDE = {
    "made_from": "for a model whose weights lie outside",
    "sha_definition": "",
    "sha_declaration": "extern char ${name}_model_sha256[65]; /* of the weights in use */",
    "zero": "",
    "lacks_weights": " || in_use == NULL",
    "without_weights": ", and before weights were taken",
}
"""The same of one that takes them in a blob."""


def _filled(fields: Mapping[str, str], common: Mapping[str, object]) -> dict[str, str]:
    return {name: Template(text).substitute(common) for name, text in fields.items()}


def outside_ends(ends: LibraryEnds, metadata: LibraryMetadata) -> tuple[End, ...]:
    """What the functions around the network need of a blob."""
    made: list[End] = []
    for end in ends.all:
        if end.tensor.type == "FLOAT32":
            made.append(End("float", f"{end.side}_scale", number=end.value.scale))
            made.append(End("int32_t", f"{end.side}_zero", number=end.value.zero_point))
    picture = metadata.contract or next(filter(None, metadata.pictures), None)
    if picture:
        made.append(End("int8_t", "steps", tuple(steps_of_bytes(ends.inputs[0].value, picture).tolist())))
    if metadata.labels:
        kind, name, numbers = certainties(ends.outputs[0].value, metadata.contract)
        made.append(End(kind, name, tuple(numbers.tolist())))
    return tuple(made)


def _functions(ends: LibraryEnds, metadata: LibraryMetadata, common: dict[str, object]) -> str:
    """The functions around the network: those of lines, of a digit's picture, of scores that have names."""
    outside = metadata.outside
    parts = typed_functions(ends, ".c.in", _fill, common, outside)
    source, result = ends.inputs[0].value, ends.outputs[0].value
    if metadata.line:
        return "\n".join([*parts, _fill("line.c.in", common)])
    if metadata.contract:
        grey = from_grey(source, metadata.contract, metadata.name, outside)
        parts.append(_fill("grey.c.in", common | {"from_grey": grey}))
    for end, picture in zip(ends.inputs, metadata.pictures, strict=False):
        if picture:
            body = from_bytes(end.value, picture, f"{common['NAME']}_{end.macro}_BYTES", outside)
            parts.append(_fill("bytes.c.in", common | end_fields(end, metadata.name) | {"from_bytes": body}))
    if metadata.labels:
        fields: dict[str, object] = {
            "confidence": confidence(result, metadata.contract, metadata.name, outside),
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
    fields["includes"] = ("#include <stddef.h>\n" if metadata.line or metadata.outside else "") + "#include <stdint.h>"
    kind = "line" if metadata.line else "digit" if metadata.contract else "tensor"
    fields["usage"] = usage(ends, kind, _fill, common)
    typed = typed_functions(ends, ".h.in", _fill, common)
    if metadata.outside:
        typed.insert(0, _fill("weights.h.in", common))
        fields["ends"] = _REAL.sub("real = (value - zero point) * scale", str(fields["ends"]))
        fields["variables"] = "no global variables but of the weights in use" + (
            " and its working memory" if plan.memories[1:] else ""
        )
    fields["functions"] = "".join(typed) + _declarations(ends, metadata, common)
    fields["floats"] = floats_remark(graph)
    fields["warning"] = "" if metadata.outside else warning_comment(remark_on(metadata.verdict))
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


def _macros(plan: Plan, outside: bool) -> str:
    """Macros that leave out what no layer of this network needs, ``outside`` whatever its weights are."""
    program = plan.program
    many = max(_slots(plan, value) for value in program.values) > 256
    lines = ["#define MANY_SLOTS 1 /* more than 256 rows of a value in the arena */"] if many else []
    if outside:
        return "".join(f"{line}\n" for line in lines)
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


def _tables(plan: Plan, kinds: list[Kernel], ends: LibraryEnds, outside: bool) -> str:
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
        fields = (offset, content.row_bytes, slots, content.shape[0], first, 0 if outside else content.zero, padded)
        values.append(f"    {initializer('value_t', fields, f'a value of {shape}')}, /* {place}: {shape} */\n")
    stages = "".join(_stage(plan, place, numbers, kinds) for place in range(len(program.stages)))
    order = ", ".join(str(stage) for stage in plan.schedule.order)
    lines = "".join(f"    {line}\n" for line in wrapped(order))
    most = max(stage.rows for stage in program.stages)
    return (
        f"\nenum {{\n{ends.constants(program)}"
        f"{f'    VALUES = {len(numbers)},{chr(10)}' if outside else ''}"
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
