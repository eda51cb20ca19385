"""From a plan to the two C files; what an operator writes of itself stands with it.

Nothing that stands in the model as text reaches the files: it may come from anyone.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

from edgedigits.firmware_export.c_source.library_text import LibraryText
from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.c_source.text import warning_comment
from edgedigits.firmware_export.graph.model import Graph, Value
from edgedigits.firmware_export.library.blob import Contents, OutsideWriter, blobs, source_fields
from edgedigits.firmware_export.library.end_header import arena_macros, ends_declared, shape_words, usage
from edgedigits.firmware_export.library.ends import LibraryEnds, library_ends
from edgedigits.firmware_export.library.filling import fill
from edgedigits.firmware_export.library.functions import declarations, functions, outside_ends
from edgedigits.firmware_export.library.memory_text import memories_source, memories_words
from edgedigits.firmware_export.library.metadata import LibraryMetadata
from edgedigits.firmware_export.library.network import STOP_ON_AVR, case, kernel_sources, macros, tables
from edgedigits.firmware_export.library.typed_functions import common_fields, floats_remark, typed_functions
from edgedigits.firmware_export.operators.registry import KERNELS
from edgedigits.firmware_export.planning.plan import Plan
from edgedigits.firmware_export.planning.stages import Program
from edgedigits.firmware_export.proof.verdict import remark_on

_FUNCTION = re.compile(r"^(?=[A-Za-z_][^;={}]*\)\n\{)", re.MULTILINE)
"""Where the definition of a function starts: in the first column, with the brace in a line of its own."""
_REAL = re.compile(r"real = \(value - \(-?\d+\)\) \*\s+[\d.e+-]*\d")
"""What a value stands for, in a comment of the header."""


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
    common: dict[str, object] = {
        "name": metadata.name,
        "NAME": metadata.name.upper(),
        "version": metadata.version,
        "sha256": metadata.sha256,
    }
    common |= _filled(_OUTSIDE if contents else _INSIDE, common)
    common |= common_fields(graph, ends, metadata.name)
    common["title"] = f"{metadata.name}: {graph.macs:,} multiply-accumulates in {len(plan.program.stages)} stages"
    source = _source(plan, ends, metadata, layers, contents, common)
    header = _header(graph, plan, ends, metadata, common)
    made = {}
    if contents:
        fits = hashlib.sha256((header + source).encode()).digest()
        source = source.replace(_FITS, ", ".join(map(str, fits)))
        made = blobs(contents, fits, metadata.sha256)
        header = header.replace(_BEFORE_ARENA.format(**common), STOP_ON_AVR + _BEFORE_ARENA.format(**common), 1)
    text = LibraryText(
        metadata.name,
        header,
        source,
        inputs=ends.members("input"),
        outputs=ends.members("output"),
    )
    return WrittenLibrary(text, tuple(layers), made)


def _source(
    plan: Plan,
    ends: LibraryEnds,
    metadata: LibraryMetadata,
    layers: list[StageText],
    contents: Contents | None,
    common: dict[str, object],
) -> str:
    """The C file."""
    stages = plan.program.stages
    kinds = list(dict.fromkeys(stage.kernel for stage in stages))
    code = ends.code(plan.program, metadata.name)
    cases = "\n".join(case(number, kernel, code["second"]) for number, kernel in enumerate(kinds))
    running = common | code | {"memories": memories_source(plan, metadata.name), "cases": cases}
    arrays = "\n".join(
        f"/* {place}: {stage.title} */\n{layer.text}"
        for place, (stage, layer) in enumerate(zip(stages, layers, strict=True))
    )
    weights = fill("weights.c.in", common | {"fits": _FITS} | source_fields(contents)) if contents else ""
    defined = macros(plan, metadata.outside)
    sources = kernel_sources([file for kernel in kinds for file in KERNELS[kernel].files], defined)
    parts = {
        "kernels": defined + sources,
        "tables": arrays + tables(plan, kinds, ends, metadata.outside) + weights,
        "run": fill("run.c.in", running),
        "functions": functions(ends, metadata, common),
    }
    source = fill("library.c.in", common | parts)
    return _FUNCTION.sub(f"{common['NAME']}_CODE_ATTRIBUTE ", source).rstrip("\n") + "\n"


def _writer(program: Program, place: int, name: str, contents: Contents | None) -> StageWriter:
    stage = program.stages[place]
    return (
        OutsideWriter(program, stage, place, name, contents) if contents else StageWriter(program, stage, place, name)
    )


_FITS = "@what it fits@"
_BEFORE_ARENA = "#if !defined({NAME}_ARENA_ATTRIBUTE)\n"
_INSIDE = {
    "made_from": "from the model with SHA-256\n * $sha256",
    "sha_definition": 'const char ${name}_model_sha256[] = "$sha256";',
    "sha_declaration": "extern const char ${name}_model_sha256[];",
    "zero": "#define ZERO(value) ((value)->zero)\n",
    "lacks_weights": "",
    "without_weights": "",
    "weights_first": "",
}
"""Fields of a library that holds its weights."""
_OUTSIDE = {
    "made_from": "for a model whose weights lie outside",
    "sha_definition": "",
    "sha_declaration": "extern char ${name}_model_sha256[65]; /* of the weights in use */",
    "zero": "",
    "lacks_weights": " || in_use == NULL",
    "without_weights": ", and before weights were taken",
    "weights_first": " *     ${name}_use_weights(weights, bytes_of_weights);\n",
}
"""The same of one that takes them in a blob."""


def _filled(fields: Mapping[str, str], common: Mapping[str, object]) -> dict[str, str]:
    return {name: Template(text).substitute(common) for name, text in fields.items()}


def _header(graph: Graph, plan: Plan, ends: LibraryEnds, metadata: LibraryMetadata, common: dict[str, object]) -> str:
    fields: dict[str, object] = dict(common)
    result = ends.outputs[0].value
    arena = arena_macros(plan, ends, metadata.name.upper())
    fields["ends"] = ends_declared(ends, arena, _output_words(result, metadata), fill, common)
    fields["signature"] = ends.code(plan.program, metadata.name)["signature"]
    fields |= memories_words(plan, metadata.name)
    fields["layer_steps"] = len(plan.schedule.order)
    fields["includes"] = ("#include <stddef.h>\n" if metadata.line or metadata.outside else "") + "#include <stdint.h>"
    kind = "line" if metadata.line else "digit" if metadata.contract else "tensor"
    fields["usage"] = usage(ends, kind, fill, common)
    typed = typed_functions(ends, ".h.in", fill, common)
    if metadata.outside:
        typed.insert(0, fill("weights.h.in", common))
        fields["ends"] = _REAL.sub("real = (value - zero point) * scale", str(fields["ends"]))
        fields["variables"] = "no global variables but of the weights in use" + (
            " and its working memory" if plan.memories[1:] else ""
        )
    fields["functions"] = "".join(typed) + declarations(ends, metadata, common)
    fields["floats"] = floats_remark(graph)
    fields["warning"] = "" if metadata.outside else warning_comment(remark_on(metadata.verdict))
    return fill("library.h.in", fields)


def _output_words(output: Value, metadata: LibraryMetadata) -> str:
    """What the output is, for the header's comment."""
    if metadata.line or metadata.labels:
        return f"{math.prod(output.shape)} scores"
    return f"{shape_words(output)} values"
