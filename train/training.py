"""A training run from request to model, card, history and plots."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgedigits.core.datasets import Split, load_dataset
from edgedigits.core.lessons import finished_lessons, open_lessons
from edgedigits.core.paths import StrPath
from edgedigits.core.resumable import identity_of
from edgedigits.train.advice import Advise, advice
from edgedigits.train.artifacts import TensorboardLog, write_results
from edgedigits.train.fitting.checkpoint import Saved
from edgedigits.train.fitting.devices import Devices, choose_devices
from edgedigits.train.fitting.fitting import fit, prepare
from edgedigits.train.fitting.training_folder import TrainingFolder
from edgedigits.train.networks.catalogue import network
from edgedigits.train.networks.reported import build
from edgedigits.train.preflight import check_training
from edgedigits.train.recipes import TrainingRecipe
from edgedigits.train.training_request import ProgressCallback, TrainingRequest, TrainingResult, resolve

TENSORBOARD = "tensorboard"


def train(
    request: TrainingRequest,
    out: StrPath,
    *,
    force: bool = False,
    resume: bool = False,
    progress: ProgressCallback | None = None,
    advise: Advise | None = None,
) -> TrainingResult:
    """Train a network and write ``model.keras``, ``card.json``, ``history.csv``, ``curves.png``, ``confusion.png``.

    While it runs, ``out`` holds a hidden folder with the state after the last whole epoch; it is gone at the end.
    Clears Keras' global state and sets the global seeds of Python, NumPy and TensorFlow.

    Args:
        request: what to train, on what, how.
        out: folder to write into.
        force: replace what lies there from another run.
        resume: go on with the killed or interrupted run of the same request in ``out``.
        progress: told of the steps.
        advise: told, before it begins, what :mod:`edgedigits.train.advice` has to say.

    Raises:
        TrainingInterrupted: on Ctrl-C.
        EdgedigitsError: a request that makes no sense or differs from the run to resume, ``out`` not empty, no GPU
            where one is asked for, a loss that is no number any more, a full disk.
    """
    out = Path(out)
    check_training(request, out, force=force, resume=resume)
    devices = choose_devices(request.device)
    if network(request.network).wide:
        devices = devices.for_wide_network()
    dataset = load_dataset(request.dataset)
    split = request.divide(dataset)
    recipe = resolve(request, len(split.train))
    if advise:
        for sentence in advice(request, recipe, len(split.train)):
            advise(sentence)
    folder = TrainingFolder(out, _identity(request, recipe, split), resume)
    folder.begin(TENSORBOARD)
    saved = _fit(request, recipe, split, devices, folder, progress)
    result = write_results(request, recipe, split, devices, saved, out)
    folder.end()
    return result


def _fit(
    request: TrainingRequest,
    recipe: TrainingRecipe,
    split: Split,
    devices: Devices,
    folder: TrainingFolder,
    progress: ProgressCallback | None,
) -> Saved:
    fitter = prepare(request, recipe, len(split.train), devices, _started(request))
    lessons = finished_lessons(request.lessons, split.train.sha256()) if request.lessons else None

    def epochs(saved: Saved, keep: Callable[[Saved], None]) -> Saved:
        if not request.tensorboard:
            return fit(fitter, recipe, split, request.seed, saved, keep, progress, lessons)
        with closing(TensorboardLog(folder.path / TENSORBOARD)) as log:

            def keep_and_log(state: Saved) -> None:
                keep(state)
                log.add(state.history[-1])

            return fit(fitter, recipe, split, request.seed, saved, keep_and_log, progress, lessons)

    return folder.train(epochs, fitter.variables, recipe.epochs)


def _started(request: TrainingRequest) -> Callable[[], Any] | None:
    """What builds the network with the weights of the model to start from; None where there is none."""
    start = request.opened_start()
    if start is None:
        return None
    weights = start.weights()

    def started() -> Any:
        model = build(request.network, pretrained=False)
        model.set_weights(weights)
        return model

    return started


def _identity(request: TrainingRequest, recipe: TrainingRecipe, split: Split) -> dict[str, Any]:
    """What must be the same for a run to go on: everything but the device and the logs."""
    values = {
        "network": request.network,
        "dataset": request.dataset,
        "split": request.split,
        "seed": request.seed,
        "weights": str(request.weights) if request.weights else None,
        "parent": start.parent["sha256"] if (start := request.opened_start()) else None,
        "lessons": open_lessons(request.lessons).recipe.as_dict() if request.lessons else None,
        "training digits": split.train.sha256(),
        "validation digits": split.validation.sha256(),
        **{name.replace("_", " "): value for name, value in asdict(recipe).items()},
    }
    return identity_of(values)
