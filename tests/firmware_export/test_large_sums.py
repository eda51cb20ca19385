"""Sums beyond what the kernels are exact for: the refusal names the layer, the reason and a way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from model_builder import ModelBuilder

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.library import export_library

DEAD = "was about zero for all representative inputs"
MEANT = (
    "quantize the model again with representative inputs for which it is not, or build the network without the layer"
)
TRAIN = "train the network again, or build it without the layer"


def weighted(kind: str, builder: ModelBuilder, source: int) -> int:
    if kind == "dense":
        return builder.dense(source, 3)
    return builder.conv(source, 3) if kind == "conv" else builder.depthwise(source)


def model(kind: str, folder: Path, change: Callable[[ModelBuilder, list[int]], None]) -> Path:
    """A network whose layer has biases as large as a bias can be that divides by a tiny scale."""
    builder = ModelBuilder(5)
    source = builder.input((1, 4, 4, 3), 0.02, -128)
    end = weighted(kind, builder, source)
    weights, bias = builder.operators[-1].inputs[1:3]
    builder.tensors[bias].data = np.full(builder.tensors[bias].shape, 1 << 30, np.int32)
    change(builder, [source, weights, end])
    path = folder / "m.tflite"
    path.write_bytes(builder.build(end))
    return path


def with_scale(place: int, scale: float) -> Callable[[ModelBuilder, list[int]], None]:
    def change(builder: ModelBuilder, tensors: list[int]) -> None:
        tensor = builder.tensors[tensors[place]]
        tensor.scales = (scale,) * len(tensor.scales)
        tensor.name = "dead/Relu"

    return change


@pytest.mark.parametrize("kind", ["conv", "depthwise", "dense"])
@pytest.mark.parametrize(
    ("change", "reason", "remedy"),
    [
        (with_scale(0, 7.8e-9), rf"its input dead/Relu {DEAD} \(scale 7.8e-09\)", MEANT),
        (with_scale(1, 3e-9), r"its weights are all about zero \(scale 3e-09\)", TRAIN),
        (with_scale(1, 0.01), "its biases are out of proportion to its weights", TRAIN),
    ],
    ids=["input", "weights", "biases"],
)
def test_the_layer_the_reason_and_a_way_out_are_told(kind, change, reason, remedy, tmp_path):
    path = model(kind, tmp_path, change)

    with pytest.raises(EdgedigitsError) as refused:
        export_library(path)

    assert refused.match(rf"^{path}: operator 0, \w+ making .*, can make sums beyond 32 bits: {reason}; {remedy}$")
