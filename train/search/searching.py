"""A worker of a search from request to results."""

from __future__ import annotations

import json
import shutil
import socket
import uuid
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from optuna.storages import RDBStorage
from optuna.study import Study

from edgedigits.core.cards import code_version
from edgedigits.core.datasets import Split, load_dataset, split_dataset
from edgedigits.core.files import disk_errors
from edgedigits.core.paths import StrPath
from edgedigits.results import read_results, write_header
from edgedigits.results.folder import HEADER
from edgedigits.results.tables.writing import write_tables
from edgedigits.train.artifacts import software
from edgedigits.train.fitting.devices import choose_devices
from edgedigits.train.search import export
from edgedigits.train.search.claims import BEATS_OF_GRACE, Claims
from edgedigits.train.search.experiment import Experiment
from edgedigits.train.search.preflight import KIND, STUDY_FILE, check_search
from edgedigits.train.search.presets import Preset
from edgedigits.train.search.search_request import (
    SearchInterrupted,
    SearchProgress,
    SearchRequest,
    SearchResult,
    ToInt8,
)
from edgedigits.train.search.storage import database_errors, exclusive, open_storage, shown, sqlite_url, url_of
from edgedigits.train.search.study import OBJECTIVES, front_of, join, records_of, sampler_of
from edgedigits.train.search.working import work
from edgedigits.train.training_request import ProgressCallback


def search(
    request: SearchRequest,
    out: StrPath,
    to_int8: ToInt8,
    *,
    force: bool = False,
    resume: bool = False,
    progress: Callable[[SearchProgress], object] | None = None,
    epochs: ProgressCallback | None = None,
) -> SearchResult:
    """Take part in a study until all of its trials are finished, then write what came of it.

    The objectives are the float network's accuracy on the validation digits (the int8 network's costs a calibration
    more for every trial, and differs by less than the validation digits can tell), the bytes of the full-integer model,
    and its multiply-accumulates. Test digits are looked at when the study is over, to report on its front.

    Any number of workers may share a study, on one machine or many: each calls this with the same request and a folder
    of its own. Trials of a worker that dies are done by the others, or by a later one. ``out`` receives
    ``results.json`` with a folder of models, card and row for each trial of the front, ``trials.csv`` with all trials
    and ``trials.png``. Models that another worker trained lie in that worker's folder.

    Each trial leaves about 10 MB in memory, graphs that TensorFlow 2.21 does not let go of; a worker that has become
    too large may be stopped and resumed at any time.

    Args:
        request: what is searched, and where the study is kept.
        out: this worker's folder.
        to_int8: makes full-integer models.
        force: replace the search that lies in ``out``; a study in a database of its own is not touched.
        resume: go on with the search that lies in ``out``.
        progress: told of what happens to the study.
        epochs: told of the steps of each training.

    Raises:
        SearchInterrupted: on Ctrl-C.
        EdgedigitsError: unknown preset or data set, a database that cannot be used, another study of that name, a full
            disk, ``out`` not empty.
    """
    out = Path(out)
    preset = check_search(request, out, force=force, resume=resume)
    url = url_of(request.storage) if request.storage else sqlite_url(out / STUDY_FILE)
    devices = choose_devices(request.device)
    split = split_dataset(load_dataset(request.dataset), seed=request.seed)
    with database_errors(url):
        storage, study = _opened(request, preset, split, url, out, resume)
        place = f"{socket.gethostname()}:{out.resolve()}"
        claims = Claims(study, storage, uuid.uuid4().hex, request.heartbeat, partial(sampler_of, request.seed))
        experiment = Experiment(preset, split, request.seed, devices, place, out, to_int8, epochs)

        def tell(news: str, finished: bool) -> None:
            front = front_of(study)
            if finished:
                export.drop_beaten(out, records_of(study), front)
            now = claims.standing()
            if progress:
                progress(SearchProgress(news, now.complete, now.failed, now.running, now.total, front, finished))

        try:
            tell(f"training on {devices}", False)
            work(claims, lambda trial: experiment.carry_out(trial, claims.mine), tell)
            return _end(request, preset, study, split, shown(url), out, tell)
        except KeyboardInterrupt:
            now = claims.standing()
            raise SearchInterrupted(
                f"search stopped with {now.complete} of {now.total} trials complete, {now.running} running elsewhere",
                "the same command with --resume goes on",
            ) from None
        finally:
            storage.engine.dispose()


def _opened(
    request: SearchRequest, preset: Preset, split: Split, url: sa.URL, out: Path, resume: bool
) -> tuple[RDBStorage, Study]:
    """The study, made or joined, and the folder for what this worker trains."""
    if request.storage is None and not resume:
        _clear(out)
    with exclusive(url):
        storage = open_storage(url)
        study = join(storage, request.study_name, shown(url), _identity(request, preset, split), preset, request.trials)
    if not resume:
        if request.storage is not None:  # not before it was reached
            _clear(out)
        _write_header(request, preset, shown(url), out, ())
    return storage, study


def _clear(out: Path) -> None:
    """Make the folder of a new search, and remove what an old one needed to go on."""
    with disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        for path in (out / HEADER, *out.glob(f"{STUDY_FILE}*"), *out.glob(f".{STUDY_FILE}*")):
            path.unlink(missing_ok=True)
        for folder in (*out.glob("trial-*"), *out.glob(".trial-*")):
            shutil.rmtree(folder)


def _write_header(request: SearchRequest, preset: Preset, storage: str, out: Path, names: tuple[str, ...]) -> None:
    settings = {**asdict(request), "storage": storage, "study": request.study_name, "objectives": list(OBJECTIVES)}
    versions = {name: number for name, number in software().items() if name != "edgedigits"}
    write_header(
        out,
        KIND,
        f"search {preset.name} on {request.dataset}: the front of {request.study_name}",
        names,
        settings,
        {**versions, "optuna": version("optuna")},
    )


def _identity(request: SearchRequest, preset: Preset, split: Split) -> dict[str, Any]:
    """What all workers of a study have in common: everything but where they run and how many trials they ask for."""
    decoded: dict[str, Any] = json.loads(
        json.dumps(
            {
                "version of edgedigits": code_version(),
                "preset": preset.name,
                "data set": request.dataset.partition(":")[0],
                "seed": request.seed,
                "heartbeat": request.heartbeat,
                "objectives": OBJECTIVES,
                "training digits": split.train.sha256(),
                "validation digits": split.validation.sha256(),
                "settings of the preset": asdict(preset),
            }
        )
    )
    return decoded


def _end(
    request: SearchRequest,
    preset: Preset,
    study: Study,
    split: Split,
    storage: str,
    out: Path,
    tell: Callable[[str, bool], object],
) -> SearchResult:
    trials, front = records_of(study), front_of(study)
    with disk_errors(out):
        for folder in out.glob(".trial-*"):  # half-made ones of workers that were killed
            shutil.rmtree(folder)
    patience = BEATS_OF_GRACE * request.heartbeat
    rows = export.rows_of(study, preset, front, split, out, patience, tell)
    _write_header(request, preset, storage, out, tuple(record.name for record in front))
    export.write_trials(trials, preset, front, out)
    write_tables(out, read_results(out))
    return SearchResult(request, storage, out, trials, front, rows)
