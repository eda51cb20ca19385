"""The reports' networks as baselines, and the table of what was reported beside what was measured."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.models import keras_scores, load_keras
from edgedigits.results import read_results
from edgedigits.train import BaselineRequest, FoldScore, baseline_folds, run_baseline
from edgedigits.train.baselines.reported import SEEN, gather_measured, reported_markdown
from edgedigits.train.folds import cross_validate
from edgedigits.train.training_request import resolve

REQUEST = BaselineRequest("nf264-cnn2", "optdigits", epochs=2)
PROGRAM = """
import sys
from pathlib import Path
from edgedigits.train import BaselineRequest, run_baseline

def told(progress):
    print("epoch", progress.epoch, flush=True)

run_baseline(BaselineRequest("nf264-cnn2", "optdigits", epochs=2), Path(sys.argv[1]), progress=told)
"""


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """The second network of NF264, trained for two epochs on optdigits: its folder and row."""
    out = tmp_path_factory.mktemp("network") / "out"
    return out, run_baseline(REQUEST, out)


def test_a_network_is_trained_as_its_report_did_and_measured_like_the_others(network):
    out, row = network
    card = card_of(out / "nf264-cnn2" / "model.keras")
    assert (card.network, card.dataset["split"], card.settings["optimizer"]) == ("nf264-cnn2", "nf264", "sgd")
    assert (row.recipe, row.file, row.parameters, row.macs) == ("float network", "model.keras", 159_254, 5_514_344)
    assert row.accuracy.percent == pytest.approx(card.measured["test_accuracy"], abs=1e-3)
    assert row.validation.percent == card.measured["validation_accuracy"]
    assert (row.bytes, row.sha256, row.seconds) == (card.bytes, card.sha256, card.measured["seconds"])
    assert [latency.batch for latency in row.latencies] == [1, 180]
    assert all(latency.threads == 1 and latency.runtime.startswith("tensorflow 2") for latency in row.latencies)
    assert read_results(out).rows == (row,)


def test_where_a_report_measured_on_seen_digits_so_is_ours_and_set_apart(network):
    _, row = network
    assert row.checks[SEEN] > row.accuracy.percent - 5
    assert row.checks[SEEN] != row.accuracy.percent


def test_a_finished_training_is_taken_and_not_done_again(network, tmp_path):
    trained = shutil.copytree(network[0] / "nf264-cnn2", tmp_path / "trained")
    told = []
    row = run_baseline(REQUEST, tmp_path / "out", trained=trained, progress=told.append)
    assert not told
    assert (row.sha256, row.accuracy) == (network[1].sha256, network[1].accuracy)
    assert card_of(tmp_path / "out" / "nf264-cnn2" / "model.keras") is not None


@pytest.mark.parametrize(
    ("request_", "difference"),
    [
        (BaselineRequest("nf264-cnn1", "optdigits", epochs=2), "network nf264-cnn2, not nf264-cnn1"),
        (BaselineRequest("nf264-cnn2", "optdigits", epochs=3), "epochs 2, not 3"),
        (BaselineRequest("nf264-cnn2", "optdigits", epochs=2, seed=1), "seed 0, not 1"),
        (BaselineRequest("nf264-cnn2", "optdigits", "vit", epochs=2), "split nf264, not vit"),
    ],
)
def test_the_training_of_another_request_is_not_taken(network, tmp_path, request_, difference):
    with pytest.raises(EdgedigitsError, match=difference):
        run_baseline(request_, tmp_path / "out", trained=network[0] / "nf264-cnn2")


def test_a_folder_without_a_training_is_a_clear_error(tmp_path):
    with pytest.raises(EdgedigitsError, match="no model at"):
        run_baseline(REQUEST, tmp_path / "out", trained=tmp_path)


def test_half_a_training_is_a_clear_error(network, tmp_path):
    trained = shutil.copytree(network[0] / "nf264-cnn2", tmp_path / "trained")
    (trained / "history.csv").unlink()
    with pytest.raises(EdgedigitsError, match=r"lacks history\.csv"):
        run_baseline(REQUEST, tmp_path / "out", trained=trained)


@pytest.mark.slow  # it trains as test_resume.py's networks do
def test_a_killed_baseline_goes_on_after_its_last_whole_epoch(network, tmp_path):
    out = tmp_path / "out"
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, str(out)], stdout=subprocess.PIPE, text=True)
    for line in child.stdout:
        if line == "epoch 2\n":
            os.kill(child.pid, signal.SIGKILL)
            break
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    epochs = []
    row = run_baseline(REQUEST, out, resume=True, progress=lambda progress: epochs.append(progress.epoch))
    assert min(epochs) == 2
    assert row.accuracy.percent == pytest.approx(network[1].accuracy.percent, abs=1.2)


def test_an_augmented_network_is_trained_with_the_augmentation():
    assert BaselineRequest("endsley-park-cnn").training().augmentation is None
    training = BaselineRequest("endsley-park-cnn-weak").training()
    assert (training.network, training.augmentation) == ("endsley-park-cnn", "endsley-park-weak")
    assert (training.split, resolve(training).epochs) == ("vit", 10)


def test_a_model_that_learned_from_grey_values_reads_digits_as_it_was_validated(tmp_path):
    """It is kept as one that takes 0 to 1, and reads the validation digits as the network did that took 0 to 255."""
    request = BaselineRequest("endsley-park-cnn", "optdigits", epochs=1)
    row = run_baseline(request, tmp_path)
    split = split_dataset(load_dataset("optdigits"), "vit")
    model = load_keras(tmp_path / "endsley-park-cnn" / "model.keras")
    right = keras_scores(model, split.validation.images).argmax(axis=1) == split.validation.labels
    assert row.validation.percent == pytest.approx(100 * right.mean(), abs=1e-3)
    assert row.settings["training"]["input_scale"] == 255
    first = next(layer for layer in model.layers if layer.weights)
    assert np.abs(first.get_weights()[0]).max() > 20, "the first layer has taken the scale over"


@pytest.fixture(scope="module")
def folds(tmp_path_factory):
    out = tmp_path_factory.mktemp("folds") / "out"
    return out, baseline_folds(replace(REQUEST, epochs=1), 2, out)


def test_a_network_is_cross_validated_under_its_name_in_the_reports(folds):
    out, found = folds
    assert found.request["model"] == "nf264-cnn2"
    assert found.request["settings"]["epochs"] == 1
    assert (out / "fold-1-of-2" / "model.keras").is_file()


def test_what_was_reported_stands_beside_what_was_measured_and_why_they_differ(network, folds, tmp_path):
    run_baseline(BaselineRequest("knn", "optdigits"), tmp_path / "knn")
    text = reported_markdown(gather_measured([network[0], folds[0], tmp_path / "knn"]))
    lines = text.splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| `knn` | 97.14 (")
    assert "The report's setting (n_neighbors 1) gets" in lines[2]
    line = lines[3]
    for piece in (
        "| `nf264-cnn2` | 98.986 (",
        "99.89 (NF264, the best fold's model on digits that it had mostly seen",
        f"{network[1].accuracy.percent:.2f} (optdigits, test part of split nf264: 180)",
        f"{folds[1].mean:.2f}, 95 % interval",
        f"Read on its own training digits, ours gets {network[1].checks[SEEN]:.2f} %",
    ):
        assert piece in line
    assert {one.count("|") for one in lines} == {7}, "every line has six cells"


def test_folders_that_cannot_stand_in_the_table_are_refused(network, folds, tmp_path):
    with pytest.raises(EdgedigitsError, match="holds no baseline"):
        gather_measured([tmp_path])
    with pytest.raises(EdgedigitsError, match="holds nf264-cnn2 once more"):
        gather_measured([network[0], network[0]])
    unfinished = shutil.copytree(network[0], tmp_path / "unfinished")
    (unfinished / "nf264-cnn2" / "row.json").unlink()
    with pytest.raises(EdgedigitsError, match=r"lacks nf264-cnn2; finish it with --resume"):
        gather_measured([unfinished])
    cut = shutil.copytree(folds[0], tmp_path / "cut")
    content = json.loads((cut / "folds.json").read_text())
    (cut / "folds.json").write_text(json.dumps({**content, "folds": content["folds"][:1]}))
    with pytest.raises(EdgedigitsError, match=r"has 1 of 2 folds; finish it with --resume"):
        gather_measured([cut])


def test_a_network_of_no_report_is_refused(tmp_path):
    noted = FoldScore(0, 97.5, 900, "0" * 64, 98.0, 1.0)
    dataset = load_dataset("optdigits")
    cross_validate({"model": "nano"}, dataset, 2, 0, tmp_path / "out", lambda name, folder, resume: noted)
    with pytest.raises(EdgedigitsError, match="holds nano, which no report describes"):
        gather_measured([tmp_path / "out"])
