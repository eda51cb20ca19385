"""Advice leads somewhere: each kind of remedy of the export is followed here, and then it works."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from tiny_models import tiny_models

from edgedigits.cli.main import main

ROOM = Path(__file__).parents[2] / "firmware_export"
LINE = Path(__file__).parents[2] / "core" / "pretrained" / "line" / "model.int8.tflite"

FREE_BATCH = """
import sys
import numpy as np
import tensorflow as tf
import tf_keras as keras
model = keras.Sequential([
    keras.layers.Input((6, 5, 3), batch_size=int(sys.argv[2]) or None),
    keras.layers.Conv2D(4, 3), keras.layers.Reshape((4, 3, 4)), keras.layers.Flatten(), keras.layers.Dense(3),
])
converter = tf.lite.TFLiteConverter.from_keras_model(model)
converter.optimizations = [tf.lite.Optimize.DEFAULT]
if int(sys.argv[2]):
    samples = np.random.default_rng(1).random((8, int(sys.argv[2]), 6, 5, 3), np.float32)
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
open(sys.argv[1], "wb").write(converter.convert())
"""


@pytest.fixture(scope="session", name="tiny_models")
def _tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory)


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def said(result: Result) -> str:
    return " ".join(result.output.split())


def remedies() -> Iterator[tuple[str, str]]:
    """Where a remedy stands, and its words as far as they are fixed."""
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) != 2:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in {"EdgedigitsError", "error"}:
                parts = [
                    n.value for n in ast.walk(node.args[1]) if isinstance(n, ast.Constant) and isinstance(n.value, str)
                ]
                yield f"{path.name}:{node.lineno}", " ".join(parts)


def commands() -> dict[str, click.Command]:
    """All commands by their words, such as ``firmware report``."""
    found: dict[str, click.Command] = {}
    waiting: list[tuple[str, click.Command]] = [("", main)]
    while waiting:
        words, command = waiting.pop()
        found[words] = command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                waiting.append((f"{words} {name}".strip(), inner))
    return found


def test_options_and_commands_that_remedies_name_exist() -> None:
    known = commands()
    rooms = [known["export"], known["firmware report"], known["firmware verify"]]
    options = {option for command in rooms for one in command.params for option in one.opts}
    seen = 0
    for place, words in remedies():
        for option in re.findall(r"--[a-z-]+", words):
            assert option in options, place
            seen += 1
        for command in re.findall(r"`edgedigits ([a-z ]+)", words):
            assert command.strip() in known, place
    assert seen > 5


def test_no_remedy_is_empty() -> None:
    found = dict(remedies())
    assert len(found) > 40
    assert [place for place, words in found.items() if words and len(words) < 10] == []


FOLLOWED = {
    "a width for digits": ("export builtin --width 96 --out O", "leave --width out", "export builtin --out O"),
    "a width for arrays": (
        "export LINE --target arrays --width 96 --out O",
        "leave --width out",
        "export LINE --target arrays --out O",
    ),
    "a polarity for lines": (
        "export LINE --polarity dark --out O",
        "leave --input-range and --polarity out",
        "export LINE --out O",
    ),
    "a keyword": (
        "export builtin --name int --out O",
        "such as int_digits",
        "export builtin --name int_digits --out O",
    ),
    "a header's name": (
        "export builtin --name string --out O",
        "such as string_digits",
        "export builtin --name string_digits --out O",
    ),
    "an earlier export": ("export builtin --out EARLIER", "--force", "export builtin --out EARLIER --force"),
    "files of others": ("export builtin --force --out OTHERS", "choose another --out", "export builtin --out O"),
    "a float model": (
        "export FLOAT --out O",
        "`edgedigits quantize MODEL.keras`",
        "export INT8 --out O",
    ),
    "a failed proof": ("export FAILED --out O", "add --force", "export FAILED --force --out O"),
}
"""A command that is refused, words of its remedy, and the same when they are followed."""


@pytest.fixture
def places(tiny_models: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    others = tmp_path / "others"
    others.mkdir()
    (others / "digits.c").write_text("int main(void) { return 0; }")
    failed = Path(shutil.copytree(LINE.parent.parent / "small", tmp_path / "failed"))
    card = json.loads((failed / "card.json").read_text())
    (failed / "card.json").write_text(json.dumps(card | {"passed": False, "verdict": "failed"}))
    earlier = tmp_path / "earlier"
    assert call("export", "builtin", "--out", earlier).exit_code == 0
    models = {"FLOAT": tiny_models["float32"], "INT8": tiny_models["int8"], "LINE": LINE, "FAILED": failed}
    return models | {"O": tmp_path / "o", "EARLIER": earlier, "OTHERS": others}


@pytest.mark.parametrize("case", FOLLOWED)
def test_a_remedy_that_is_followed_works(case: str, places: dict[str, Path]) -> None:
    refused, words, followed = FOLLOWED[case]
    done = call(*(places.get(word, word) for word in refused.split()))
    assert done.exit_code == 1
    assert words in said(done)
    then = call(*(places.get(word, word) for word in followed.split()))
    assert then.exit_code == 0, then.output


def converted(path: Path, batch: int) -> Path:
    pytest.importorskip("tensorflow")
    environment = os.environ | {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([sys.executable, "-c", FREE_BATCH, str(path), str(batch)], env=environment, check=True)
    return path


@pytest.mark.slow
def test_a_model_made_again_for_full_int8_and_a_batch_of_1_is_taken(tmp_path: Path) -> None:
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.firmware_export import export_arrays, export_library

    floats = converted(tmp_path / "floats.tflite", 0)
    with pytest.raises(EdgedigitsError) as caught:
        export_library(floats)
    assert "make it again with TensorFlow's converter for full int8" in caught.value.remedy
    assert ("--target arrays" in caught.value.remedy) == bool(export_arrays(floats).resolver_calls)
    twice = converted(tmp_path / "twice.tflite", 2)
    with pytest.raises(EdgedigitsError, match="full int8 and a batch of 1"):
        export_library(twice)
    again = converted(tmp_path / "again.tflite", 1)
    assert export_library(again).arena_bytes
    assert export_arrays(again).resolver_calls
