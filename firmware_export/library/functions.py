"""The functions around the network: from a picture or a strip to its input, from its scores to names and texts."""

from __future__ import annotations

from edgedigits.core.contract.contract import DARK, RANGES, InputContract
from edgedigits.core.lines.shapes import LINE_CLASSES, LineShape
from edgedigits.core.lines.strip import BLANK, HEIGHT
from edgedigits.firmware_export.c_source.text import wrapped_strings
from edgedigits.firmware_export.library.blob import End
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
from edgedigits.firmware_export.library.ends import LibraryEnds
from edgedigits.firmware_export.library.filling import fill
from edgedigits.firmware_export.library.metadata import LibraryMetadata
from edgedigits.firmware_export.library.typed_functions import end_fields, typed_functions


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


def functions(ends: LibraryEnds, metadata: LibraryMetadata, common: dict[str, object]) -> str:
    """The functions around the network: those of lines, of a digit's picture, of scores that have names."""
    outside = metadata.outside
    parts = typed_functions(ends, ".c.in", fill, common, outside)
    source, result = ends.inputs[0].value, ends.outputs[0].value
    if metadata.line:
        return "\n".join([*parts, fill("line.c.in", common)])
    if metadata.contract:
        grey = from_grey(source, metadata.contract, metadata.name, outside)
        parts.append(fill("grey.c.in", common | {"from_grey": grey}))
    for end, picture in zip(ends.inputs, metadata.pictures, strict=False):
        if picture:
            body = from_bytes(end.value, picture, f"{common['NAME']}_{end.macro}_BYTES", outside)
            parts.append(fill("bytes.c.in", common | end_fields(end, metadata.name) | {"from_bytes": body}))
    if metadata.labels:
        fields: dict[str, object] = {
            "confidence": confidence(result, metadata.contract, metadata.name, outside),
            "labels": wrapped_strings(metadata.labels),
            "label_bytes": max(len(label) for label in metadata.labels) + 1,
            "label_count": len(metadata.labels),
        }
        parts.append(fill("scores.c.in", common | fields))
    return "\n".join(parts)


def declarations(ends: LibraryEnds, metadata: LibraryMetadata, common: dict[str, object]) -> str:
    """The same functions, declared and described."""
    if metadata.line:
        return _line_declarations(metadata.line, common)
    text = ""
    if metadata.contract:
        about = {
            "grey_count": grey_count(metadata.contract, metadata.name),
            "grey_about": grey_about(metadata.contract),
        }
        text += fill("grey.h.in", common | about)
    for end, picture in zip(ends.inputs, metadata.pictures, strict=False):
        if picture:
            text += fill("bytes.h.in", common | end_fields(end, metadata.name) | {"range": picture_words(picture)})
    if metadata.labels:
        note = {"confidence_note": confidence_note(ends.outputs[0].value, metadata.contract)}
        text += fill("scores.h.in", common | note)
    return text


def _line_declarations(line: LineShape, common: dict[str, object]) -> str:
    sizes: dict[str, object] = {
        "rows": HEIGHT,
        "columns": line.width,
        "steps": line.steps,
        "classes": LINE_CLASSES,
        "blank": BLANK,
    }
    return fill("line.h.in", common | sizes)


def picture_words(contract: InputContract) -> str:
    """What a network is fed of a picture, for the header's comment."""
    mean = "" if contract.range in RANGES[:3] else " (mean, deviation)"
    return f"{contract.range}{mean}" + (", dark and bright exchanged" if contract.polarity == DARK else "")
