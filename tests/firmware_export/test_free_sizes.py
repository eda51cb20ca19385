"""A size that a file leaves free is none: TFLite's converter writes 1 for it, and a network of one row is another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from model_builder import ModelBuilder

from edgedigits.cli.main import main
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.free_sizes import free_shape
from edgedigits.firmware_export import export_arrays, export_library
from edgedigits.firmware_export.operators.reader import read_graph


def model(folder: Path, shape: tuple[int, ...], signature: tuple[int, ...]) -> Path:
    built = ModelBuilder()
    source = built.input(shape, 0.1, 0)
    built.tensors[source].signature = signature
    built.tensors[source].name = b"window"
    path = folder / "model.tflite"
    path.write_bytes(built.build(built.softmax(source)))
    return path


@pytest.mark.parametrize(
    ("shape", "signature", "words"),
    [
        ((1, 1, 8, 2), (1, -1, 8, 2), r"free height: \(1, None, 8, 2\)"),
        ((1, 1, 1, 2), (-1, -1, -1, 2), r"free height and width: \(1, None, None, 2\)"),
        ((1, 8, 8, 1), (1, 8, 8, -1), r"free number of channels: \(1, 8, 8, None\)"),
        ((1, 1, 10), (-1, -1, 10), r"free axis 1: \(1, None, 10\)"),
    ],
)
@pytest.mark.parametrize("made", [read_graph, export_library, export_arrays])
def test_a_free_size_is_named_and_refused(made, shape, signature, words, tmp_path):
    words = rf"model\.tflite has an input, 'window', with a {words}; convert it with a fixed shape"
    with pytest.raises(EdgedigitsError, match=words):
        made(model(tmp_path, shape, signature))


@pytest.mark.parametrize("signature", [(), (1, 4, 8, 2), (-1, 4, 8, 2), (-1, 4, 8, 2, -1)])
def test_a_free_batch_is_one(signature, tmp_path):
    path = model(tmp_path, (1, 4, 8, 2), signature)
    assert read_graph(path).input_values[0].shape == (4, 8, 2)
    assert export_arrays(path).resolver_calls == ("AddSoftmax",)


def test_a_width_that_the_caller_says_is_not_free(tmp_path):
    path = model(tmp_path, (1, 4, 1, 2), (1, 4, -1, 2))
    assert read_graph(path, width=8).input_values[0].shape == (4, 8, 2)


def test_each_of_several_inputs_is_looked_at(tmp_path):
    built = ModelBuilder()
    first, second = (built.input((1, 1, 8, 2), 0.1, 0) for _ in range(2))
    built.tensors[second].signature, built.tensors[second].name = (1, -1, 8, 2), b"second"
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(built.add(first, second)))
    with pytest.raises(EdgedigitsError, match="has an input, 'second', with a free height"):
        read_graph(path)


@pytest.mark.parametrize("command", [["export"], ["export", "--target", "arrays"], ["firmware", "report"]])
def test_commands_say_so_and_write_nothing(command, tmp_path):
    path = model(tmp_path, (1, 1, 8, 2), (1, -1, 8, 2))
    out = ["--out", str(tmp_path / "out")] if command[0] == "export" else []
    done = CliRunner().invoke(main, [*command, str(path), *out])
    assert done.exit_code == 1 and "a free height: (1, None, 8, 2); convert it with a fixed shape" in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["model.tflite"]


def test_who_reads_digits_is_told_of_a_free_size(tmp_path):
    built = ModelBuilder()
    image = built.input((1, 1, 1, 1))
    built.tensors[image].signature = (-1, -1, -1, 1)
    scores = built.dense(built.reshape(image, (1, 1)), 10)
    path = tmp_path / "model.tflite"
    path.write_bytes(built.build(scores))
    with pytest.raises(EdgedigitsError, match=r"free height and width: \(1, None, None, 1\); convert it with a fixed"):
        DigitModel(path)


def test_a_name_of_a_model_is_no_control_character_and_not_long():
    said = free_shape("\x1b[2J" + "x" * 1000, np.array([1, 1, 3]), {1})
    assert "\x1b" not in said and len(said) < 120
