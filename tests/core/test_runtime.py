"""A digit model on the runtime of a Raspberry Pi: what it computes, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_models import TIED, tiny_models

from edgedigits.core.digit import dequantize, model_input, quantize
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.pretrained.bundled import bundled_model
from edgedigits.core.tflite.digit_model import DigitModel, Quantization
from edgedigits.core.tflite.runtime import Refused, runtime

LOAD = """
import sys
import numpy as np
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.digit_model import DigitModel
for path in sys.argv[1:]:
    try:
        DigitModel(path).raw(np.zeros((1, 28, 28), np.uint8))
        print("loaded", flush=True)
    except EdgedigitsError as error:
        print("refused", error.what, flush=True)
"""


@pytest.fixture(scope="session", name="tiny_models")
def _tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory)


@pytest.fixture
def tiny(tiny_models: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copy(tiny_models["int8"], tmp_path / "model.tflite"))


@pytest.fixture
def images() -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (20, 28, 28), dtype=np.uint8)


def outcomes(paths: list[Path]) -> list[str]:
    """Load each file in one process of its own; a crash of the runtime ends that process and fails the test."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *map(str, paths)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(paths)
    return lines


def test_the_runtime_is_not_tensorflow() -> None:
    assert runtime().name in ("tflite-runtime", "ai-edge-litert")
    assert runtime().version


def test_an_int8_model_has_both_quantizations(tiny: Path) -> None:
    model = DigitModel(tiny)
    assert model.is_int8
    assert model.input == Quantization(pytest.approx(1 / 255), -128)
    assert model.output == Quantization(1 / 256, -128)
    assert model.card is None


@pytest.mark.parametrize("reference", [True, False])
def test_raw_scores_are_those_of_the_bare_interpreter(reference: bool, tiny: Path, images: NDArray[np.uint8]) -> None:
    model = DigitModel(tiny, reference=reference)
    module = runtime().module
    kind = module.OpResolverType.BUILTIN_REF if reference else module.OpResolverType.AUTO
    bare = module.Interpreter(model_path=str(tiny), experimental_op_resolver_type=kind, num_threads=1)
    bare.allocate_tensors()
    scores = model.raw(images)
    assert scores.dtype == np.int8
    for image, score in zip(images, scores, strict=True):
        values = quantize(model_input(image[None]), model.input.scale, model.input.zero_point)
        bare.set_tensor(bare.get_input_details()[0]["index"], values)
        bare.invoke()
        assert (bare.get_tensor(bare.get_output_details()[0]["index"])[0] == score).all()
    assert (model.probabilities(images) == dequantize(scores, 1 / 256, -128)).all()


@pytest.mark.parametrize("name", ["float32", "float16", "int8_float_doors"])
def test_models_with_float_doors_run_too(name: str, tiny_models: dict[str, Path], images: NDArray[np.uint8]) -> None:
    model = DigitModel(tiny_models[name])
    scores = model.probabilities(images)
    assert not model.is_int8
    assert scores.dtype == np.float32
    assert np.allclose(scores.sum(1), 1, atol=0.05)
    assert model.input.scale == 0


def test_an_int16_model_has_doors_around_zero(tiny_models: dict[str, Path], images: NDArray[np.uint8]) -> None:
    model = DigitModel(tiny_models["int16x8"])
    assert not model.is_int8
    assert model.input == Quantization(pytest.approx(1 / 32767), 0)
    assert model.output == Quantization(1 / 32768, 0)
    scores = model.raw(images)
    assert scores.dtype == np.int16
    plain = DigitModel(tiny_models["float32"]).probabilities(images)
    assert np.abs(model.probabilities(images) - plain).max() < 0.01


