"""Operators that the converter left in floats because of another one that TFLite has no int8 kernel of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from model_builder import ModelBuilder

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.library import export_library


def joined(path: Path, names: tuple[str, ...], *, end: str = "CONCATENATION") -> Path:
    """The operators of a float each, and their outputs and the input itself in one that joins them."""
    builder = ModelBuilder(3)
    source = builder.input((1, 5, 8), 0.02, 4)
    parts = [builder.of_floats(name, builder.dequantize(source)) for name in names]
    parts.append(builder.dequantize(source))
    shape = (1, 5, 8 * len(parts)) if end == "CONCATENATION" else (1, 5, 8)
    table = "ConcatenationOptions" if end == "CONCATENATION" else "AddOptions"
    options = {"Axis": 2, "FusedActivationFunction": 0} if end == "CONCATENATION" else {"FusedActivationFunction": 0}
    whole = builder.operator(end, 1, parts, builder.tensor(shape, dtype=np.float32), table, **options)
    path.write_bytes(builder.build(builder.quantize_floats(whole, (0.05, 0))))
    return path


@pytest.mark.parametrize(
    ("names", "end", "said"),
    [
        (("ELU",), "CONCATENATION", r"CONCATENATION \(operator 3\) in floats because of ELU \(operator 1\)"),
        (("SQUARE",), "ADD", r"ADD \(operator 3\) in floats because of SQUARE \(operator 1\)"),
        (
            ("SQUARE", "NEG"),
            "CONCATENATION",
            r"CONCATENATION \(operator 5\) in floats because of SQUARE \(operator 1\) and NEG \(operator 3\)",
        ),
    ],
)
def test_what_is_in_floats_because_of_what_is_told(names, end, said, tmp_path):
    path = joined(tmp_path / "m.tflite", names, end=end)
    with pytest.raises(EdgedigitsError) as refused:
        export_library(path)
    named = " and ".join(names)
    remedy = f"build the network without {named}, or with a convolution or dense layer between {named} and {end}"
    why = f"the converter left {said}, of which TFLite has no int8 kernel"
    assert refused.match(rf".*only partly quantized: {why}; {remedy}")


def test_floats_that_come_of_nothing_else_are_told_as_before(tmp_path):
    path = joined(tmp_path / "m.tflite", ())
    with pytest.raises(EdgedigitsError, match=r"operator 1, CONCATENATION, works on floats; make it again"):
        export_library(path)
