"""Reading the structure of a TFLite file: damaged files are refused, quickly and by one kind of error."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import tiny_models

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import LEFT_OUT, TfliteFile, read_tflite

PATIENCE = 60.0
FLIPPED = """
import random, resource, sys
from pathlib import Path
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import read_tflite
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
data, path, dice = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]), random.Random(2026)
refused = 0
for _ in range(int(sys.argv[3])):
    changed = bytearray(data)
    for _ in range(dice.choice((1, 4, 40))):
        changed[dice.randrange(8, len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(changed)
    try:
        read_tflite(path)
    except EdgedigitsError:
        refused += 1
print(refused)
"""


@pytest.fixture(scope="session", name="tiny_models")
def _tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory)


def read_or_refuse(path: Path) -> TfliteFile | None:
    try:
        return read_tflite(path)
    except EdgedigitsError:
        return None


def test_an_int8_model_is_told_as_it_is(tiny_models: dict[str, Path]) -> None:
    found = read_tflite(tiny_models["int8"])
    assert [operator.name for operator in found.operators] == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
    assert all(operator.count == 1 for operator in found.operators)
    assert [(tensor.type, tensor.shape) for tensor in found.inputs] == [("INT8", (1, 28, 28, 1))]
    assert [(tensor.type, tensor.shape) for tensor in found.outputs] == [("INT8", (1, 10))]
    assert found.inputs[0].scales[0] == pytest.approx(1 / 255)
    assert found.inputs[0].zero_points == (-128,)
    assert found.outputs[0].scales == (1 / 256,)
    assert {tensor.type for tensor in found.tensors} == {"INT8", "INT32"}


def test_nodes_stand_as_they_run_and_name_their_tensors(tiny_models: dict[str, Path]) -> None:
    found = read_tflite(tiny_models["int8"])
    assert [node.name for node in found.nodes] == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
    (source,), (result,) = found.input_places, found.output_places
    assert found.nodes[0].inputs[0] == source
    assert found.nodes[-1].outputs == (result,)
    assert [before.outputs[0] for before in found.nodes[:-1]] == [after.inputs[0] for after in found.nodes[1:]]
    weights = [found.tensors[node.inputs[1]] for node in found.nodes if node.name in ("CONV_2D", "FULLY_CONNECTED")]
    assert [(tensor.shape, tensor.constant) for tensor in weights] == [((4, 3, 3, 1), True), ((10, 676), True)]
    assert not found.inputs[0].constant


def test_an_input_that_is_left_out_is_told(tiny_models: dict[str, Path]) -> None:
    """The dense layer was not trained: its biases are zero, and the converter leaves them out."""
    dense = read_tflite(tiny_models["int8"]).nodes[2]
    assert dense.inputs[2:] in ((LEFT_OUT,), ())


def test_options_stand_under_the_names_of_the_schema(tiny_models: dict[str, Path]) -> None:
    convolution, reshape, _, softmax = read_tflite(tiny_models["int8"]).nodes
    assert convolution.options_table == "Conv2DOptions"
    assert {name: convolution.options[name] for name in ("StrideH", "StrideW", "Padding", "DilationHFactor")} == {
        "StrideH": 2,
        "StrideW": 2,
        "Padding": 1,
        "DilationHFactor": 1,
    }
    assert (softmax.options_table, softmax.options) == ("SoftmaxOptions", {"Beta": 1.0})
    assert (reshape.options_table, reshape.options) in (("", {}), ("ReshapeOptions", {"NewShape": (-1, 676)}))


def test_constants_have_their_values_and_nothing_else_has(tiny_models: dict[str, Path]) -> None:
    found = read_tflite(tiny_models["int8"])
    weights = found.tensors[found.nodes[0].inputs[1]]
    assert (weights.data.dtype, weights.data.shape, weights.axis, weights.plain) == (np.int8, (4, 3, 3, 1), 0, True)
    assert np.abs(weights.data.reshape(4, 9).astype(int)).max(1).tolist() == [127] * 4, "each channel uses its scale"
    shape = found.tensors[found.nodes[1].inputs[1]]
    assert (shape.data.dtype, shape.data.tolist()) == (np.int32, [-1, 676])
    assert all((tensor.data is not None) == tensor.constant for tensor in found.tensors)


@pytest.mark.parametrize(("name", "kind"), [("float32", np.float32), ("float16", np.float16)])
def test_constants_of_floats_have_their_values_as_stored(
    name: str, kind: type[np.floating[Any]], tiny_models: dict[str, Path]
) -> None:
    (kernel,) = [
        tensor for tensor in read_tflite(tiny_models[name]).tensors if tensor.shape == (10, 676) and tensor.constant
    ]
    assert kernel.data.dtype == kind
    assert 0 < np.abs(kernel.data).max() < 1


def test_a_file_of_more_tensors_than_are_wanted_is_refused(tiny_models: dict[str, Path]) -> None:
    content = read_tflite(tiny_models["int8"])
    most = len(content.tensors) + 8  # a file has some buffers more than tensors
    assert read_tflite(tiny_models["int8"], most) == content
    with pytest.raises(EdgedigitsError, match=r"damaged \(more than 3 tensors or operators\)"):
        read_tflite(tiny_models["int8"], 3)


@pytest.mark.parametrize(("name", "whole"), [("int8", True), ("int8_float_doors", False), ("int16x8", False)])
def test_full_int8_is_told_from_the_rest(name: str, whole: bool, tiny_models: dict[str, Path]) -> None:
    assert read_tflite(tiny_models[name]).is_full_int8 == whole


def test_weights_of_a_convolution_have_a_scale_per_channel(tiny_models: dict[str, Path]) -> None:
    found = read_tflite(tiny_models["int8"])
    assert (4, 3, 3, 1) in {tensor.shape for tensor in found.tensors if len(tensor.scales) == 4}


@pytest.mark.parametrize(
    ("name", "types"),
    [("float32", {"FLOAT32"}), ("float16", {"FLOAT16", "FLOAT32"}), ("dynamic", {"INT8", "FLOAT32"})],
)
def test_the_types_tell_how_a_model_was_quantized(name: str, types: set[str], tiny_models: dict[str, Path]) -> None:
    found = read_tflite(tiny_models[name])
    assert {tensor.type for tensor in found.tensors} - {"INT32"} == types
    assert found.inputs[0].scales == ()


@pytest.mark.parametrize("name", ["int8", "dynamic", "quantize_unit"])
def test_a_file_cut_anywhere_is_refused(name: str, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    data = tiny_models[name].read_bytes()
    path = tmp_path / "cut.tflite"
    start = time.monotonic()
    for length in [*range(0, len(data), 97), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(EdgedigitsError):
            read_tflite(path)
    assert time.monotonic() - start < PATIENCE


def test_a_long_file_cut_anywhere_is_refused(data_folder: Path, tmp_path: Path) -> None:
    source = data_folder.parent / "bench" / "fakebank_int8.tflite"
    if not source.is_file():
        pytest.skip(f"no model {source}")
    data = source.read_bytes()
    path = tmp_path / "cut.tflite"
    start = time.monotonic()
    for length in range(0, len(data), 7 * 97):
        path.write_bytes(data[:length])
        assert read_or_refuse(path) is None
    assert time.monotonic() - start < PATIENCE


@pytest.mark.parametrize("name", ["int8", "quantize_unit"])
def test_flipped_bits_neither_hang_nor_eat_memory_nor_raise_anything_else(
    name: str, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", FLIPPED, str(tiny_models[name]), str(tmp_path / "flipped.tflite"), "800"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


def test_every_word_may_claim_to_be_huge(tiny_models: dict[str, Path], tmp_path: Path) -> None:
    data = tiny_models["quantize_unit"].read_bytes()
    path = tmp_path / "huge.tflite"
    start = time.monotonic()
    for position in range(8, len(data) - 4, 4):
        for value in (0x7FFFFFFF, 0xFFFFFFFF, len(data) // 2):
            path.write_bytes(data[:position] + struct.pack("<I", value) + data[position + 4 :])
            read_or_refuse(path)
    assert time.monotonic() - start < PATIENCE


def test_random_bytes_with_the_right_mark_are_refused(tmp_path: Path) -> None:
    dice = random.Random(1)
    path = tmp_path / "noise.tflite"
    for length in [8, 9, 12, 100, 5_000, 200_000]:
        path.write_bytes(dice.randbytes(4) + b"TFL3" + dice.randbytes(length - 8))
        with pytest.raises(EdgedigitsError, match="cut short or damaged"):
            read_tflite(path)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"PK\x03\x04" + bytes(40), b"\x89PNG\r\n\x1a\n", bytes(1000)])
def test_a_foreign_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(EdgedigitsError, match="is not a TFLite model" if content else "is empty"):
        read_tflite(path)


def test_a_path_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.tflite"):
        with pytest.raises(EdgedigitsError, match="cannot read"):
            read_tflite(path)
