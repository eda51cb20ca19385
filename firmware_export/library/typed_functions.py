"""The C functions between a model's own input or output type, where that is not int8, and the int8 values inside.

Formulas: TFLite's ``AffineQuantize`` (tensorflow/lite/kernels/internal/reference/quantize.h), which rounds half away
from zero, and ``Dequantize`` beside it. Values that no int8 stands for saturate; a NaN becomes the least one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgedigits.firmware_export.c_source.text import float_literal
from edgedigits.firmware_export.graph.model import Graph, Value

_SUFFIX = {"FLOAT32": "float", "UINT8": "uint8"}
"""What the names of the functions end in."""

C_TYPES = {"INT8": "int8_t", "INT16": "int16_t", "UINT8": "uint8_t", "FLOAT32": "float"}


def typed_templates(graph: Graph) -> tuple[str, ...]:
    """Names of the templates of the functions that a model's types need: without endings, in their order."""
    kinds = {"input_from": graph.input_tensor.type, "output_to": graph.output_tensor.type}
    return tuple(f"{function}_{_SUFFIX[kind]}" for function, kind in kinds.items() if kind in _SUFFIX)


def typed_functions(
    graph: Graph, ending: str, fill: Callable[[str, Mapping[str, object]], str], common: dict[str, str]
) -> list[str]:
    """The filled templates.

    Args:
        graph: of the model.
        ending: of the templates: ``.c.in`` or ``.h.in``.
        fill: from the name of a template and its fields to its text.
        common: fields that every template has.
    """
    ends = {"input": graph.values[graph.input], "output": graph.values[graph.output]}
    return [
        fill(f"{template}{ending}", common | _fields(ends[template.partition("_")[0]]))
        for template in typed_templates(graph)
    ]


def floats_remark(graph: Graph) -> str:
    """What the header's first lines say of floating point."""
    floats = "FLOAT32" in (graph.input_tensor.type, graph.output_tensor.type)
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


def end_fields(graph: Graph, name: str) -> dict[str, str]:
    """What templates say of the int8 or int16 values at both ends.

    Args:
        graph: of the model.
        name: prefix of every symbol.
    """
    fields = {}
    for which, number in (("input", graph.input), ("output", graph.output)):
        wide = graph.values[number].wide
        fields[f"{which}_type"] = inner_type(graph.values[number])
        fields[f"{which}_count"] = f"{name.upper()}_{which.upper()}_BYTES" + (" / 2" if wide else "")
        fields[f"{which}_words"] = " of int16" if wide else ""
        fields[f"{which}_words_short"] = "int16" if wide else "int8"
    wide_input, wide_output = (graph.values[number].wide for number in (graph.input, graph.output))
    inside = f"bytes + {name.upper()}_INPUT_OFFSET"
    fields["input_in_arena"] = f"(int16_t *)({inside})" if wide_input else inside
    fields["input_as_bytes"] = "(const int8_t *)" if wide_input else ""
    fields["output_as_bytes"] = "(int8_t *)" if wide_output else ""
    fields["output_as_const"] = "(const int8_t *)" if wide_output else ""
    any_wide = any(value.wide for value in graph.values.values())
    fields["network"] = "int16 network with int8 weights" if any_wide else "int8 network"
    return fields


def inner_type(value: Value) -> str:
    """The C type of a value's elements."""
    return "int16_t" if value.wide else "int8_t"
