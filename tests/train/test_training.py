"""A training run: what it leaves behind, what it refuses, and what an interruption costs."""

import csv
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras, tf
from edgedigits.train import TrainingInterrupted, TrainingRequest, evaluate_keras, train
from edgedigits.train.artifacts import write_results
from edgedigits.train.fitting.checkpoint import Saved
from edgedigits.train.fitting.devices import choose_devices
from edgedigits.train.fitting.fitting import fit, prepare
from edgedigits.train.training_request import resolve

QUICK = TrainingRequest("nano", "optdigits", epochs=2, batch_size=64)
FILES = {"model.keras", "card.json", "history.csv", "curves.png", "confusion.png"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of four epochs, what it returned and what it told on the way."""
    told = []
    request = TrainingRequest("nano", "optdigits", epochs=4, batch_size=32, augmentation="none", tensorboard=True)
    out = tmp_path_factory.mktemp("run") / "out"
    return train(request, str(out), progress=told.append), out, told


def test_a_run_leaves_model_card_history_and_plots_and_nothing_else(finished):
    _, out, _ = finished
    assert {path.name for path in out.iterdir()} == FILES | {"tensorboard"}


def test_the_model_learned(finished):
    result, _, _ = finished
    assert result.metrics.accuracy > 60
    assert result.history[-1].loss < result.history[0].loss


def test_the_card_tells_what_the_model_is_and_fits_its_file(finished):
    result, out, _ = finished
    card = card_of(out / "model.keras")
    assert card == result.card
    assert (card.kind, card.network, card.seed) == ("keras", "nano", 0)
    assert card.dataset == split_dataset(load_dataset("optdigits")).describe()
    assert card.settings["batch_size"] == 32
    assert card.settings["augmentation"] == "none"
    assert card.measured["test_accuracy"] == pytest.approx(result.metrics.accuracy, abs=1e-3)
    assert {"edgedigits", "tensorflow", "tf_keras"} <= card.software.keys()


def test_the_saved_model_holds_the_weights_of_the_best_epoch(finished):
    result, out, _ = finished
    best = max(result.history, key=lambda record: (record.val_accuracy, -record.val_loss))
    assert result.best_epoch == best.epoch
    judged = evaluate_keras(str(out / "model.keras"), split_dataset(load_dataset("optdigits")).validation)
    assert judged.accuracy == pytest.approx(best.val_accuracy, abs=1e-3)


def test_what_a_worse_last_epoch_made_is_not_kept(tmp_path):
    """Before the last of three epochs all weights become 0, from which no network recovers."""
    split = split_dataset(load_dataset("optdigits"))
    request = replace(QUICK, epochs=3)
    recipe, devices = resolve(request), choose_devices("cpu")
    fitter = prepare(request, recipe, len(split.train), devices)
    states = []

    def keep(saved):
        states.append(fitter.model.get_weights())
        if len(states) == 2:
            fitter.model.set_weights([np.zeros_like(weights) for weights in states[-1]])

    saved = fit(fitter, recipe, split, 0, Saved(), keep, None)
    assert saved.best_epoch == 2
    assert saved.history[2].val_accuracy < saved.history[1].val_accuracy - 20
    for kept, made in zip(saved.best, states[1], strict=True):
        np.testing.assert_array_equal(kept, made)
    result = write_results(request, recipe, split, devices, saved, tmp_path)
    assert result.card.measured["best_epoch"] == result.best_epoch == 2
    judged = evaluate_keras(tmp_path / "model.keras", split.validation)
    assert judged.accuracy == pytest.approx(saved.history[1].val_accuracy, abs=1e-3)


def test_the_graph_of_a_step_is_made_once():
    """Twice, where loss, metrics and optimizer create their variables within the first step."""
    split = split_dataset(load_dataset("optdigits"))
    few = replace(split, train=split.train.take(np.arange(256)))
    recipe = replace(resolve(QUICK), passes=1, epochs=2)
    fitter = prepare(QUICK, recipe, 256, choose_devices("cpu"))
    fit(fitter, recipe, few, 0, Saved(), lambda _saved: None, None)
    assert fitter.model.train_tf_function.experimental_get_tracing_count() == 1


def test_the_history_has_a_row_an_epoch(finished):
    _, out, _ = finished
    with (out / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "rate", "seconds"]
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert float(rows[-1]["rate"]) < float(rows[0]["rate"])


def test_plots_are_png_pictures(finished):
    _, out, _ = finished
    for name in ("curves.png", "confusion.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_progress_is_told_to_the_last_step_of_every_epoch(finished):
    _, _, told = finished
    last = [progress for progress in told if progress.step == progress.steps and "val_accuracy" not in progress.metrics]
    assert [(progress.epoch, progress.epochs) for progress in last] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert (told[0].step, told[0].metrics) == (0, {})  # before the first step: on what it trains
    assert set(told[1].metrics) == {"loss", "accuracy"}


def test_the_validation_accuracy_of_every_epoch_is_told_once_its_state_is_kept(finished):
    result, _, told = finished
    validated = [progress for progress in told if "val_accuracy" in progress.metrics]
    assert [progress.epoch for progress in validated] == [1, 2, 3, 4]
    figures = [(progress.metrics["val_accuracy"], progress.metrics["val_loss"]) for progress in validated]
    np.testing.assert_allclose(figures, [(record.val_accuracy / 100, record.val_loss) for record in result.history])


def test_tensorboard_gets_the_figures_of_every_epoch(finished):
    result, out, _ = finished
    (log,) = (out / "tensorboard").iterdir()
    found = []
    for record in tf.data.TFRecordDataset(str(log)).as_numpy_iterator():
        event = tf.compat.v1.Event.FromString(record)
        found += [tf.make_ndarray(value.tensor) for value in event.summary.value if value.tag == "val_accuracy"]
    np.testing.assert_allclose(found, [record.val_accuracy for record in result.history], rtol=1e-5)


def test_dropout_and_l2_networks_train_too(tmp_path):
    result = train(TrainingRequest("inf283-cnn", "optdigits", epochs=1), tmp_path / "out")
    assert result.card.parameters == 592_074
    keras.models.load_model(result.model, compile=False)


def test_an_output_folder_with_content_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(EdgedigitsError, match="--force"):
        train(QUICK, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (TrainingRequest("nano", "optdigits", epochs=0), "epochs is 0"),
        (TrainingRequest("nano", "optdigits", batch_size=0), "batch size is 0"),
        (TrainingRequest("nano", "optdigits", rate=-1), "learning rate"),
        (TrainingRequest("nano", "optdigits", seed=-1), "seed"),
        (TrainingRequest("nano", "optdigits", augmentation="strong"), "no augmentation"),
        (TrainingRequest("smal", "optdigits"), "did you mean small"),
        (TrainingRequest("nano", "optdigits", weights=Path("w.h5")), "takes no weights"),
        (TrainingRequest("nano", "optdigits", device="tpu"), "choose auto, cpu or gpu"),
        (TrainingRequest("nano", "noise"), "noise"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_before_anything_is_written(tmp_path, request_, message):
    with pytest.raises(EdgedigitsError, match=message):
        train(request_, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(EdgedigitsError, match="no GPU"):
        train(TrainingRequest("nano", "optdigits", device="gpu"), tmp_path / "out")


def test_a_loss_that_is_no_number_stops_the_run(tmp_path):
    with pytest.raises(EdgedigitsError, match="smaller learning rate"):
        train(TrainingRequest("nf264-cnn1", "optdigits", epochs=1, rate=1e30), tmp_path / "out")
    assert not (tmp_path / "out" / "model.keras").exists()


def test_ctrl_c_keeps_the_finished_epochs_and_says_how_to_go_on(tmp_path):
    def stop(progress):
        if progress.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(TrainingInterrupted, match=r"--resume goes on after epoch 1"):
        train(QUICK, tmp_path / "out", progress=stop)
    with pytest.raises(EdgedigitsError, match=r"--resume"):
        train(QUICK, tmp_path / "out")
    assert len(train(QUICK, tmp_path / "out", resume=True).history) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_a_clear_error_and_the_state_before_still_stands(tmp_path, monkeypatch):
    out = tmp_path / "out"
    before = []

    def fill(progress):
        """Let the second epoch's state meet a full disk: its temporary files are opened on /dev/full."""
        if progress.epoch == 2 and not before:
            before.append((out / ".checkpoint" / "state.zip").read_bytes())
            monkeypatch.setattr("tempfile.mkstemp", _on_full_disk)

    with pytest.raises(EdgedigitsError, match="no room left"):
        train(QUICK, out, progress=fill)
    assert (out / ".checkpoint" / "state.zip").read_bytes() == before[0]


def _on_full_disk(*_args, dir=None, prefix="", suffix="", **_more):
    link = Path(dir) / f"{prefix}full{suffix}"
    link.symlink_to("/dev/full")
    return os.open(link, os.O_RDWR), str(link)


def test_the_cards_json_is_plain(finished):
    _, out, _ = finished
    assert json.loads((out / "card.json").read_text())["format"] == 1
