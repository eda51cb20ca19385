"""Operators that TFLite 2.14 computes of floats alone: every output is that of a newer TFLite, and of the C."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from host_library import FAST, SANITIZERS, compile_host, export_bytes
from model_builder import ModelBuilder

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.graph.evaluation import evaluate
from edgedigits.firmware_export.operators.reader import read_graph

NEWER = """
import sys
import numpy as np
import tensorflow as tf
given = np.arange(-128, 128).astype(np.int8).reshape(1, 256)
for path in sys.argv[1:]:
    kernels = tf.lite.experimental.OpResolverType.BUILTIN_REF
    interpreter = tf.lite.Interpreter(path, experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], given)
    interpreter.invoke()
    np.save(path + ".npy", interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
"""

ALL = np.arange(-128, 128, dtype=np.int8)

SCALES = {
    "LOG": [
        ((0.05, -128), (0.03, 10)),
        ((0.05, 3), (0.03, 10)),
        ((2.0**-8, -128), (2.0**-5, 127)),
        ((1e-6, -128), (0.11, 100)),
        ((1e-30, -128), (0.6, 127)),
        ((0.9, -100), (1e-4, -128)),
        ((1.0, -128), (0.5, 0)),
    ],
    "SQRT": [
        ((0.05, -128), (0.03, -128)),
        ((0.25, -128), (0.125, -7)),
        ((1.0, -128), (0.0625, -128)),
        ((1e-6, -128), (4e-5, 0)),
        ((3.7, -128), (1e-3, -128)),
    ],
}
CASES = [(name, *scales) for name, several in SCALES.items() for scales in several]


def single(name: str, source: tuple[float, int], output: tuple[float, int]) -> bytes:
    built = ModelBuilder()
    return built.build(built.single(name, 2, built.input((1, 256), *source), output))


@pytest.fixture(scope="module", name="newer")
def _newer(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    """What the newer TFLite makes of all 256 inputs, in each case."""
    pytest.importorskip("tensorflow")
    folder = tmp_path_factory.mktemp("newer")
    paths = [folder / f"{number}.tflite" for number in range(len(CASES))]
    for path, case in zip(paths, CASES, strict=True):
        path.write_bytes(single(*case))
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([sys.executable, "-c", NEWER, *map(str, paths)], env=environment, check=True, capture_output=True)
    return [np.load(f"{path}.npy").ravel() for path in paths]


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda number: f"{CASES[number][0]} {number}")
def test_all_256_outputs_are_those_of_a_newer_tflite(case: int, newer: list[np.ndarray], tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(single(*CASES[case]))
    np.testing.assert_array_equal(evaluate(read_graph(path), ALL).ravel(), newer[case])


@pytest.mark.parametrize("name", SCALES)
def test_the_c_looks_the_same_up(name: str, tmp_path: Path) -> None:
    model = single(name, *SCALES[name][0])
    library = export_bytes(model, tmp_path)
    (tmp_path / "model.tflite").write_bytes(model)
    expected = evaluate(read_graph(tmp_path / "model.tflite"), ALL).ravel()
    for flags in (FAST, SANITIZERS):
        np.testing.assert_array_equal(compile_host(library, tmp_path, flags).run([ALL], "apart")[0].ravel(), expected)


def test_the_logarithm_of_what_is_not_above_0_is_the_least_output(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(single("LOG", (0.5, 0), (0.05, -20)))
    (lookup,) = read_graph(tmp_path / "model.tflite").nodes
    assert lookup.outputs[:129].tolist() == [-128] * 129
    assert lookup.outputs[130] == -20  # of 1.0


def test_a_root_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(single("SQRT", (1.0, -128), (1.0, -128)))
    (lookup,) = read_graph(tmp_path / "model.tflite").nodes
    assert lookup.outputs[[0, 1, 3, 4, 8, 9]].tolist() == [-128, -127, -127, -126, -126, -125]


def test_a_root_of_what_may_be_below_0_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(single("SQRT", (0.05, 3), (0.05, 0)))
    with pytest.raises(EdgedigitsError, match="have a RELU before it"):
        read_graph(tmp_path / "model.tflite")
