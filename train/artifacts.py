"""What a finished training run leaves behind: model, card, history, plots; and logs for TensorBoard."""

from __future__ import annotations

import platform
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgedigits.core.cards import Card, code_version, write_card
from edgedigits.core.contract.contract import OUR_CONTRACT
from edgedigits.core.datasets import Split
from edgedigits.core.files import csv_text, sha256_of, write_text, write_with
from edgedigits.core.keras.backend import tf
from edgedigits.core.keras.models import keras_scores, load_keras
from edgedigits.core.lessons import open_lessons
from edgedigits.core.statistics.metrics import Metrics, evaluate_scores
from edgedigits.train.fitting.checkpoint import Saved
from edgedigits.train.fitting.devices import Devices
from edgedigits.train.networks.reported import build, take_over_scale
from edgedigits.train.plots import confusion_png, curves_png
from edgedigits.train.recipes import TrainingRecipe
from edgedigits.train.training_request import EpochRecord, TrainingRequest, TrainingResult

MODEL, HISTORY, CURVES, CONFUSION = "model.keras", "history.csv", "curves.png", "confusion.png"
_SCALAR = 1  # DATA_CLASS_SCALAR of TensorBoard's summary.proto


def write_results(
    request: TrainingRequest, recipe: TrainingRecipe, split: Split, devices: Devices, saved: Saved, out: Path
) -> TrainingResult:
    """Judge the best weights on the test digits, once, and write every file of the run; the card comes last.

    The model is built anew in float32, whatever precision it was trained in (the weights themselves always are),
    and carries no optimizer, so that quantization can take it as it is. It takes digits between 0 and 1, whatever
    scale it was trained on.
    """
    model = build(request.network, pretrained=False)
    model.set_weights(list(saved.best))
    take_over_scale(model, recipe.input_scale)
    metrics = evaluate_scores(keras_scores(model, split.test.images), split.test.labels)
    before = _before(request, split)
    write_with(out / MODEL, lambda path: model.save(path, save_format="keras"))
    write_text(out / HISTORY, history_csv(saved.history))
    curves_png(saved.history, saved.best_epoch, out / CURVES)
    confusion_png(metrics, out / CONFUSION)
    card = _card(request, recipe, split, devices, saved, metrics, before, out / MODEL, model.count_params())
    write_card(out, card)
    return TrainingResult(request, recipe, out / MODEL, card, saved.history, saved.best_epoch, metrics)


def _card(
    request: TrainingRequest,
    recipe: TrainingRecipe,
    split: Split,
    devices: Devices,
    saved: Saved,
    metrics: Metrics,
    before: dict[str, float],
    file: Path,
    parameters: int,
) -> Card:
    seconds = sum(record.seconds for record in saved.history)
    best = saved.history[saved.best_epoch - 1]
    start = request.opened_start()
    return Card(
        kind="keras",
        file=file.name,
        sha256=sha256_of(file),
        bytes=file.stat().st_size,
        network=request.network,
        parameters=parameters,
        dataset=split.describe(),
        seed=request.seed,
        settings={
            **asdict(recipe),
            **({"lessons": open_lessons(request.lessons).recipe.as_dict()} if request.lessons else {}),
            "trained_on": str(devices),
            "devices": list(devices.names),
            "precision": devices.policy,
        },
        measured={
            "validation_accuracy": round(best.val_accuracy, 4),
            "test_accuracy": round(metrics.accuracy, 4),
            "best_epoch": saved.best_epoch,
            "seconds": round(seconds, 1),
            "seconds_per_epoch": round(seconds / len(saved.history), 2),
            **before,
        },
        parent=start.parent if start else {},
        pretrained_on=start.pretrained_on if start else [],
        software=software(),
        contract=OUR_CONTRACT.as_dict() | {"type": "float32"},
    )


def _before(request: TrainingRequest, split: Split) -> dict[str, float]:
    """What the model that a training started from reads of its digits; empty where there is none."""
    start = request.opened_start()
    if start is None:
        return {}
    model = load_keras(start.path)
    found = {"validation": split.validation, "test": split.test}
    return {
        f"start_{part}_accuracy": round(evaluate_scores(keras_scores(model, some.images), some.labels).accuracy, 4)
        for part, some in found.items()
    }


def software() -> dict[str, str]:
    """Versions of what trains, as cards name them."""
    return {
        "edgedigits": code_version(),
        "tensorflow": tf.__version__,
        "tf_keras": version("tf_keras"),
        "numpy": version("numpy"),
        "python": platform.python_version(),
    }


def history_csv(history: tuple[EpochRecord, ...]) -> str:
    """The history as a table with a header, a row an epoch, accuracies in percent."""
    first, *rest = (field.name for field in fields(EpochRecord))
    records = (asdict(record) for record in history)
    lines = ([values[first], *(f"{values[name]:.6g}" for name in rest)] for values in records)
    return csv_text([first, *rest], lines)


class TensorboardLog:
    """Scalars of each epoch for TensorBoard; a resumed run adds a file to the same folder."""

    def __init__(self, folder: Path) -> None:
        """Open a log in ``folder``."""
        self._writer: Any = tf.summary.create_file_writer(str(folder))
        # What tf.summary.scalar writes; that function itself wants the package tensorboard, the files do not.
        plugin = tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
        self._scalar = tf.compat.v1.SummaryMetadata(plugin_data=plugin, data_class=_SCALAR)

    def add(self, record: EpochRecord) -> None:
        """Write an epoch's figures and have them on disk."""
        with self._writer.as_default(step=record.epoch):
            for name, value in asdict(record).items():
                if name != "epoch":
                    tf.summary.write(name, tf.constant(value, tf.float32), metadata=self._scalar)
        self._writer.flush()

    def close(self) -> None:
        """Close the log's file."""
        self._writer.close()
