"""Real digits through the generated C: every output is TFLite's, for every network that fits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from host_library import SANITIZERS, compile_host, export_bytes
from numpy.typing import NDArray
from reference import reference_outputs

from edgedigits.core.datasets.formats.idx import read_idx
from edgedigits.core.digit import model_input, normalise, quantize
from edgedigits.firmware_export import CompiledLibrary
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.library import LibraryExport

ZOO = (
    "nano",
    "micro",
    "small",
    "nf264-cnn1",
    "nf264-cnn2",
    "vit-cnn",
    "vit-cnn-small",
    "inf283-nn",
    "inf283-cnn",
    "fakebank-cnn",
    "endsley-park-cnn",
)
CORES = ("m0", "m3", "m4", "m7", "m33", "m55", "rv32")


def drawn_digits(count: int) -> NDArray[np.uint8]:
    """Strokes of a thick pen, for computers without MNIST: uint8 of shape (count, 28, 28)."""
    dice = np.random.default_rng(0)
    pictures = []
    for _ in range(count):
        ink = np.zeros((60, 60), np.uint8)
        place = dice.uniform(15, 45, 2)
        angle = dice.uniform(0, 6)
        for _ in range(60):
            angle += dice.normal(0, 0.3)
            place = np.clip(place + 1.5 * np.array([np.sin(angle), np.cos(angle)]), 4, 55)
            row, column = place.astype(int)
            ink[row - 3 : row + 4, column - 3 : column + 4] = 255
        pictures.append(normalise(ink))
    return np.stack(pictures)


def mnist(folder: Path, part: str) -> NDArray[np.uint8]:
    """Images ``train`` or ``t10k`` of MNIST."""
    return read_idx(next((folder / "mnist").glob(f"{part}-images*")))


def model_bytes(library: LibraryExport, images: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Grey images as the model's int8 input: shape (n, input bytes)."""
    value = library.graph.values[library.graph.input]
    return quantize(model_input(images), value.scale, value.zero_point).reshape(len(images), -1)


def check(model: bytes, images: NDArray[np.uint8], folder: Path, flags: tuple[str, ...] = ()) -> None:
    """Every output of the generated C on this computer is TFLite's; with flags, of a program built with them."""
    library = export_bytes(model, folder)
    given = model_bytes(library, images)
    made = compile_host(library, folder, flags).run(given) if flags else CompiledLibrary(library).run(given)
    for start in range(0, len(given), 500):
        expected = np.array(reference_outputs(model, list(given[start : start + 500]))).reshape(-1, made.shape[1])
        np.testing.assert_array_equal(made[start : start + 500], expected, f"from image {start} on")
    assert len(np.unique(made.argmax(1))) > 1, "the images must not all get the same answer"


@pytest.fixture(scope="module")
def builtin() -> bytes:
    return (files("edgedigits.core.pretrained") / "small" / "model.int8.tflite").read_bytes()


@pytest.fixture(scope="module")
def some_digits() -> NDArray[np.uint8]:
    """500 digits: MNIST's first test images, or drawn ones."""
    folder = os.environ.get("EDGEDIGITS_DATA")
    return mnist(Path(folder), "t10k")[:500] if folder and Path(folder).is_dir() else drawn_digits(500)


def test_the_builtin_model_on_digits(builtin, some_digits, tmp_path):
    check(builtin, some_digits, tmp_path)


def test_the_builtin_model_under_sanitizers(builtin, some_digits, tmp_path):
    check(builtin, some_digits[:100], tmp_path, SANITIZERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", CORES)
def test_the_builtin_model_on_200_digits_on_each_core(name, builtin, some_digits, tmp_path):
    board = core(name)
    for command in (f"{board.compiler}gcc", board.emulator[0]):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed")
    library = export_bytes(builtin, tmp_path)
    given = model_bytes(library, some_digits[:200])
    measured = measure(library.text, board, given, size_flags=())
    expected = np.array(reference_outputs(builtin, list(given))).reshape(200, -1)
    np.testing.assert_array_equal(measured.outputs, expected)


@pytest.fixture(scope="module")
def short_dataset(data_folder, tmp_path_factory) -> str:
    """4,000 of MNIST's training digits, and 500 more to report on: equality needs no accuracy."""
    path = tmp_path_factory.mktemp("data") / "short.npz"
    images = mnist(data_folder, "train")
    labels = read_idx(next((data_folder / "mnist").glob("train-labels*")))
    np.savez(path, x_train=images[:4000], y_train=labels[:4000], x_test=images[4000:4500], y_test=labels[4000:4500])
    return f"npz:{path}"


def edgedigits(*words: str) -> None:
    command = (sys.executable, "-c", "from edgedigits.cli.main import main; main()", *words)
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("network", ZOO)
def test_every_network_of_the_zoo_on_all_10000_test_images(network, data_folder, short_dataset, tmp_path):
    trained, quantized = tmp_path / "float", tmp_path / "int8"
    edgedigits("train", "--model", network, "--epochs", "2", "--dataset", short_dataset, "--out", str(trained))
    anything = ("--max-drop", "100", "--min-accuracy", "0")
    edgedigits("quantize", str(trained / "model.keras"), *anything, "--out", str(quantized))
    check((quantized / "model.int8.tflite").read_bytes(), mnist(data_folder, "t10k"), tmp_path)
