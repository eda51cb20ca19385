"""What an exported model is held against is the same on every Python, whichever runtime is installed there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from tiny_models import tiny_models as make_tiny_models

from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.runtime import runtime
from edgedigits.firmware_export.graph.evaluation import evaluate
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.operators.weighted.fully_connected import rounded_once
from edgedigits.firmware_export.proof import reference
from edgedigits.firmware_export.proof.drawn import drawn_digits
from edgedigits.firmware_export.proof.reference import REFERENCE_RUNTIME, ReferenceKernels

SMALL = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"
ROUNDED_OTHERWISE = (140, 227, 260, 281, 283)
"""Drawn digits of which the built-in model's outputs depend on how often its FULLY_CONNECTED rounds."""


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_tiny_models(tmp_path_factory)


@pytest.fixture(scope="module")
def outputs():
    return ReferenceKernels(SMALL).outputs(drawn_digits(300))


def test_outputs_of_drawn_digits_are_the_same_bytes_everywhere(outputs):
    found = hashlib.sha256(np.asarray(outputs, np.int8).tobytes()).hexdigest()
    assert found == "4b78d4c7e2dc25f270e7834ac89ceff548a329eb8bbeeae3bd1fffa5279b6b63"


def test_a_graph_gives_what_the_runtimes_reference_kernels_give(outputs):
    model, graph = DigitModel(SMALL, reference=True), read_graph(SMALL)
    images = drawn_digits(300)
    theirs = graph if model.runtime.name == REFERENCE_RUNTIME else rounded_once(graph)
    made = [evaluate(theirs, given).ravel() for given in model.inputs(images)]
    np.testing.assert_array_equal(made, model.raw(images))


def test_it_matters_how_often_a_dense_layer_rounds(outputs):
    model, graph = DigitModel(SMALL, reference=True), read_graph(SMALL)
    theirs = rounded_once(graph)
    once = np.array([evaluate(theirs, given).ravel() for given in model.inputs(drawn_digits(300))])
    assert tuple(np.flatnonzero((once != outputs).any(axis=1))) == ROUNDED_OTHERWISE
    assert 1 <= np.abs(once.astype(int) - outputs).max() <= 3  # a step before softmax, which is steep


@pytest.mark.parametrize("name", ["int8", "int8_float_doors", "uint8_doors"])
def test_numpy_gives_what_the_kernels_give_in_the_types_that_the_model_has(name, tiny_models, monkeypatch):
    """As on a Python that has LiteRT alone: here the kernels are there to be compared with."""
    if runtime().name != REFERENCE_RUNTIME:
        pytest.skip(f"{runtime()} has no reference kernels of TFLite 2.14")
    images = drawn_digits(100)
    theirs = ReferenceKernels(tiny_models[name]).outputs(images)
    monkeypatch.setattr(reference, "REFERENCE_RUNTIME", "another")
    told: list[int] = []
    ours = ReferenceKernels(tiny_models[name]).outputs(images, told.append)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)
    assert len(np.unique(ours.argmax(1))) > 1
    assert told == list(range(1, 101))


def test_progress_is_told_for_every_image():
    told: list[int] = []
    ReferenceKernels(SMALL).outputs(drawn_digits(3), told.append)
    assert told[-1] == 3, str(runtime())
