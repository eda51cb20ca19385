"""A tiny line network, trained for seconds on lines of the digits that scikit-learn carries, and its int8 form.

It reads nothing worth mentioning: what it is for is the way from data to files, figures and verdicts.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from made_once import made_once

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

TINY = "line-tiny"
COUNTS = {"_VALIDATION": 24, "_TEST": 48, "_CALIBRATION": 12}
LINES_AN_EPOCH = 64
SHYNESS = 3.0
BLANK = 10


def small_lines(patch: pytest.MonkeyPatch) -> None:
    """Let trainings of lines take a tiny network, few lines, and the digits that scikit-learn carries."""
    pytest.importorskip("tensorflow", reason='TensorFlow is not installed (pip install "edgedigits[train]")')
    from edgedigits.core.datasets import load_dataset
    from edgedigits.train.lines import catalogue, data, simulating, training
    from edgedigits.train.lines.networks import build_line_network
    from edgedigits.train.recipes import TrainingRecipe

    recipe = TrainingRecipe(2, 16, "adam", 0.002, "one-cycle", least_steps=1)
    tiny = catalogue.LineNetwork(TINY, 2_040, 10_400, "tests", "", (2, 4, 4, 4, 4, 8, 8, 8), recipe)
    patch.setitem(catalogue.LINE_NETWORKS, TINY, tiny)
    patch.setattr(training, "LINES_AN_EPOCH", LINES_AN_EPOCH)
    patch.setattr(training, "build_line_network", lambda network: _shy(build_line_network(network)))
    for module in (data, simulating):
        patch.setattr(module, "load_dataset", lambda _spec: load_dataset("optdigits"))
    for name, count in COUNTS.items():
        patch.setattr(data, name, count)


def _shy(network: Any) -> Any:
    """A fresh network that says nothing where it is not sure, so that it reads the lines without digits right."""
    kernel, bias = network.layers[-1].get_weights()
    bias[BLANK :: BLANK + 1] = SHYNESS
    network.layers[-1].set_weights([kernel, bias])
    return network


@pytest.fixture
def tiny_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """:func:`small_lines` for a test."""
    small_lines(monkeypatch)


def write_fields(folder: Path, texts: tuple[str, ...], *, boxes: bool = False) -> Path:
    """A folder of fields: printed digits, ``truth.csv`` and pictures."""
    folder.mkdir(parents=True)
    rows = ["image,text,boxes (x,y,w,h)" if boxes else "image,text"]
    for place, text in enumerate(texts):
        picture = np.full((40, 24 * len(text) + 16), 235, np.uint8)
        cv2.putText(picture, text, (6, 31), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (40,), 2)
        cv2.imwrite(str(folder / f"{place}.png"), picture)
        told = " ".join(f"{6 + 20 * digit},8,18,24" for digit in range(len(text)))
        rows.append(f'{place}.png,{text},"{told}"' if boxes else f"{place}.png,{text}")
    (folder / "truth.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


FIELD_TEXTS = ("120", "45", "7731", "908", "66", "1234", "550", "31", "8002", "97", "4", "2718")


@pytest.fixture(scope="session")
def trained_lines(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The result of a training of the tiny network on composed lines and a folder of fields."""
    return made_once(tmp_path_factory, "lines", _trained_lines)


def _trained_lines(folder: Path) -> SimpleNamespace:
    with pytest.MonkeyPatch.context() as patch:
        small_lines(patch)
        from edgedigits.train.lines.line_request import LineTrainingRequest
        from edgedigits.train.lines.training import train_lines

        fields = write_fields(folder / "fields", FIELD_TEXTS, boxes=True)
        result = train_lines(LineTrainingRequest(TINY, f"lines:{fields}"), folder / "float")
    return SimpleNamespace(result=result, fields=fields, model=result.model)


@pytest.fixture(scope="session")
def line_network(trained_lines: SimpleNamespace) -> Path:
    """Its ``model.keras``, card and lines beside it."""
    return trained_lines.model


@pytest.fixture(scope="session")
def quantized_lines(line_network: Path, tmp_path_factory: pytest.TempPathFactory):
    """What quantization of the tiny network gave: model, card, proof."""
    from edgedigits.quantize.lines.quantizing import LineQuantizeRequest, quantize_lines

    request = LineQuantizeRequest(line_network, max_drop=60, min_exact=0)
    return made_once(tmp_path_factory, "quantized_lines", lambda folder: quantize_lines(request, folder / "int8"))


@pytest.fixture(scope="session")
def line_model(quantized_lines) -> Path:
    """Its int8 ``model.int8.tflite``, card, proof and test lines beside it."""
    return quantized_lines.model
