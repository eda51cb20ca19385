"""The reports' networks as baselines: trained as the report did, or taken where that was done already."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgedigits.core.cards import CARD_NAME, Card
from edgedigits.core.datasets import Split
from edgedigits.core.digit import model_input
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors, gzip_size
from edgedigits.core.keras.models import keras_scores, load_keras
from edgedigits.core.stages import StageCallback, untold
from edgedigits.results import Row
from edgedigits.results.accuracies import validation_accuracy
from edgedigits.train.artifacts import CONFUSION, CURVES, HISTORY, MODEL
from edgedigits.train.baselines.accuracy import accuracies
from edgedigits.train.baselines.keras_latency import keras_latencies
from edgedigits.train.baselines.latency import BATCHES
from edgedigits.train.baselines.reported import SEEN
from edgedigits.train.baselines.reports.baseline import Baseline
from edgedigits.train.folds import NETWORK
from edgedigits.train.networks.reported import multiply_accumulates
from edgedigits.train.resuming import finished_training, train_or_take
from edgedigits.train.training_request import ProgressCallback, TrainingRequest


def network_row(
    entry: Baseline,
    request: TrainingRequest,
    split: Split,
    folder: Path,
    *,
    trained: Path | None,
    resume: bool,
    progress: ProgressCallback | None,
    told: StageCallback = untold,
) -> Row:
    """Train a network, or take a finished training of the same request, and measure it.

    Args:
        entry: a baseline that is a network.
        request: its training.
        split: of the request.
        folder: where the training is or comes to lie.
        trained: folder of a finished training, which is copied into ``folder``.
        resume: whether the training may lie in ``folder`` already, finished or interrupted.
        progress: told of the steps.
        told: of what follows the training.

    Raises:
        EdgedigitsError: the training there is another one, or as :func:`edgedigits.train.train`.
    """
    if trained and not (folder / CARD_NAME).is_file():
        _copy(finished_training(request, trained), trained, folder)
    card = train_or_take(request, folder, resume=resume or trained is not None, progress=progress)
    model = load_keras(folder / MODEL)
    runtime = f"tensorflow {version('tensorflow')}"
    told("read test digits", 0, 1)
    common, own = accuracies(split, lambda images: keras_scores(model, images).argmax(axis=1), runtime)
    told("read test digits", 1, 1)
    told("time", 0, 1)
    latencies = keras_latencies(folder / MODEL, model_input(split.test.images[: max(BATCHES)]))
    told("time", 1, 1)
    return Row(
        model=entry.name,
        recipe=NETWORK,
        about="the network as it was trained, float32 in Keras",
        file=MODEL,
        sha256=card.sha256,
        accuracy=common,
        split_accuracy=own,
        validation=validation_accuracy(split, card.measured["validation_accuracy"], runtime),
        bytes=card.bytes,
        gzip_bytes=gzip_size((folder / MODEL).read_bytes()),
        macs=multiply_accumulates(model),
        parameters=card.parameters,
        latencies=latencies,
        seconds=card.measured["seconds"],
        checks=_checks(entry, model, split),
        settings={"system": entry.about, "data": card.dataset, "training": card.settings, "measured": card.measured},
        notes=("bytes are those of the .keras file, float32 weights without an optimizer",),
    )


def _copy(card: Card, trained: Path, folder: Path) -> None:
    """Copy a training; its card last, so that half a copy is not taken for a whole one."""
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in (MODEL, HISTORY, CURVES, CONFUSION, CARD_NAME):
            if not (trained / name).is_file():
                raise EdgedigitsError(
                    f"{trained} lacks {name} of {card.network}", "name the whole folder of a training"
                )
            shutil.copyfile(trained / name, folder / name)


def _checks(entry: Baseline, model: Any, split: Split) -> dict[str, Any]:
    """Accuracy on digits that the model has seen, where a report gives such a figure, to lay it beside."""
    if not any(figure.seen for figure in entry.reported):
        return {}
    seen = keras_scores(model, split.train.images).argmax(axis=1) == split.train.labels
    return {SEEN: round(100.0 * float(seen.mean()), 4)}
