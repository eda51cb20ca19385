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
import numpy as np
import pytest
from click.testing import CliRunner, Result
from keras_layers import FUNCTIONS, KINDS, LAYERS, QUICK, keras_layers
from model_builder import ModelBuilder
from tiny_models import tiny_models

from edgedigits.cli.main import main
from edgedigits.core.tflite.file import TfliteFile, read_tflite

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


MADE_AGAIN = """
import sys
import numpy as np
import tensorflow as tf
import tf_keras as keras
path, layer, kind, batch = sys.argv[1:]
L = keras.layers
x = start = L.Input((12, 16), batch_size=int(batch) or None)
model = keras.Model(start, eval(layer))
converter = tf.lite.TFLiteConverter.from_keras_model(model)
converter.optimizations = [tf.lite.Optimize.DEFAULT]
samples = np.random.default_rng(1).random((8, 1, 12, 16), np.float32)
converter.representative_dataset = lambda: ([sample] for sample in samples)
sets = tf.lite.OpsSet
wide = sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
converter.target_spec.supported_ops = [sets.TFLITE_BUILTINS_INT8 if kind == "int8" else wide]
converter.inference_input_type = converter.inference_output_type = getattr(tf, kind)
open(path, "wb").write(converter.convert())
"""
_WIDE_DENSE = "L.Dense(4, {})(L.Flatten()(L.UpSampling1D(6)(x)))"
_JOINED = "(lambda y: (lambda x: L.Concatenate()([{}, L.Activation('tanh')(y)]))(L.Activation('elu')(y)))(x)"
_DIVIDED = "(lambda y: y / (1 + tf.abs(y)))(L.Dense(8)(x))"

CONVERTED_AGAIN = {
    "a normalization in 16x8": ("L.LayerNormalization()(x)", "int16", 0, "c", "L.LayerNormalization()(x)", "int8", 0),
    "no bias in 16x8": (
        *(_WIDE_DENSE.format("use_bias=False"), "int16", 0, "c"),
        *(_WIDE_DENSE.format("bias_initializer='ones'"), "int16", 0),
    ),
    "no bias in int8": (
        *(_WIDE_DENSE.format("use_bias=False"), "int16", 0, "c"),
        *(_WIDE_DENSE.format("use_bias=False"), "int8", 0),
    ),
    "a free batch": (_DIVIDED, "int8", 0, "arrays", _DIVIDED, "int8", 1),
    "floats because of another layer": (
        _JOINED.format("x"),
        "int8",
        1,
        "c",
        _JOINED.format("L.Dense(5)(x)"),
        "int8",
        1,
    ),
}
"""A model that a target refuses, and one that is made as the remedy says."""
_REMEDIES = {
    "a normalization in 16x8": "convert the model for full int8",
    "no bias in 16x8": "give the layer a bias that is not zero, or",
    "no bias in int8": "or convert the model for full int8",
    "floats because of another layer": "with a convolution or dense layer between ELU and CONCATENATION",
    "a free batch": "convert it with a fixed batch of 1",
}


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


