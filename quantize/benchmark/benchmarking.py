"""The whole of ``edgedigits benchmark``: a row for each recipe, in a folder that a killed run can go on with."""

from __future__ import annotations

import gc
import shutil
import traceback
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgedigits.core.cards import code_version
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import (
    disk_errors,
    refuse_inputs_inside,
    refuse_own_ground,
    sha256_of,
    whole_folder,
    write_text,
)
from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.paths import StrPath
from edgedigits.core.tflite.runtime import runtime
from edgedigits.quantize.benchmark.benchmark_request import BENCHMARK, KIND, BenchmarkRequest, check_folder
from edgedigits.quantize.benchmark.float_reference import FloatReference, float_reference
from edgedigits.quantize.benchmark.limiting import Deadline, tally
from edgedigits.quantize.benchmark.measuring import measure
from edgedigits.quantize.proof.proving import Progress
from edgedigits.quantize.recipes import Recipe, recipe_named
from edgedigits.quantize.source import FloatSource, open_source
from edgedigits.results import (
    Results,
    Row,
    read_header,
    read_results,
    read_row,
    this_machine,
    write_header,
    write_row,
)
from edgedigits.results.folder import ROW
from edgedigits.results.tables.writing import write_tables

TRACEBACK = "error.txt"
TUNING = " epoch "
"""What the names of the stages have in which a recipe trains."""


class BenchmarkInterrupted(EdgedigitsError):
    """The user stopped the run; the rows that it has finished are kept."""


def benchmark(
    request: BenchmarkRequest,
    out: StrPath,
    *,
    force: bool = False,
    resume: bool = False,
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> Results:
    """Carry out each recipe on one float model and measure every result in the same way.

    Writes ``results.json`` first, then a folder for each recipe as soon as it is measured (model, card, proof,
    ``row.json``), and at the end the table as Markdown, CSV, JSON, page and picture. A recipe that fails is a row
    that says why; of an unexpected error the traceback lies in its ``error.txt``. Clears Keras' global state.

    Args:
        request: what to measure.
        out: folder to write into.
        force: start anew where rows lie in ``out``.
        resume: go on with the killed or interrupted run of the same request in ``out``; rows that are whole stay.
        time_limit: seconds after which no recipe that trains is begun, and one that trains is stopped at the end of its
            step; its row says so, and ``resume`` makes it. Recipes that train nothing are always made.
        progress: told about each recipe, and how many are done.

    Raises:
        BenchmarkInterrupted: on Ctrl-C.
        EdgedigitsError: bad model, data set or recipe; ``out`` not empty, or of another request; a full disk.
    """
    out, model = Path(out), Path(request.model)
    deadline = Deadline(time_limit)
    recipes = [recipe_named(name) for name in request.recipes]
    refuse_inputs_inside([model], out)
    check_folder(out, force=force, resume=resume)
    source = open_source(model, request.dataset, request.split, request.told, request.trust)
    identity, software = _identity(request, source), _software()
    if resume:
        _check_same(out, identity, software)
    missing = [recipe for recipe in recipes if not (resume and _is_whole(out / recipe.name))]
    if missing:
        rule = float_reference(source, progress)
        if not resume:
            _begin(out, source, identity, software)
        _add_rows(source, missing, request, rule, out, deadline, progress)
    results = read_results(out)
    write_tables(out, results)
    return results


def _identity(request: BenchmarkRequest, source: FloatSource) -> dict[str, Any]:
    """What must be the same for a run to go on."""
    return {
        "model": source.path.name,
        "model_sha256": sha256_of(source.path),
        "recipes": list(request.recipes),
        "dataset": source.split.dataset.spec,
        "split": source.split.name,
        "train_sha256": source.split.train.sha256(),
        "seed": request.seed,
        "calibration": source.calibration(request.calibration),
        "contract": source.found.contract.as_dict(),
    }


def _software() -> dict[str, str]:
    here = runtime()
    return {
        "tensorflow": tf.__version__,
        here.name: here.version,
        "tensorflow-model-optimization": version("tensorflow-model-optimization"),
    }


def _begin(out: Path, source: FloatSource, identity: dict[str, Any], software: dict[str, str]) -> None:
    """Remove the rows of before and write the header."""
    with disk_errors(out):
        for row in out.glob(f"*/{ROW}"):
            refuse_own_ground(row.parent)
            shutil.rmtree(row.parent)
    title = f"{source.network} on {source.split.dataset.spec}"
    write_header(out, KIND, title, tuple(identity["recipes"]), identity, software)


def _check_same(out: Path, identity: dict[str, Any], software: dict[str, str]) -> None:
    """Raise unless the results in ``out`` were begun with the same request, software and machine."""
    header = read_header(out)
    before = {**header.settings, **header.software, **asdict(header.machine)}
    now = {**identity, "edgedigits": code_version(), **software, **asdict(this_machine())}
    BENCHMARK.check_same(out, before, now)


def _is_whole(folder: Path) -> bool:
    """Whether a row is there with its model; a half-written one, or one that lacked the time, is made again."""
    if not (folder / ROW).is_file():
        return False
    try:
        row = read_row(folder / ROW)
    except EdgedigitsError:
        return False
    model = folder / row.file
    if row.not_made:
        return False
    return bool(row.failure) or (model.is_file() and sha256_of(model) == row.sha256)


def _add_rows(
    source: FloatSource,
    missing: list[Recipe],
    request: BenchmarkRequest,
    rule: FloatReference,
    out: Path,
    deadline: Deadline,
    progress: Progress | None,
) -> None:
    total = len(request.recipes)
    if progress:
        progress("recipes", total - len(missing), total)
    for done, recipe in enumerate(missing, start=total - len(missing)):
        try:
            _add_row(source, recipe, request, rule, out, deadline, progress)
        except KeyboardInterrupt:
            raise BenchmarkInterrupted(
                f"stopped at {recipe.name}; {done} of {total} rows are measured", "--resume goes on"
            ) from None
        if progress and done + 1 < total:
            progress("recipes", done + 1, total)
    if progress:
        progress("recipes", total, total, tally(read_results(out).rows))


def _add_row(
    source: FloatSource,
    recipe: Recipe,
    request: BenchmarkRequest,
    rule: FloatReference,
    out: Path,
    deadline: Deadline,
    progress: Progress | None,
) -> None:
    """Measure a recipe and write its folder, with the reason where it failed."""
    folder = out / recipe.name

    def tell(stage: str, done: int, total: int, note: str = "", /) -> None:
        if recipe.trains and TUNING in stage and done < total:
            deadline.check(f"in {stage}")
        if progress:
            progress(f"{recipe.name}: {stage}", done, total, note)

    try:
        if recipe.trains:
            deadline.check("before it")
        with whole_folder(folder, force=True) as work:
            row = measure(source, recipe, request, rule, work, tell)
            write_row(work.parent, work.name, row)
    except Exception as error:
        if isinstance(error.__cause__, OSError):
            raise  # the disk refuses, which is no fault of the recipe
        row = Row(source.network, recipe.name, recipe.about, failure=_reason(error))
        with whole_folder(folder, force=True) as work:
            if not isinstance(error, EdgedigitsError):
                write_text(work / TRACEBACK, traceback.format_exc())
            write_row(work.parent, work.name, row)
    finally:
        keras.backend.clear_session()
        gc.collect()


def _reason(error: Exception) -> str:
    if isinstance(error, EdgedigitsError):
        return str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]} (see {TRACEBACK})"