def test_int16_doors_away_from_zero_are_refused(tiny_models: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(with_zero_point_of_input(tiny_models["int16x8"].read_bytes(), 7))
    with pytest.raises(EdgedigitsError, match=r"zero point is not 0|refuses"):
        DigitModel(path)


def with_zero_point_of_input(data: bytes, zero_point: int) -> bytes:
    """The model with another zero point of its input; vectors of int64 stand in the file as they are."""
    from tflite import Model

    graph = Model.GetRootAs(data, 0).Subgraphs(0)
    table = graph.Tensors(graph.Inputs(0)).Quantization()._tab
    start = table.Vector(table.Offset(10))
    return data[:start] + zero_point.to_bytes(8, "little", signed=True) + data[start + 8 :]


@pytest.mark.parametrize(("name", "delegates"), [("float32", {"XNNPACK"}), ("int16x8", {"none"})])
def test_a_model_tells_what_runs_its_operators(name: str, delegates: set[str], tiny_models: dict[str, Path]) -> None:
    assert DigitModel(tiny_models[name]).delegate in delegates


def test_reference_kernels_have_no_delegate(tiny_models: dict[str, Path]) -> None:
    assert DigitModel(tiny_models["float32"], reference=True).delegate == "none"


def test_a_runtime_that_is_given_runs_the_model_and_names_itself(tiny: Path, images: NDArray[np.uint8]) -> None:
    mine = replace(runtime(), name="mine", version="7")
    model = DigitModel(tiny, on=mine)
    assert str(model.runtime) == "mine 7"
    assert (model.raw(images) == DigitModel(tiny).raw(images)).all()


def test_a_runtime_that_refuses_is_named_with_its_reason(tiny_models: dict[str, Path]) -> None:
    with pytest.raises(Refused) as caught:
        DigitModel(tiny_models["of_the_future"], on=replace(runtime(), name="mine"))
    assert caught.value.runtime.name == "mine"
    assert caught.value.reason.startswith("Didn't find op")
    assert caught.value.what.startswith(f"mine {runtime().version} refuses")


def test_int8_and_float_nearly_agree(tiny_models: dict[str, Path], images: NDArray[np.uint8]) -> None:
    one, other = (DigitModel(tiny_models[name]).probabilities(images) for name in ("int8", "float32"))
    assert np.abs(one - other).max() < 0.05


@pytest.mark.parametrize("name", ["ties", "ties_float32"])
def test_of_equal_scores_the_smallest_digit_wins(
    name: str, tiny_models: dict[str, Path], images: NDArray[np.uint8]
) -> None:
    scores = DigitModel(tiny_models[name]).probabilities(images)
    assert (scores[:, TIED[0]] == scores[:, TIED[1]]).all()
    assert (scores.argmax(1) == TIED[0]).all()


def test_no_images_give_no_scores(tiny: Path) -> None:
    assert DigitModel(tiny).probabilities(np.zeros((0, 28, 28), np.uint8)).shape == (0, 10)


def test_progress_ends_at_the_number_of_images(tiny: Path, images: NDArray[np.uint8]) -> None:
    seen: list[int] = []
    DigitModel(tiny).raw(images, seen.append)
    assert seen == list(range(1, 21))


def test_results_stay_when_the_interpreter_runs_again(tiny: Path, images: NDArray[np.uint8]) -> None:
    model = DigitModel(tiny)
    first = model.raw(images[:1])
    kept = first.copy()
    model.raw(images[1:])
    assert (first == kept).all()


@pytest.mark.parametrize("wrong", [np.zeros((28, 28), np.uint8), np.zeros((1, 28, 28), np.float32)])
def test_images_of_another_form_are_refused(wrong: NDArray[np.uint8], tiny: Path) -> None:
    with pytest.raises(EdgedigitsError, match="digits have shape"):
        DigitModel(tiny).raw(wrong)


def test_a_model_of_a_newer_tensorflow_is_refused_with_the_way_out(tiny_models: dict[str, Path]) -> None:
    with pytest.raises(Refused, match=r"find op for builtin opcode .* makes int8 models") as caught:
        DigitModel(tiny_models["of_the_future"])
    assert "older than the model" in caught.value.remedy


def test_tflite_runtime_refuses_a_dynamic_range_model_and_litert_runs_it(tiny_models: dict[str, Path]) -> None:
    if runtime().name == "ai-edge-litert":
        assert DigitModel(tiny_models["dynamic"]).probabilities(np.zeros((1, 28, 28), np.uint8)).shape == (1, 10)
        return
    with pytest.raises(Refused, match="find op for builtin opcode"):
        DigitModel(tiny_models["dynamic"])


RUNS_NO_MODEL = """
class Interpreter:
    def __init__(self, **options):
        raise {error}
"""


def with_a_broken_runtime(folder: Path, content: str, model: str) -> str:
    """What a fresh interpreter is told of a model where the first runtime found is broken."""
    package = folder / "tflite_runtime"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "interpreter.py").write_text(content)
    (folder / "tflite_runtime-9.9.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: tflite-runtime\nVersion: 9.9\n"
    (folder / "tflite_runtime-9.9.dist-info" / "METADATA").write_text(metadata)
    code = f"""
import sys
sys.path.insert(0, {str(folder)!r})
sys.modules["ai_edge_litert"] = None
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.digit_model import DigitModel
try:
    DigitModel({model!r})
except EdgedigitsError as error:
    print(error)
"""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "error", ["AttributeError('_interpreter')", "SystemError('returned a result with an exception set')"]
)
@pytest.mark.parametrize("known", [False, True], ids=["unknown model", "model with a card"])
def test_a_runtime_that_runs_no_model_is_not_taken_for_a_damaged_model(
    error: str, known: bool, tmp_path: Path, tiny: Path
) -> None:
    """As tflite-runtime 2.14 beside NumPy 2, and ai-edge-litert 1.1.0 everywhere."""
    model = bundled_model() if known else tiny
    said = with_a_broken_runtime(tmp_path, RUNS_NO_MODEL.format(error=error), str(model))
    assert said.startswith("tflite-runtime 9.9 does not run here (")
    assert said.endswith('; pip install --force-reinstall "edgedigits[edge]"')


