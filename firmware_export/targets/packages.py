"""From a finished library to the exact files of an ecosystem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from edgedigits.core.digit import SIDE
from edgedigits.core.naming import no_entry
from edgedigits.core.paths import StrPath
from edgedigits.firmware_export.c_source.text import float_literal
from edgedigits.firmware_export.folder import Placed, write_files
from edgedigits.firmware_export.library.blob import weights_header
from edgedigits.firmware_export.library.typed_functions import C_TYPES
from edgedigits.firmware_export.serial import protocol as serial_protocol
from edgedigits.firmware_export.serial.protocol import LONGEST_FRAME
from edgedigits.firmware_export.targets.contract import HEADER, SOURCE
from edgedigits.firmware_export.targets.files import LibraryFiles
from edgedigits.firmware_export.targets.registry import TARGETS
from edgedigits.firmware_export.variants import AVR, README_ORDER

_SCORE_FUNCTIONS = ("top1", "confidence", "label")
_CONSTANTS = ("ARENA_BYTES", "INPUT_BYTES", "OUTPUT_BYTES", "INPUT_OFFSET", "OUTPUT_OFFSET", "SERIAL_BAUD")
_LINE_FUNCTIONS = ("run", "read_line", "input_from_strip", "text", "serial_start", "serial_receive")
_LINE_CONSTANTS = (*_CONSTANTS, "STRIP_ROWS", "STRIP_COLUMNS", "STEPS", "CLASSES", "BLANK")
_OF_LINES = {"c/main.c.j2": "line/main.c.j2", "c/vectors.h.j2": "line/vectors.h.j2"}
"""Templates that are others for line networks; the rest ask ``line``."""

_OF_TENSORS = {"c/main.c.j2": "tensor/main.c.j2", "c/vectors.h.j2": "tensor/vectors.h.j2"}
"""The same for models that read neither digits nor lines."""

_DIGIT_WORDS = {
    "takes": "Reads digits",
    "does": "Reads handwritten digits",
    "does_with": "Reads handwritten digits with ",
    "thing": "digit reader",
    "that_reads": " that reads handwritten digits",
    "title": "Read a digit",
    "keyword": '"digits", ',
    "in_": "grey bytes",
    "out": "scores",
}
_TENSOR_WORDS = {
    "takes": "Takes inputs",
    "does": "Runs a neural network",
    "does_with": "Runs ",
    "thing": "neural network",
    "that_reads": "",
    "title": "Run the model",
    "keyword": "",
    "in_": "bytes",
    "out": "values",
}
"""What the documents of a model say of it."""

_BYTES_PER_LINE = 32


def target_files(target: str, library: LibraryFiles) -> dict[str, str | bytes]:
    """The files of one target: path relative to its folder, with forward slashes, to text, or bytes of weights.

    The same library gives the same texts on every machine; they hold no time, path or text from the model.

    Raises:
        EdgedigitsError: an unknown target.
    """
    layouts = {name: known.layout for name, known in TARGETS.items() if known.layout}
    if target not in layouts:
        raise no_entry(layouts, target, "target")
    ready = {HEADER: library.header, SOURCE: library.source}
    templates, facts = _environment(), _facts(library)
    files: dict[str, str | bytes] = {
        path.format_map(facts): ready.get(content) or templates.get_template(content).render(facts)
        for path, content in _contents(layouts[target], library).items()
    }
    if library.blobs:
        beside = next(path for path, content in layouts[target].items() if content is HEADER)
        header = beside.format_map({"name": f"{library.name}_weights"})
        files[header] = weights_header(library.name, dict(library.blobs))
        for variant, blob in library.blobs.items():
            files[f"weights/{library.name}_weights_{variant}.bin"] = blob
    return files


def _contents(layout: Mapping[str, str], library: LibraryFiles) -> dict[str, str]:
    """What fills each file of a layout."""
    others = _OF_LINES if library.line else _OF_TENSORS if library.tensors else {}
    return {path: others.get(content, content) for path, content in layout.items()}


def write_target(target: str, library: LibraryFiles, folder: StrPath, force: bool = False) -> Placed:
    """Write the files of one target into ``folder``, with a list of them.

    All are written or none is. With ``force`` they replace an earlier export of any target, of which nothing stays but
    what was changed since; everything else in the folder stays.

    Raises:
        EdgedigitsError: an unknown target, the folder has content and ``force`` is not set, or the disk is full or may
            not be written.
    """
    return write_files(Path(folder), target_files(target, library), force)


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("edgedigits.firmware_export.targets"),
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
    )


def _facts(library: LibraryFiles) -> dict[str, Any]:
    example = "run_model" if library.tensors else "read_digit"
    return {
        "name": library.name,
        "NAME": library.name.upper(),
        "sha256": library.sha256,
        "version": library.package_version,
        "input_bytes": library.input_bytes,
        "output_bytes": library.output_bytes,
        "labels": library.labels,
        "arena_bytes": {
            variant.title: library.arena_bytes[variant.name]
            for variant in README_ORDER
            if variant.name in library.arena_bytes and not (library.blobs and variant is AVR)
        },
        "memories": _memories(library),
        "vectors": library.vectors,
        "field": f"{SIDE} x {SIDE} grey pixels" if library.input_bytes == SIDE * SIDE else "as many grey bytes",
        "p": serial_protocol,
        "line": library.line,
        "kind": library.kind,
        "tensors": library.tensors,
        "outside": bool(library.blobs),
        "state": _state(library),
        "one_call": "One call at a time: the memories beside the arena are the library's own.",
        "serial_fits": library.serial_fits,
        "longest_frame": LONGEST_FRAME,
        "answers_label": library.answers_label,
        "example": example,
        "Example": example.title().replace("_", ""),
        "words": _TENSOR_WORDS if library.tensors else _DIGIT_WORDS,
        "readme": f"{library.kind}/README.md.j2",
        "functions": _LINE_FUNCTIONS if library.line else _functions(library),
        "constants": _LINE_CONSTANTS if library.line else _constants(library),
        "output_values": library.output_values,
        "inner": tuple("int16_t" if wide else "int8_t" for wide in library.wide),
        "network": "int16" if any(library.wide) else "int8",
        "c_types": tuple(C_TYPES[kind] for kind in library.types),
        "floats": library.tensors.floats if library.tensors else "FLOAT32" in library.types,
        "rows": partial(_rows, per_line=SIDE if library.kind == "digit" else _BYTES_PER_LINE),
    }


def _memories(library: LibraryFiles) -> dict[str, str]:
    """Bytes of each memory but the caller's, in words."""
    titles = {variant.name: variant.title for variant in README_ORDER}
    names = list(dict.fromkeys(name for parts in library.memories.values() for name in list(parts)[1:]))
    return {
        name: ", ".join(f"{parts[name]} ({titles[variant]})" for variant, parts in library.memories.items())
        for name in names
    }


