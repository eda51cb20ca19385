"""From a plan to C; the one module of this room that knows C.

Nothing that stands in the model as text (tensor names, descriptions) reaches the files: it may come from anyone.
"""

from __future__ import annotations

import math
from importlib.resources import files
from string import Template

from edgedigits.core.contract.contract import BRIGHT, BYTES, LOGITS, UNIT
from edgedigits.firmware_export.arrays.plan import ArrayPlan, TensorSpec
from edgedigits.firmware_export.c_source.text import float_literal, warning_comment
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
    return Template(text).substitute(
        name=plan.name,
        NAME=plan.name.upper(),
        sha256=plan.sha256,
        short_sha256=plan.sha256[:_ID_DIGITS],
        warning=warning_comment(remark_on(plan.verdict)),
        length=len(plan.model),
        **_tensor("input", plan.input),
        **_tensor("output", plan.output),
        **_feeding(plan),
        label_count=len(plan.labels),
        labels=", ".join(f'"{label}"' for label in plan.labels),
        operator_count=len(plan.registrations),
        registrations="\n".join(f" *   resolver.{method}();" for method in plan.registrations),
        bytes=_byte_rows(plan.model),
    )


def _feeding(plan: ArrayPlan) -> dict[str, str]:
    """What the header says of the pixels, and how each becomes a number of the input."""
    contract = plan.contract
    height, width, channels = contract.field
    mean, deviation = contract.mean_and_deviation
    value = {UNIT: "pixel / 255", BYTES: "pixel"}.get(contract.range, f"(pixel / 255 - {mean:g}) / {deviation:g}")
    ink = "ink bright on a dark ground" if contract.polarity == BRIGHT else "ink dark on a bright ground"
    low, high = (-128, 127) if plan.input.type == "INT8" else (0, 255)
    return {
        "pixels": f"{height} x {width} grey pixels" + (f" in {channels} equal channels" if channels > 1 else ""),
        "ink": ink,
        "feed": f"q = round({value} / scale) + zero_point, kept within {low} and {high}",
        "answer": "one score per digit" + (" (a logit)" if contract.output == LOGITS else ""),
    }


def _tensor(which: str, spec: TensorSpec) -> dict[str, str]:
    return {
        f"{which}_type": spec.type.lower(),
        f"{which}_shape": ", ".join(str(length) for length in spec.shape),
        f"{which}_rank": str(len(spec.shape)),
        f"{which}_length": str(math.prod(spec.shape)),
        f"{which}_scale": float_literal(spec.quantization.scale),
        f"{which}_zero_point": str(spec.quantization.zero_point),
    }


def _byte_rows(data: bytes) -> str:
    rows = (data[start : start + _BYTES_PER_LINE] for start in range(0, len(data), _BYTES_PER_LINE))
    return ",\n".join("    " + ", ".join(f"0x{byte:02x}" for byte in row) for row in rows)
