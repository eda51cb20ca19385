"""The C functions between a model's own input or output type, where that is not int8, and the int8 values inside.

Formulas: TFLite's ``AffineQuantize`` (tensorflow/lite/kernels/internal/reference/quantize.h), which rounds half away
from zero, and ``Dequantize`` beside it. Values that no int8 stands for saturate; a NaN becomes the least one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgedigits.firmware_export.c_source.text import float_literal
from edgedigits.firmware_export.graph.model import Graph, Value
from edgedigits.firmware_export.library.ends import LibraryEnd, LibraryEnds, inner_type

_SUFFIX = {"FLOAT32": "float", "UINT8": "uint8"}
"""What the names of the functions end in."""

_FUNCTION = {"input": "input_from", "output": "output_to"}

C_TYPES = {"INT8": "int8_t", "INT16": "int16_t", "UINT8": "uint8_t", "FLOAT32": "float"}


def typed_functions(
    ends: LibraryEnds, ending: str, fill: Callable[[str, Mapping[str, object]], str], common: Mapping[str, object]
) -> list[str]:
    """The filled templates of the functions that the types of a model's inputs and outputs need.

    Args:
        ends: of the model.
        ending: of the templates: ``.c.in`` or ``.h.in``.
        fill: from the name of a template and its fields to its text.
        common: fields that every template has.
    """
    return [
        fill(
            f"{_FUNCTION[end.side]}_{_SUFFIX[end.tensor.type]}{ending}",
            {**common, **end_fields(end, str(common["name"])), **_fields(end.value)},
        )
        for end in ends.all
        if end.tensor.type in _SUFFIX
    ]


def end_fields(end: LibraryEnd, name: str) -> dict[str, object]:
    """What templates of a function of one input or output say of it and of the int8 or int16 values inside.

    Args:
        end: the input or output.
        name: prefix of every symbol.
    """
    wide, which = end.value.wide, end.side
    return {
        "end": end.name,
        f"{which}_type": inner_type(end.value),
        f"{which}_count": f"{name.upper()}_{end.macro}_BYTES" + (" / 2" if wide else ""),
        f"{which}_words": " of int16" if wide else "",
        f"{which}_words_short": "int16" if wide else "int8",
    }


def floats_remark(graph: Graph) -> str:
    """What the header's first lines say of floating point."""
    floats = "FLOAT32" in [tensor.type for tensor in graph.inputs + graph.outputs]
    return "floating point only where it goes in or out" if floats else "no floating point"


def _fields(value: Value) -> dict[str, object]:
    least, greatest = value.limits
    return {
        "scale": float_literal(value.scale),
        "zero": value.zero_point,
        "least": float_literal(least - value.zero_point),
        "most": float_literal(greatest - value.zero_point),
        "least_step": least,
        "greatest": greatest,
        "whole": "int32_t" if value.wide else "int16_t",
    }


def common_fields(graph: Graph, ends: LibraryEnds, name: str) -> dict[str, object]:
    """What every template may say of the values at both ends, of a model of several of its first ones.

    Args:
        graph: of the model.
        ends: of it.
        name: prefix of every symbol.
    """
    source = ends.inputs[0]
    inside = f"bytes + {name.upper()}_{source.macro}_OFFSET"
    any_wide = any(value.wide for value in graph.values.values())
    return {
        **end_fields(source, name),
        **end_fields(ends.outputs[0], name),
        "input_in_arena": f"(int16_t *)({inside})" if source.value.wide else inside,
        "network": "int16 network with int8 weights" if any_wide else "int8 network",
    }