def test_a_runtime_that_does_not_load_is_named_with_its_reason(tmp_path: Path, tiny: Path) -> None:
    said = with_a_broken_runtime(tmp_path, "raise ImportError('numpy.core.multiarray failed to import')", str(tiny))
    assert said.startswith("tflite-runtime 9.9 does not load here (numpy.core.multiarray failed to import)")
    assert said.endswith('; pip install "edgedigits[edge]"')


def test_a_model_of_other_shapes_is_no_digit_reader(tiny_models: dict[str, Path]) -> None:
    with pytest.raises(EdgedigitsError, match="a digit model takes one"):
        DigitModel(tiny_models["quantize_unit"])


def test_a_model_of_another_size_is_shown_digits_of_that_size(tiny_models: dict[str, Path]) -> None:
    model = DigitModel(tiny_models["wrong_shape"])
    assert model.contract.shape == (14, 14, 1)
    assert model.inputs(np.zeros((2, 28, 28), np.uint8)).shape == (2, 1, 14, 14, 1)


@pytest.mark.parametrize("content", [b"TFL3", b"PK\x03\x04" + bytes(40), b"GIF89a", bytes(1000), b"\n" * 9])
def test_a_foreign_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(EdgedigitsError, match="is not a TFLite model"):
        DigitModel(path)


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").touch()
    with pytest.raises(EdgedigitsError, match="is empty"):
        DigitModel(tmp_path / "model.tflite")


@pytest.mark.parametrize("name", ["none.tflite", ""])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(EdgedigitsError, match="no model at"):
        DigitModel(tmp_path / name)


def test_a_model_cut_short_is_refused_and_crashes_nobody(tiny: Path, tmp_path: Path) -> None:
    data = tiny.read_bytes()
    lengths = [8, 12, 40, 100, 500, 1000, len(data) // 3, len(data) // 2, len(data) * 9 // 10, len(data) - 16]
    paths = [tmp_path / f"cut_{length}.tflite" for length in lengths]
    for path, length in zip(paths, lengths, strict=True):
        path.write_bytes(data[:length])
    assert all(line.startswith("refused") for line in outcomes(paths))


def test_flipped_bits_are_refused_or_run_but_crash_nobody(tiny: Path, tmp_path: Path) -> None:
    data, dice, paths = tiny.read_bytes(), random.Random(11), []
    for number in range(12):
        changed = bytearray(data)
        for _ in range(40):
            changed[dice.randrange(8, len(data))] ^= 1 << dice.randrange(8)
        paths.append(tmp_path / f"flipped_{number}.tflite")
        paths[-1].write_bytes(changed)
    assert any(line.startswith("refused") for line in outcomes(paths))


def test_a_tensor_whose_name_is_no_text_is_refused(tiny: Path) -> None:
    data = tiny.read_bytes()
    assert b"serving_default" in data
    tiny.write_bytes(data.replace(b"serving_default", b"\xff" * 15))
    with pytest.raises(EdgedigitsError, match="damaged"):
        DigitModel(tiny)


def test_a_file_that_changes_is_tried_again(tiny: Path) -> None:
    DigitModel(tiny)
    tiny.write_bytes(tiny.read_bytes()[:2000])
    assert outcomes([tiny])[0].startswith("refused")
    with pytest.raises(EdgedigitsError, match=r"cut short|refuses"):
        DigitModel(tiny)


def test_a_model_that_differs_from_its_card_is_refused(tiny: Path) -> None:
    card = {
        "kind": "tflite",
        "file": tiny.name,
        "sha256": hashlib.sha256(tiny.read_bytes()).hexdigest(),
        "bytes": tiny.stat().st_size,
        "network": "tiny",
        "parameters": 6810,
        "dataset": {},
        "seed": 0,
        "settings": {},
        "measured": {},
        "format": 1,
    }
    (tiny.parent / "card.json").write_text(json.dumps(card))
    loaded = DigitModel(tiny).card
    assert loaded is not None
    assert loaded.network == "tiny"
    tiny.write_bytes(tiny.read_bytes() + b"\0")
    with pytest.raises(EdgedigitsError, match="its card says"):
        DigitModel(tiny)
