"""Digits that lie on the devices: the same training as by the pipeline, every part of it for a GPU."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.digit import model_input
from edgedigits.core.keras.backend import tf
from edgedigits.train import TrainingInterrupted, training
from edgedigits.train.augmentation.distortion import augment
from edgedigits.train.fitting.checkpoint import Saved
from edgedigits.train.fitting.devices import choose_devices
from edgedigits.train.fitting.fitting import fit, prepare
from edgedigits.train.fitting.pipeline import training_batches
from edgedigits.train.fitting.resident import LARGEST_BYTES, STEPS_A_CALL, ResidentTraining, can_hold
from edgedigits.train.recipes import AUGMENTATIONS
from edgedigits.train.training_request import TrainingRequest, resolve
from tests.train.gpu_kernels import amiss_on_a_gpu

CPU = choose_devices("cpu")
HOLDING = replace(CPU, hold_digits=True)


@pytest.fixture(scope="module")
def split():
    return split_dataset(load_dataset("optdigits"))


def _fitted(split, devices, progress=None, **settings):
    request = TrainingRequest("inf283-cnn", "optdigits", **settings)
    recipe = resolve(request)
    fitter = prepare(request, recipe, len(split.train), devices)
    saved = fit(fitter, recipe, split, request.seed, Saved(), lambda _: None, progress)
    return saved.history, fitter.model.get_weights()


@pytest.mark.parametrize("name", ["none", "light"])
def test_it_learns_what_the_pipeline_teaches(split, name):
    settings = {"epochs": 2, "augmentation": name}
    history, weights = _fitted(split, CPU, **settings)
    other_history, other_weights = _fitted(split, HOLDING, **settings)
    for record, other in zip(history, other_history, strict=True):
        assert (record.loss, record.val_loss) == pytest.approx((other.loss, other.val_loss), rel=1e-4)
        assert (record.accuracy, record.val_accuracy) == pytest.approx((other.accuracy, other.val_accuracy), abs=0.1)
    for mine, others in zip(weights, other_weights, strict=True):
        np.testing.assert_allclose(mine, others, atol=1e-4)


def test_on_a_processor_every_bit_is_as_keras_itself_trains_with_the_pipeline(split):
    request = TrainingRequest("nano", "optdigits", epochs=2)
    recipe = resolve(request)
    fitter = prepare(request, recipe, len(split.train), CPU)
    saved = fit(fitter, recipe, split, 0, Saved(), lambda _: None, lambda _: None)
    plain = prepare(request, recipe, len(split.train), CPU)
    for record in saved.history:
        batches = training_batches(split.train, plain.batch_size, 0, record.epoch - 1, recipe)
        told = plain.model.fit(batches, verbose=0).history
        assert told["loss"] == [record.loss]
    for mine, others in zip(fitter.model.get_weights(), plain.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, others)


def test_progress_is_told_after_every_call_of_many_steps(split):
    told = []
    few = replace(split, train=split.train.take(np.arange(500)))
    _fitted(few, HOLDING, told.append, epochs=1, batch_size=4)
    steps = [now.step for now in told]
    assert STEPS_A_CALL == 50
    assert steps == [0, 50, 100, 125, 125]
    assert all(now.metrics["loss"] > 0 for now in told[1:])
    assert told[0].devices == str(CPU)
    assert "val_accuracy" in told[-1].metrics


@pytest.mark.parametrize("name", [name for name, settings in AUGMENTATIONS.items() if settings.moves])
def test_distortions_on_the_device_are_those_of_the_pipeline(split, name):
    batch = tf.constant(model_input(split.train.images[:64]))
    there, here = (
        augment(batch, tf.constant([1, 2]), AUGMENTATIONS[name], on_device=on).numpy() for on in (True, False)
    )
    np.testing.assert_allclose(there, here, atol=1e-4)


@pytest.mark.parametrize(
    ("network", "augmentation", "policy"),
    [
        ("nano", "light", "float32"),
        ("vit-cnn-small", "vit", "mixed_float16"),
        ("fakebank-cnn", "none", "mixed_float16"),
    ],
)
def test_every_operation_of_a_step_has_a_form_for_gpus_that_leaves_the_digits_there(
    split, network, augmentation, policy
):
    request = TrainingRequest(network, "optdigits", augmentation=augmentation, batch_size=32)
    devices = replace(HOLDING, policy=policy)
    fitter = prepare(request, resolve(request), len(split.train), devices)
    training = ResidentTraining(fitter.model, devices, 32, resolve(request), split, 0)
    order = training._shared(lambda _, replicas: np.zeros((1, 32 // replicas), np.int64))
    lots, first, last = tf.zeros(1, tf.int32), tf.constant(0), tf.constant(1)
    assert amiss_on_a_gpu(training._several.get_concrete_function(order, lots, first, last).graph) == []


def test_an_operation_without_a_form_for_gpus_would_be_found():
    @tf.function
    def pipeline(images):
        return augment(images, tf.constant([1, 2]), AUGMENTATIONS["light"])

    graph = pipeline.get_concrete_function(tf.TensorSpec((32, 28, 28, 1))).graph
    found = amiss_on_a_gpu(graph)
    assert "ResizeBicubic has no form for GPUs" in found
    assert any(line.startswith("AddV2 reckons on the processor with") for line in found)


def test_what_devices_cannot_hold_or_distort_goes_through_the_pipeline(split):
    recipe = resolve(TrainingRequest("nano"))
    assert can_hold(HOLDING, recipe, split.train, 32)
    assert not can_hold(CPU, recipe, split.train, 32)
    assert not can_hold(HOLDING, replace(recipe, augmentation="reading"), split.train, 32)
    assert not can_hold(replace(HOLDING, names=("a", "b", "c")), recipe, split.train, 2)
    images = np.broadcast_to(np.zeros((28, 28), np.uint8), (LARGEST_BYTES // 784 + 1, 28, 28))
    many = replace(split.train, images=images, labels=np.zeros(len(images), np.uint8))
    assert not can_hold(HOLDING, recipe, many, 32)


def test_a_training_of_digits_on_the_devices_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "choose_devices", lambda _: HOLDING)
    request = TrainingRequest("inf283-cnn", "optdigits", epochs=2)

    def stop(progress):
        if progress.epoch == 2 and progress.step:
            raise KeyboardInterrupt

    whole = training.train(request, tmp_path / "whole")
    with pytest.raises(TrainingInterrupted):
        training.train(request, tmp_path / "parts", progress=stop)
    parts = training.train(request, tmp_path / "parts", resume=True)
    assert parts.history[1].loss == pytest.approx(whole.history[1].loss, rel=1e-4)
    assert parts.history[1].val_loss == pytest.approx(whole.history[1].val_loss, rel=1e-4)


TWO_DEVICES = """
import sys
from dataclasses import replace
from pathlib import Path
from edgedigits.core.keras.backend import tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import numpy as np
from edgedigits.train import TrainingRequest, training
from edgedigits.train.fitting.devices import choose_devices
from edgedigits.core.keras.models import load_keras

found = []
for hold in (False, True):
    training.choose_devices = lambda _, hold=hold: replace(choose_devices("cpu"), hold_digits=hold)
    request = TrainingRequest("inf283-nn", "optdigits", epochs=2, augmentation="none", batch_size=128)
    result = training.train(request, Path(sys.argv[1]) / str(hold))
    assert len(result.card.settings["devices"]) == 2
    found.append((load_keras(result.model).get_weights(), result.history))
(weights, history), (other_weights, other_history) = found
for mine, others in zip(weights, other_weights):
    np.testing.assert_allclose(mine, others, atol=1e-4)
for record, other in zip(history, other_history):
    np.testing.assert_allclose((record.loss, record.val_loss), (other.loss, other.val_loss), rtol=1e-4)
    np.testing.assert_allclose(record.val_accuracy, other.val_accuracy, atol=0.01)
"""


@pytest.mark.slow  # docs/gpu.md's command trains so on two devices, test_devices.py with the pipeline
def test_two_devices_that_hold_the_digits_learn_what_the_pipeline_teaches_them(tmp_path):
    command = [sys.executable, "-c", TWO_DEVICES, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
