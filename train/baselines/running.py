"""The whole of ``edgedigits baseline``: a folder of results with one row, or a cross-validation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgedigits.core.datasets import Split, load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import refuse_inputs_inside
from edgedigits.core.paths import StrPath
from edgedigits.core.stages import StageCallback, untold
from edgedigits.results import Row, read_results, write_row
from edgedigits.results.tables.writing import write_tables
from edgedigits.train.baselines.baseline_request import BaselineRequest, begin, check, identity
from edgedigits.train.baselines.reports.baseline import Baseline
from edgedigits.train.folds import CrossValidation, FoldScore, ToldFold, cross_validate, train_folds
from edgedigits.train.training_request import ProgressCallback


def run_baseline(
    request: BaselineRequest,
    out: StrPath,
    *,
    trained: StrPath | None = None,
    force: bool = False,
    resume: bool = False,
    told: StageCallback = untold,
    progress: ProgressCallback | None = None,
) -> Row:
    """Make and measure one baseline, and write it as a folder of results.

    Everything is chosen on validation digits. ``out`` gets ``results.json`` and the tables of
    :func:`edgedigits.results.tables.writing.write_tables`, and in a folder of the baseline's name ``row.json``, the
    model and what shows how it was chosen or trained.

    Args:
        request: what to measure, on what.
        out: folder to write into.
        trained: folder of a finished training of the same network, to be taken instead of a new one.
        force: replace what lies in ``out`` from another run.
        resume: go on with the run of the same request in ``out``; a training goes on after its last whole epoch.
        told: of the stages of a classical baseline, and of what follows a network's training.
        progress: told of the steps of a network's training.

    Raises:
        EdgedigitsError: unknown baseline, a request that makes no sense or differs from the run to resume, ``out`` not
            empty, a training that is another one, a full disk.
    """
    trained = Path(trained) if trained is not None else None
    out = Path(out)
    entry = check(request)
    if trained and entry.maker != "network":
        raise EdgedigitsError(f"{entry.name} is no network", "leave --trained out: it is fitted here")
    if trained:
        refuse_inputs_inside([trained], out / entry.name)
    split = split_dataset(load_dataset(request.dataset), request.split or entry.split, request.seed)
    row = begin(request, split, out, force=force, resume=resume)
    if row is None:
        row = _row(request, entry, split, out / entry.name, trained, resume, told, progress)
        write_row(out, entry.name, row)
    write_tables(out, read_results(out))
    return row


def _row(
    request: BaselineRequest,
    entry: Baseline,
    split: Split,
    folder: Path,
    trained: Path | None,
    resume: bool,
    told: StageCallback,
    progress: ProgressCallback | None,
) -> Row:
    if entry.maker == "network":
        from edgedigits.train.baselines.networks import network_row

        training = request.training()
        return network_row(entry, training, split, folder, trained=trained, resume=resume, progress=progress, told=told)
    from edgedigits.train.baselines.classical import classical_row

    return classical_row(entry, split, request.seed, folder, told)


def baseline_folds(
    request: BaselineRequest,
    folds: int,
    out: StrPath,
    *,
    force: bool = False,
    resume: bool = False,
    told: StageCallback = untold,
    progress: ProgressCallback | None = None,
    told_fold: ToldFold | None = None,
) -> CrossValidation:
    """Cross-validate a baseline: in each fold everything is chosen and fitted anew, without the digits held out.

    Args:
        request: what to measure, on what; without a split, as each fold is one.
        folds: how many, 2 to the count of the rarest digit.
        out: folder to write into, as :func:`edgedigits.train.folds.cross_validate` does.
        force: replace what lies in ``out`` from another run.
        resume: go on with the interrupted run of the same request in ``out``.
        told: of the stages of a classical baseline.
        progress: told of the steps of a network's training.
        told_fold: told of each fold that was measured.

    Raises:
        EdgedigitsError: as :func:`run_baseline` and :func:`edgedigits.train.folds.cross_validate`.
    """
    out = Path(out)
    entry = check(request)
    if request.split:
        raise EdgedigitsError(f"--folds makes its own splits, not {request.split!r}", "leave --split out")
    if entry.maker == "network":
        training = replace(
            request.training(),
            split="default",
            epochs=request.epochs if request.epochs is not None else entry.folds.get("epochs"),
            batch_size=entry.folds.get("batch_size"),
        )
        return train_folds(
            training, folds, out, name=entry.name, force=force, resume=resume, progress=progress, told=told_fold
        )
    from edgedigits.train.baselines.classical import classical_fold

    dataset = load_dataset(request.dataset)

    def measure(name: str, folder: Path, _resume: bool) -> FoldScore:
        return classical_fold(entry, split_dataset(dataset, name, request.seed), request.seed, folder, told)

    what = {"model": entry.name, "recipe": entry.maker, "settings": identity(request, dataset, None)}
    return cross_validate(what, dataset, folds, request.seed, out, measure, force=force, resume=resume, told=told_fold)
