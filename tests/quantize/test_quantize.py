"""Quantization end to end: the files, the proof, and what a user is told when something is wrong."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edgedigits.core.cards import card_of, read_card
from edgedigits.core.contract.finding import Told
from edgedigits.core.datasets import load_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.statistics.outcome import required_digits
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.file import read_tflite
from edgedigits.quantize import QuantizeRequest, load_keras, quantize


@pytest.fixture(scope="module")
def quantized(trained, tmp_path_factory):
    out = tmp_path_factory.mktemp("quantized") / "int8"
    return quantize(QuantizeRequest(str(trained), calibration=100, max_drop=10.0), str(out))


def test_writes_model_card_proof_and_flips(quantized):
    folder = quantized.model.parent
    assert {path.name for path in folder.iterdir()} == {"model.int8.tflite", "card.json", "proof.json", "flips.png"}
    assert card_of(quantized.model) == quantized.card
    assert cv2.imread(str(folder / "flips.png")) is not None


def test_card_names_the_model_it_was_made_from(quantized, trained):
    assert quantized.card.parent["sha256"] == read_card(trained.parent / "card.json").sha256


def test_model_is_full_integer_with_batch_one(quantized):
    content = read_tflite(quantized.model)
    assert {tensor.type for tensor in content.tensors} <= {"INT8", "INT32"}
    assert content.inputs[0].shape == (1, 28, 28, 1)
    assert content.inputs[0].zero_points == (-128,)


def test_proof_equals_what_the_runtime_answers(quantized, split, network):
    from edgedigits.core.digit import model_input

    proof = quantized.proof.comparison
    before = network.predict(model_input(split.test.images), verbose=0).argmax(1)
    after = DigitModel(quantized.model).probabilities(split.test.images).argmax(1)
    assert proof.before == pytest.approx(100 * (before == split.test.labels).mean())
    assert proof.after == pytest.approx(100 * (after == split.test.labels).mean())
    assert proof.flipped == tuple(np.flatnonzero(before != after))
    assert proof.count == 180


def test_int8_of_a_trained_network_is_close_to_float(quantized):
    assert quantized.proof.comparison.before > 85
    assert abs(quantized.proof.comparison.drop) < 3


def test_size_and_ratio_are_those_of_the_file(quantized):
    assert quantized.proof.tflite_bytes == quantized.model.stat().st_size
    assert quantized.proof.ratio == pytest.approx(4 * quantized.card.parameters / quantized.model.stat().st_size)


def test_verdicts_name_three_runtimes_and_this_one_was_tried(quantized):
    names = [verdict.runtime for verdict in quantized.proof.verdicts]
    assert len(names) == 3
    assert quantized.proof.runtime == names[0]
    assert all(verdict.runs for verdict in quantized.proof.verdicts)


def test_per_channel_dense_is_flagged_for_microcontrollers_and_can_be_avoided(quantized, trained, tmp_path):
    assert "int8-dense-per-tensor" in quantized.proof.verdicts[-1].reason
    other = quantize(QuantizeRequest(trained, "int8-dense-per-tensor", 100, 5.0), tmp_path / "out")
    assert other.model.name == "model.int8-dense-per-tensor.tflite"
    assert other.proof.verdicts[-1].reason == "every operator has an int8 kernel"


def test_same_request_gives_the_same_bytes(quantized, trained, tmp_path):
    again = quantize(quantized.request, tmp_path / "again")
    assert again.model.read_bytes() == quantized.model.read_bytes()


def test_model_that_loses_too_much_is_kept_and_marked(quantized, trained, tmp_path, monkeypatch):
    """Weights far outside the range of the rest ruin int8: the model stays, its card says failed."""
    model = load_keras(str(trained))
    layer = model.layers[-1]
    kernel, bias = layer.get_weights()
    kernel[:, :] *= 1e-4
    bias[:] = np.where(np.arange(10) == 3, 1e-3, 0)
    layer.set_weights([kernel, bias])
    folder = tmp_path / "flat"
    folder.mkdir()
    model.save(folder / "model.keras")
    result = quantize(
        QuantizeRequest(folder / "model.keras", dataset="optdigits", max_drop=0.0, told=Told("0..1", "bright")),
        tmp_path / "out",
    )
    assert result.model.is_file()
    assert result.proof.comparison.drop_low > 0
    card, proof = read_card(result.model.parent / "card.json"), json.loads((tmp_path / "out/proof.json").read_text())
    assert card.verdict == proof["verdict"] == result.proof.verdict == "failed"
    assert card.passed is proof["passed"] is result.proof.passed is False


def test_verdict_stands_in_card_and_proof_and_follows_the_interval(quantized, trained, tmp_path):
    """180 test digits show that less than 10 points are lost, and not that less than 0.5 are."""
    proof = quantized.proof
    assert (proof.verdict, proof.passed) == ("passed", True)
    assert proof.required_digits == proof.comparison.count == 180
    result = quantize(replace(quantized.request, max_drop=0.5), tmp_path / "out")
    assert result.proof.comparison == proof.comparison
    assert proof.comparison.drop_low < 0.5 < proof.comparison.drop_high < 10
    card, written = read_card(result.model.parent / "card.json"), json.loads((tmp_path / "out/proof.json").read_text())
    assert card.verdict == written["verdict"] == card.proof["verdict"] == "cannot tell"
    assert card.passed is written["passed"] is result.proof.passed is False
    needed = required_digits(proof.comparison.lost, proof.comparison.won, 180, 0.5)
    assert written["required_digits"] == result.proof.required_digits == needed


def test_result_knows_how_many_digits_a_cross_validation_would_test(quantized, trained, tmp_path):
    assert (quantized.pool, quantized.folds) == (1797, 5)
    shutil.copy(trained, tmp_path / "model.keras")
    foreign = quantize(QuantizeRequest(tmp_path / "model.keras", calibration=20, dataset="optdigits"), tmp_path / "out")
    assert (foreign.pool, foreign.folds) == (0, 0)


def test_a_cross_validation_is_offered_on_data_that_were_moved(trained, tmp_path):
    digits = load_dataset("optdigits").pool
    np.savez(tmp_path / "moved.npz", x_train=digits.images, y_train=digits.labels)
    spec = f"npz:{tmp_path}/moved.npz"
    moved = quantize(QuantizeRequest(trained, calibration=20, dataset=spec), tmp_path / "out")
    assert (moved.pool, moved.card.dataset["spec"]) == (1797, spec)


@pytest.mark.parametrize("keep", [0, 100, 3000, -100])
def test_truncated_keras_file_is_refused_and_nothing_is_written(trained, tmp_path, keep):
    broken = tmp_path / "model.keras"
    broken.write_bytes(trained.read_bytes()[:keep])
    with pytest.raises(EdgedigitsError, match=r"cut short|cannot be loaded"):
        quantize(QuantizeRequest(broken, dataset="optdigits"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_changed_keras_file_does_not_match_its_card(trained, tmp_path):
    shutil.copytree(trained.parent, tmp_path / "copy")
    with (tmp_path / "copy" / "model.keras").open("ab") as file:
        file.write(b"x")
    with pytest.raises(EdgedigitsError, match=r"sha256.*its card says"):
        quantize(QuantizeRequest(tmp_path / "copy" / "model.keras"), tmp_path / "out")


def test_data_that_changed_since_training_is_refused(trained, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(trained.parent, folder)
    card = json.loads((folder / "card.json").read_text())
    card["dataset"]["train_sha256"] = "0" * 64
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(EdgedigitsError, match="no longer the data"):
        quantize(QuantizeRequest(folder / "model.keras"), tmp_path / "out")


def test_foreign_network_is_refused(tmp_path):
    import tf_keras as keras

    keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)]).save(tmp_path / "model.keras")
    with pytest.raises(EdgedigitsError, match="a digit model maps"):
        load_keras(tmp_path / "model.keras")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"recipe": "int4"}, "choose one of float32"),
        ({"calibration": 0}, "ask for 1 to"),
        ({"calibration": 10**6}, "ask for 1 to"),
        ({"max_drop": -1.0}, "0 percentage points or more"),
        ({"dataset": "nothing"}, "choose one of mnist"),
        ({"split": "half"}, "choose one of default"),
    ],
)
def test_bad_options_are_refused_and_nothing_is_written(trained, tmp_path, change, says):
    with pytest.raises(EdgedigitsError, match=says):
        quantize(QuantizeRequest(trained, **change), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_folder_is_not_overwritten_without_force(quantized, trained, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("keep me")
    with pytest.raises(EdgedigitsError, match="--force"):
        quantize(QuantizeRequest(trained), out)
    assert (out / "mine.txt").read_text() == "keep me"


def test_folder_of_the_float_model_is_not_replaced_even_with_force(trained):
    with pytest.raises(EdgedigitsError, match="would be replaced"):
        quantize(QuantizeRequest(trained), trained.parent, force=True)
    assert trained.is_file()


def test_network_without_softmax_gets_one(split, tmp_path):
    import tf_keras as keras

    network = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    network.save(tmp_path / "model.keras")
    result = quantize(QuantizeRequest(tmp_path / "model.keras", dataset="optdigits"), tmp_path / "out")
    scores = DigitModel(result.model).probabilities(np.zeros((1, 28, 28), np.uint8))
    assert result.found.contract.output == "logits"
    assert result.card.contract["output"] == "probabilities"
    assert abs(scores.sum() - 1) < 0.02


def test_calibration_takes_what_there_is(trained, tmp_path):
    result = quantize(QuantizeRequest(trained, max_drop=5.0), tmp_path / "out")
    assert result.card.settings["calibration"] == 500


def test_folder_that_somebody_filled_meanwhile_is_left_alone(trained, tmp_path):
    out = tmp_path / "out"

    def interfere(stage: str, *_: int) -> None:
        out.mkdir(exist_ok=True)
        (out / "mine.txt").write_text("keep me")

    with pytest.raises(EdgedigitsError, match="--force"):
        quantize(QuantizeRequest(trained), out, progress=interfere)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_network_that_was_never_built_is_refused(tmp_path):
    import tf_keras as keras

    keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)]).save(tmp_path / "model.keras")
    with pytest.raises(EdgedigitsError, match=r"cannot load|says no shape of its input"):
        load_keras(tmp_path / "model.keras")


def test_reader_computes_the_softmax_that_a_model_lacks(split, tmp_path):
    """Rooms meet through files: a model that gives logits may come from elsewhere."""
    import tf_keras as keras

    from edgedigits.edge import DigitReader
    from edgedigits.quantize import RECIPES, convert

    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    path = tmp_path / "logits.tflite"
    path.write_bytes(convert(network, split.train.images[:50], RECIPES["int8"]))
    scores = DigitReader(path).model.probabilities(split.test.images)
    assert np.abs(scores.sum(axis=1) - 1).max() < 1e-5