def made_by(script: str, path: Path, *how: object) -> Path:
    """The model that a script of TensorFlow writes, in a process of its own."""
    pytest.importorskip("tensorflow")
    environment = os.environ | {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([sys.executable, "-c", script, str(path), *map(str, how)], env=environment, check=True)
    return path


@pytest.mark.slow
def test_a_model_made_again_for_full_int8_and_a_batch_of_1_is_taken(tmp_path: Path) -> None:
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.firmware_export import export_arrays, export_library

    floats = made_by(FREE_BATCH, tmp_path / "floats.tflite", 0)
    with pytest.raises(EdgedigitsError) as caught:
        export_library(floats)
    assert "make it again with TensorFlow's converter for full int8" in caught.value.remedy
    assert ("--target arrays" in caught.value.remedy) == bool(export_arrays(floats).resolver_calls)
    twice = made_by(FREE_BATCH, tmp_path / "twice.tflite", 2)
    with pytest.raises(EdgedigitsError, match="full int8 and a batch of 1"):
        export_library(twice)
    again = made_by(FREE_BATCH, tmp_path / "again.tflite", 1)
    assert export_library(again).arena_bytes
    assert export_arrays(again).resolver_calls


@pytest.mark.slow
@pytest.mark.parametrize("case", CONVERTED_AGAIN)
def test_a_model_that_is_converted_as_told_is_taken(case: str, tmp_path: Path) -> None:
    *refused, target = CONVERTED_AGAIN[case][:4]
    first = made_by(MADE_AGAIN, tmp_path / "first.tflite", *refused)
    done = call("export", first, "--target", target, "--out", tmp_path / "o")
    assert done.exit_code == 1 and _REMEDIES[case] in said(done), done.output
    again = made_by(MADE_AGAIN, tmp_path / "again.tflite", *CONVERTED_AGAIN[case][4:])
    done = call("export", again, "--target", target, "--out", tmp_path / "o")
    assert done.exit_code == 0, done.output


NAMED_BY_ENDS = re.compile(
    r"\d+ subgraphs|\b(INT32|INT64|BOOL) as its output|is a float model|several inputs or outputs"
)
"""What is wrong with a whole model, where no operator of it is."""

BROKEN = {"cond.int16"}
"""The converter writes a float constant of two bytes into it."""


def operators_in(message: str, content: TfliteFile) -> set[str]:
    """The model's operators that a message names."""
    names = {node.name for node in content.nodes} | {one.custom for one in content.operators if one.custom}
    return {name for name in names if re.search(rf"\b{re.escape(name)}\b", message)}


def check_refusal(name: str, models: dict[str, Path]) -> None:
    """A model is exported, or its refusal names the operator, says nothing of damage, and leads to success."""
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.firmware_export import export_arrays
    from edgedigits.firmware_export.targets.export import export_target

    path = models[name]
    content = read_tflite(path, subgraphs=True)
    try:
        export_target(path)
    except EdgedigitsError as error:
        refusal = error
    else:
        return
    what, remedy = refusal.what.replace(str(path), ""), refusal.remedy
    assert "damaged" not in str(refusal)
    assert operators_in(what, content) or NAMED_BY_ENDS.search(what), str(refusal)
    if "--target arrays" in remedy:
        assert export_arrays(path).bytes
    else:
        try:
            export_arrays(path)
        except EdgedigitsError as error:
            assert "damaged" not in str(error)
    if remedy.startswith(("convert the model for full int8", "convert it to full int8")):
        assert export_target(models[name.replace("int16", "int8")]).library.arena_bytes


@pytest.fixture(scope="module", name="quick_layers")
def _quick_layers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return keras_layers((*QUICK, *ACTIVATIONS), tmp_path_factory.mktemp("layers"))


@pytest.fixture(scope="module", name="all_layers")
def _all_layers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return keras_layers((*FUNCTIONS, *LAYERS), tmp_path_factory.mktemp("layers"))


@pytest.mark.parametrize("name", [f"{name}.{kind}" for name in QUICK for kind in KINDS])
def test_a_layer_is_exported_or_its_refusal_leads_somewhere(name: str, quick_layers: dict[str, Path]) -> None:
    check_refusal(name, quick_layers)


@pytest.mark.slow
@pytest.mark.parametrize("name", [f"{name}.{kind}" for name in (*FUNCTIONS, *LAYERS) for kind in KINDS])
def test_any_layer_is_exported_or_its_refusal_leads_somewhere(name: str, all_layers: dict[str, Path]) -> None:
    if name in BROKEN or name not in all_layers:
        pytest.skip("TensorFlow's converter does not make it")
    check_refusal(name, all_layers)


SAID = {
    "conv3d.int8": "is only partly quantized: operator 3, CONV_3D, works on floats, as the converter left it",
    "cumsum.int8": "CUMSUM, works on floats",
    "pow.int8": "POW, works on floats",
    "divide.int8": "operator 2, DIV making 1x8x6x4 (",
    "divide_no_nan.int8": "(div_no_nan), is not among the operators of the C library, and neither are DIV",
    "layer_norm.int16": "works on int16, of which the C library does not compute it",
    "lstm.int16": "is recurrent",
}


@pytest.mark.parametrize("name", SAID)
def test_a_refusal_says_which_operator_it_is(name: str, quick_layers: dict[str, Path], tmp_path: Path) -> None:
    done = call("export", quick_layers[name], "--out", tmp_path / "o")
    assert done.exit_code == 1
    assert SAID[name] in said(done)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("name", ["divide.int8", "rsqrt.int16"])
def test_what_tflite_has_no_kernel_for_goes_to_tensorflow_lite_micro(
    name: str, quick_layers: dict[str, Path], tmp_path: Path
) -> None:
    refused = call("export", quick_layers[name], "--out", tmp_path / "o")
    assert "or export it for TensorFlow Lite Micro with --target arrays" in said(refused)
    followed = call("export", quick_layers[name], "--target", "arrays", "--out", tmp_path / "o")
    assert followed.exit_code == 0, followed.output


def test_what_neither_runs_is_told_so(quick_layers: dict[str, Path], tmp_path: Path) -> None:
    """Keras writes a LayerNormalization with a constant of zeros, whose scale is 0 in a 16x8 model."""
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.firmware_export import export_arrays

    refused = call("export", quick_layers["layer_norm.int16"], "--out", tmp_path / "o")
    assert "arrays" not in said(refused)
    with pytest.raises(EdgedigitsError, match="numbers of scale 0 by SUB, at which TensorFlow Lite Micro stops"):
        export_arrays(quick_layers["layer_norm.int16"])
    assert call("export", quick_layers["layer_norm.int8"], "--out", tmp_path / "o").exit_code == 0


ACTIVATIONS = {
    **dict.fromkeys(("elu", "gelu", "mish", "softplus", "swish")),
    "selu": r"GREATER making 1x8x6x4 \(.*\), is not among the operators of the C library, and neither is SELECT",
    "softsign": r"DIV making 1x8x6x4 \(.*\), is not among the operators of the C library",
}
"""What an export says that does not take one; docs/firmware.md names them alike."""


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_taken_as_the_docs_say(name: str, quick_layers: dict[str, Path], tmp_path: Path) -> None:
    done = call("export", quick_layers[f"{name}.int8"], "--out", tmp_path / "o")
    refused = ACTIVATIONS[name]
    assert done.exit_code == (0 if refused is None else 1), done.output
    assert refused is None or re.search(refused, said(done)), said(done)
    docs = (ROOM.parent / "docs" / "firmware.md").read_text()
    said_refused, said_taken = re.search(r"Of the activations (.*); (.*) are taken", docs).groups()
    assert name in (re.split(", | and ", said_taken) if refused is None else re.findall(r"`(\w+)`", said_refused))


@pytest.mark.parametrize("name", [f"{name}.{kind}" for name in ACTIVATIONS for kind in KINDS])
def test_an_activation_refused_is_told_what_to_do(name: str, quick_layers: dict[str, Path]) -> None:
    check_refusal(name, quick_layers)


@pytest.mark.parametrize("name", ["divide.int8", "rsqrt.int16"])
def test_a_runtime_says_which_kernel_it_lacks(name: str, quick_layers: dict[str, Path]) -> None:
    from edgedigits.core.files import sha256_of
    from edgedigits.core.tflite.digit_model import check_in_a_child
    from edgedigits.core.tflite.runtime import Refused, runtime

    if runtime().name != "tflite-runtime":
        pytest.skip(f"{runtime().name} has more kernels than TFLite 2.14")
    with pytest.raises(Refused) as caught:
        check_in_a_child(quick_layers[name], sha256_of(quick_layers[name]))
    operator, kind = ("DIV", "int8") if name.startswith("divide") else ("RSQRT", "int16")
    assert f"it has no kernel for operator 2, {operator} of {kind} (" in caught.value.what
    assert caught.value.remedy == f"convert the model without quantization, or build the network without {operator}"
    assert caught.value.lacks


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_a_model_without_quantization_runs_where_a_kernel_of_int8_lacks(kind: str, tmp_path: Path) -> None:
    from edgedigits.core.files import sha256_of
    from edgedigits.core.tflite.digit_model import check_in_a_child
    from edgedigits.core.tflite.runtime import Refused, runtime

    built = ModelBuilder()
    floats = {"dtype": np.float32, "scales": (), "zero_points": ()} if kind == "float32" else {}
    start = built.tensor((1, 4, 4, 2), 0.1, 0, **floats)
    built.inputs.append(start)
    end = built.tensor((1, 4, 4, 2), 0.1, 0, **floats)
    built.operator("DIV", 2 if kind == "int8" else 1, [start, start], end, "DivOptions", FusedActivationFunction=0)
    path = tmp_path / "m.tflite"
    path.write_bytes(built.build(end))
    if kind == "float32":
        check_in_a_child(path, sha256_of(path))
    elif runtime().name == "tflite-runtime":
        with pytest.raises(Refused, match="convert the model without quantization"):
            check_in_a_child(path, sha256_of(path))
