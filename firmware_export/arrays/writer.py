"""From a plan to C; the one module of this room that knows C.

Nothing that stands in the model as text (tensor names, descriptions) reaches the files: it may come from anyone.
"""

from __future__ import annotations

import math
from importlib.resources import files
from string import Template

from edgedigits.core.contract.contract import BRIGHT, BYTES, LOGITS, UNIT, InputContract
from edgedigits.firmware_export.arrays.plan import ArrayPlan, TensorSpec
from edgedigits.firmware_export.arrays.runnable import C_TYPES
from edgedigits.firmware_export.c_source.text import float_literal, warning_comment, wrapped
from edgedigits.firmware_export.proof.verdict import remark_on

_BYTES_PER_LINE = 16
_ID_DIGITS = 16  # the macro with the whole sum would be longer than the 63 characters that C99 tells apart


def header(plan: ArrayPlan) -> str:
    """Text of ``<name>_model.h``: sizes, quantization and operators as macros, the arrays as declarations."""
    return _fill("model.h.in", plan)


def source(plan: ArrayPlan) -> str:
    """Text of ``<name>_model.c``: the model, its length, labels and sha256."""
    return _fill("model.c.in", plan)


def _fill(template: str, plan: ArrayPlan) -> str:
    text = (files("edgedigits.firmware_export.arrays") / "templates" / template).read_text(encoding="utf-8")
    ends = [*_named("input", plan.inputs), *_named("output", plan.outputs)]
    declared, defined = _labels(plan)
    return Template(text).substitute(
        name=plan.name,
        NAME=plan.name.upper(),
        title=_title(plan),
        sha256=plan.sha256,
        short_sha256=plan.sha256[:_ID_DIGITS],
        warning=warning_comment(remark_on(plan.verdict)),
        length=len(plan.model),
        about="\n".join(_about(plan, which, spec) for which, spec in ends),
        stdbool="#include <stdbool.h>\n" if any(spec.type == "BOOL" for _, spec in ends) else "",
        ends="\n".join(_macros(plan, which, spec) for which, spec in ends),
        label_declaration=declared,
        label_definition=defined,
        operator_count=len(plan.registrations),
        registrations="\n".join(f" *   resolver.{method}();" for method in plan.registrations),
        needs=_needs(plan),
        living=f"{plan.living_bytes:,}",
        bytes=_byte_rows(plan.model),
    )


def _named(which: str, specs: tuple[TensorSpec, ...]) -> list[tuple[str, TensorSpec]]:
    """Each input or output with its name in C: without a number where there is one alone."""
    return [(which if len(specs) == 1 else f"{which}_{number}", spec) for number, spec in enumerate(specs)]


def _title(plan: ArrayPlan) -> str:
    kinds = {spec.type for spec in (*plan.inputs, *plan.outputs)}
    integer = "full-integer (int8) " if kinds <= {"INT8", "UINT8"} else ""
    return f"a {integer}TensorFlow Lite model" + (" that reads handwritten digits" if plan.contract else "")


def _about(plan: ArrayPlan, which: str, spec: TensorSpec) -> str:
    """Lines of the comment about an input or output."""
    label = f"{which.replace('_', ' ').capitalize()}:"
    shape = ", ".join(str(length) for length in spec.shape)
    head = f" * {label:7} {spec.type.lower()}, shape ({shape})"
    real = " real = (q - zero_point) * scale." if spec.quantization else ""
    if plan.contract is None:
        return f"{head}.{real}"
    if which == "input":
        pixels, feed = _feeding(plan.contract, spec)
        return f"{head}: {pixels}.\n *         Feed {feed}."
    answer = "one score per digit" + (" (a logit)" if plan.contract.output == LOGITS else "")
    return f"{head}: {answer}. The largest is the answer; of equal\n *         scores take the smallest digit.{real}"


def _feeding(contract: InputContract, spec: TensorSpec) -> tuple[str, str]:
    """What the pixels of a digit are, and how each becomes a number of the input."""
    height, width, channels = contract.field
    mean, deviation = contract.mean_and_deviation
    value = {UNIT: "pixel / 255", BYTES: "pixel"}.get(contract.range, f"(pixel / 255 - {mean:g}) / {deviation:g}")
    ink = "ink bright on a dark ground" if contract.polarity == BRIGHT else "ink dark on a bright ground"
    pixels = f"{height} x {width} grey pixels" + (f" in {channels} equal channels" if channels > 1 else "")
    feed = value
    if spec.quantization:
        low, high = _LIMITS[spec.type]
        feed = f"q = round({value} / scale) + zero_point, kept within {low} and {high}"
    return f"{pixels}, {ink}", feed


_LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def _needs(plan: ArrayPlan) -> str:
    """Lines of the comment about what else the runtime has to be told."""
    return "".join(f" *\n{lines}\n" for lines in map(_comment, plan.needs))


def _comment(sentence: str) -> str:
    return "\n".join(f" * {line}" for line in wrapped(sentence))


def _macros(plan: ArrayPlan, which: str, spec: TensorSpec) -> str:
    """The type and the macros of an input or output."""
    stem = f"{plan.name.upper()}_MODEL_{which.upper()}"
    lines = [
        f"typedef {C_TYPES[spec.type]} {plan.name}_model_{which}_type;",
        f"#define {stem}_RANK {len(spec.shape)}",
        f"#define {stem}_SHAPE {{ {', '.join(str(length) for length in spec.shape)} }}",
        f"#define {stem}_LEN {math.prod(spec.shape)}",
    ]
    if spec.quantization:
        lines += [
            f"#define {stem}_SCALE {float_literal(spec.quantization.scale)}",
            f"#define {stem}_ZERO_POINT ({spec.quantization.zero_point})",
        ]
    return "\n".join(lines) + "\n"


def _labels(plan: ArrayPlan) -> tuple[str, str]:
    """Declaration and definition of the labels; nothing where there are none."""
    if not plan.labels:
        return "", ""
    array = f"const char *const {plan.name}_model_labels[{plan.name.upper()}_MODEL_LABEL_COUNT]"
    count = f"#define {plan.name.upper()}_MODEL_LABEL_COUNT {len(plan.labels)}\n"
    words = ", ".join(f'"{label}"' for label in plan.labels)
    return f"{count}/* What each output stands for. */\nextern {array};\n\n", f"\n{array} = {{{words}}};\n"


def _byte_rows(data: bytes) -> str:
    rows = (data[start : start + _BYTES_PER_LINE] for start in range(0, len(data), _BYTES_PER_LINE))
    return ",\n".join("    " + ", ".join(f"0x{byte:02x}" for byte in row) for row in rows)