def _state(library: LibraryFiles) -> str:
    """What a program shares between calls."""
    if library.memories:
        return "no state between calls but memory" + (" and the weights in use" if library.blobs else "")
    return "no state but the weights in use" if library.blobs else "no state of its own"


def _functions(library: LibraryFiles) -> tuple[str, ...]:
    """The functions of the header, without those that a model has not."""
    ends = library.tensors.inputs if library.tensors else ()
    inputs = tuple(f"{end.name}_from_bytes" for end in ends if end.from_bytes)
    inputs = inputs if library.tensors else ("input_from_grey",)
    scores = _SCORE_FUNCTIONS if library.labels else ()
    return ("run", *inputs, *scores, "serial_start", "serial_receive")


def _constants(library: LibraryFiles) -> tuple[str, ...]:
    """The macros of the header."""
    if library.tensors is None or library.tensors.plain:
        return _CONSTANTS
    sizes = tuple(f"{end.macro}_{what}" for what in ("BYTES", "OFFSET") for end in library.tensors.all)
    return (*(constant for constant in _CONSTANTS if "OFFSET" not in constant), *sizes)


def _rows(data: Sequence[float], per_line: int) -> str:
    """Numbers as C literals, so many a line: bytes of one row of a digit."""
    rows = (data[start : start + per_line] for start in range(0, len(data), per_line))
    return ",\n".join("        " + ", ".join(_literal(number) for number in row) for row in rows)


def _literal(number: float) -> str:
    return float_literal(number) if isinstance(number, float) else str(number)
