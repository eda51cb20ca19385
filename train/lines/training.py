"""The training of a line network from request to model, card, history, curves and the lines that judge it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from edgedigits.core.cards import LINE_TASK, Card, write_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import refuse_inputs_inside, sha256_of, write_text, write_with
from edgedigits.core.keras.line_networks import line_logits, load_line_network
from edgedigits.core.lines.decoding import greedy
from edgedigits.core.lines.judging import metrics_by_origin
from edgedigits.core.lines.labelled import CALIBRATION_LINES, TEST_LINES, VALIDATION_LINES, Lines, save_lines
from edgedigits.core.paths import StrPath
from edgedigits.core.resumable import identity_of
from edgedigits.core.statistics.line_metrics import LineMetrics
from edgedigits.train.artifacts import CURVES, HISTORY, MODEL, history_csv, software
from edgedigits.train.fitting import checkpoint
from edgedigits.train.fitting.checkpoint import Saved
from edgedigits.train.fitting.devices import Devices, choose_devices
from edgedigits.train.fitting.epochs import StepsDone, Told
from edgedigits.train.fitting.fitting import Task, prepare_network, run_epochs
from edgedigits.train.fitting.training_folder import TrainingFolder
from edgedigits.train.lines.batches import plain_batches, training_batches
from edgedigits.train.lines.catalogue import LINES_AN_EPOCH
from edgedigits.train.lines.ctc import CtcLoss, accuracy
from edgedigits.train.lines.data import LineData, check_lines, load_line_data
from edgedigits.train.lines.line_request import LineTrainingRequest, LineTrainingResult
from edgedigits.train.lines.networks import build_line_network
from edgedigits.train.plots import curves_png
from edgedigits.train.recipes import TrainingRecipe
from edgedigits.train.training_request import ProgressCallback

_TASK = Task(CtcLoss, accuracy)
_VALIDATION_BATCH = 64


def check_line_training(
    request: LineTrainingRequest, out: StrPath, *, force: bool = False, resume: bool = False
) -> None:
    """Raise where the training of a line network cannot begin: its names, its numbers and its folder.

    Raises:
        EdgedigitsError: an unknown network, lines that are missing, a number that makes no sense, ``out`` not empty, or
            nothing to go on with.
    """
    request.recipe()
    request.start_card()
    folders = check_lines(request.dataset)
    if not resume:
        refuse_inputs_inside(folders + ([Path(request.start)] if request.start else []), Path(out))
    checkpoint.check_folder(Path(out), force, resume)


def train_lines(
    request: LineTrainingRequest,
    out: StrPath,
    *,
    force: bool = False,
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> LineTrainingResult:
    """Train a line network; write ``model.keras``, card, history, curves, and the lines for its int8 form's proof.

    Args:
        request: what to train, on what, how.
        out: folder to write into.
        force: replace what lies there from another run.
        resume: go on with the killed or interrupted run of the same request in ``out``.
        progress: told of the steps.

    Raises:
        TrainingInterrupted: on Ctrl-C.
        EdgedigitsError: as :func:`check_line_training`, no GPU where one is asked for, a loss that is no number any
            more, a full disk.
    """
    out = Path(out)
    check_line_training(request, out, force=force, resume=resume)
    devices = choose_devices(request.device)
    recipe = request.recipe()
    data = load_line_data(request.dataset, request.seed)
    folder = TrainingFolder(out, _identity(request, recipe, data), resume)
    folder.begin()
    saved = _fit(request, recipe, data, devices, folder, progress)
    result = _written(request, recipe, data, devices, saved, out)
    folder.end()
    return result


class _LineTraining:
    """Brings lines to a network."""

    def __init__(self, model: Any, batch_size: int, data: LineData) -> None:
        self._model, self._batch_size, self._data = model, batch_size, data
        self._validation = plain_batches(data.validation.strips, data.validation.texts, _VALIDATION_BATCH)

    def train(self, epoch: int, told: Told | None) -> dict[str, float]:
        """Train for an epoch; ``told`` about a hundred times."""
        line = partial(self._data.line, epoch)
        batches = training_batches(line, LINES_AN_EPOCH, self._batch_size, (self._data.seed, epoch))
        callbacks = [StepsDone(told, LINES_AN_EPOCH // self._batch_size)] if told else []
        history = self._model.fit(batches, verbose=0, callbacks=callbacks).history
        return {name: float(values[0]) for name, values in history.items()}

    def judge(self) -> dict[str, float]:
        """The means of loss and accuracy over the validation lines."""
        values = self._model.evaluate(self._validation, verbose=0)
        return dict(zip(self._model.metrics_names, map(float, values), strict=True))

    def close(self) -> None:
        """Nothing to let go of."""


def _fit(
    request: LineTrainingRequest,
    recipe: TrainingRecipe,
    data: LineData,
    devices: Devices,
    folder: TrainingFolder,
    progress: ProgressCallback | None,
) -> Saved:
    fitter = prepare_network(partial(_network, request), _TASK, recipe, LINES_AN_EPOCH, request.seed, devices)
    training = _LineTraining(fitter.model, fitter.batch_size, data)

    def epochs(saved: Saved, keep: Callable[[Saved], None]) -> Saved:
        return run_epochs(fitter, recipe, training, len(data.validation), False, request.seed, saved, keep, progress)

    return folder.train(epochs, fitter.variables, recipe.epochs)


def _network(request: LineTrainingRequest) -> Any:
    model = build_line_network(request.entry())
    if request.start:
        model.set_weights(_weights_of(request.start, model))
    return model


def _weights_of(start: StrPath, network: Any) -> list[Any]:
    weights: list[Any] = load_line_network(start).get_weights()
    if [value.shape for value in weights] != [value.shape for value in network.get_weights()]:
        raise EdgedigitsError(f"{start} is no {network.name} as this version builds it", "train it from the beginning")
    return weights


def _identity(request: LineTrainingRequest, recipe: TrainingRecipe, data: LineData) -> dict[str, Any]:
    """What must be the same for a run to go on: everything but the device."""
    start = request.start_card()
    return identity_of(
        {
            "network": request.network,
            "dataset": request.dataset,
            "seed": request.seed,
            "parent": start.sha256 if start else None,
            "test lines": data.test.sha256(),
            "validation lines": data.validation.sha256(),
            **{name.replace("_", " "): value for name, value in asdict(recipe).items()},
        }
    )


def read_by(model: Any, lines: Lines) -> list[str]:
    """The digits that a float network reads on lines, greedily decoded."""
    return [greedy(logits) for logits in line_logits(model, lines.strips)]


def _written(
    request: LineTrainingRequest, recipe: TrainingRecipe, data: LineData, devices: Devices, saved: Saved, out: Path
) -> LineTrainingResult:
    """Judge the best weights on the test lines, once, and write every file of the run; the card comes last."""
    model = build_line_network(request.entry())
    model.set_weights(list(saved.best))
    metrics = metrics_by_origin(data.test, read_by(model, data.test))
    write_with(out / MODEL, lambda path: model.save(path, save_format="keras"))
    write_text(out / HISTORY, history_csv(saved.history))
    curves_png(saved.history, saved.best_epoch, out / CURVES)
    save_lines(out / TEST_LINES, data.test)
    save_lines(out / VALIDATION_LINES, data.validation)
    save_lines(out / CALIBRATION_LINES, data.calibration())
    card = _card(request, recipe, data, devices, saved, metrics, out / MODEL, model.count_params())
    write_card(out, card)
    return LineTrainingResult(request, recipe, out / MODEL, card, saved.history, saved.best_epoch, metrics)


def _card(
    request: LineTrainingRequest,
    recipe: TrainingRecipe,
    data: LineData,
    devices: Devices,
    saved: Saved,
    metrics: dict[str, LineMetrics],
    file: Path,
    parameters: int,
) -> Card:
    seconds = sum(record.seconds for record in saved.history)
    start = request.start_card()
    return Card(
        kind="keras",
        file=file.name,
        sha256=sha256_of(file),
        bytes=file.stat().st_size,
        network=request.network,
        parameters=parameters,
        dataset=data.describe(),
        seed=request.seed,
        settings={**asdict(recipe), "lines_an_epoch": LINES_AN_EPOCH, "trained_on": str(devices)},
        measured={
            "validation_accuracy": round(saved.history[saved.best_epoch - 1].val_accuracy, 4),
            "test_exact": {origin: round(found.exact, 4) for origin, found in metrics.items()},
            "test_character_error_rate": round(metrics["all"].character_error_rate, 4),
            "best_epoch": saved.best_epoch,
            "seconds": round(seconds, 1),
        },
        parent={"file": Path(request.start).name, "sha256": start.sha256} if start and request.start else {},
        pretrained_on=[start.dataset, *start.pretrained_on] if start else [],
        software=software(),
        contract={"task": LINE_TASK, "type": "float32"},
    )
