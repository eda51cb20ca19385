"""The C functions between a model's own input or output type, where that is not int8, and the int8 values inside.

Formulas: TFLite's ``AffineQuantize`` (tensorflow/lite/kernels/internal/reference/quantize.h), which rounds half away
from zero, and ``Dequantize`` beside it. Values that no int8 stands for saturate; a NaN becomes the least one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgedigits.firmware_export.c_source.text import float_literal
from edgedigits.firmware_export.graph.model import Graph, Value
from edgedigits.firmware_export.library.ends import LibraryEnd, LibraryEnds

_SUFFIX = {"FLOAT32": "float", "UINT8": "uint8"}
"""What the names of the functions end in."""

_FUNCTION = {"input": "input_from", "output": "output_to"}

C_TYPES = {"INT8": "int8_t", "UINT8": "uint8_t", "FLOAT32": "float"}


def typed_functions(
    ends: LibraryEnds, ending: str, fill: Callable[[str, Mapping[str, object]], str], common: dict[str, str]
) -> list[str]:
    """The filled templates of the functions that the types of a model's inputs and outputs need.

    Args:
        ends: of the model.
        ending: of the templates: ``.c.in`` or ``.h.in``.
        fill: from the name of a template and its fields to its text.
        common: fields that every template has.
    """
    return [
        fill(f"{_FUNCTION[end.side]}_{_SUFFIX[end.tensor.type]}{ending}", common | end_fields(end) | _fields(end.value))
        for end in ends.all
        if end.tensor.type in _SUFFIX
    ]


def end_fields(end: LibraryEnd) -> dict[str, object]:
    """What templates of a function of one input or output call it."""
    return {"end": end.name, "END": end.macro}


def floats_remark(graph: Graph) -> str:
    """What the header's first lines say of floating point."""
    floats = "FLOAT32" in [tensor.type for tensor in graph.inputs + graph.outputs]
    return "floating point only where it goes in or out" if floats else "no floating point"


def _fields(value: Value) -> dict[str, object]:
    return {
        "scale": float_literal(value.scale),
        "zero": value.zero_point,
        "least": float_literal(-128 - value.zero_point),
        "most": float_literal(127 - value.zero_point),
    }
