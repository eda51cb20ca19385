"""What can be told of a search at once, before TensorFlow and Optuna are loaded."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from edgedigits.core.datasets import check_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.core.resumable import Resumable
from edgedigits.results import read_header
from edgedigits.results.folder import holds
from edgedigits.train.search.presets import Preset, preset_named
from edgedigits.train.search.search_request import SearchRequest
from edgedigits.train.training_request import TrainingRequest, resolve

KIND = "search"
STUDY_FILE = "study.db"
SEARCH = Resumable(KIND, lambda out: (out / STUDY_FILE).is_file() or holds(out, KIND))


def check_search(request: SearchRequest, out: StrPath, *, force: bool, resume: bool) -> Preset:
    """The preset of a request, of which everything is checked that needs no data and no database.

    Raises:
        EdgedigitsError: an unknown preset or data set, a number that makes no sense, ``out`` not empty, or nothing or
            another search to go on with.
    """
    out = Path(out)
    preset = preset_named(request.preset)
    resolve(TrainingRequest(seed=request.seed, device=request.device))
    if not request.heartbeat > 0:
        raise EdgedigitsError(f"the heartbeat is {request.heartbeat} seconds", "give a number greater than 0")
    preset.points(preset.trials if request.trials is None else request.trials)
    check_dataset(request.dataset)
    _check_folder(request, out, force, resume)
    return preset


def _check_folder(request: SearchRequest, out: Path, force: bool, resume: bool) -> None:
    SEARCH.check_folder(out, force=force, resume=resume)
    if not resume:
        return
    if request.storage is None and not (out / STUDY_FILE).is_file():
        raise EdgedigitsError(
            f"{out} holds no {STUDY_FILE}",
            "name the search's --storage, or start anew with --force instead of --resume",
        )
    if holds(out, KIND):
        now = {**asdict(request), "study": request.study_name}
        wanted = {name: now[name] for name in ("preset", "dataset", "seed", "study")}
        SEARCH.check_same(out, read_header(out).settings, wanted)
