"""What is asked of a baseline, and the folder of results that it is written into."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgedigits.core.datasets import Dataset, Split, check_dataset, check_split
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors
from edgedigits.core.resumable import Resumable, identity_of
from edgedigits.results import Row, read_header, read_row, write_header
from edgedigits.results.folder import ROW, holds
from edgedigits.train.baselines.catalogue import baseline
from edgedigits.train.baselines.reports.baseline import Baseline
from edgedigits.train.training_request import TrainingRequest, resolve

KIND = "baseline"
BASELINE = Resumable(KIND, lambda out: holds(out, KIND))


@dataclass(frozen=True)
class BaselineRequest:
    """A baseline and the digits to measure it on.

    Attributes:
        name: a key of :data:`edgedigits.train.baselines.catalogue.BASELINES`.
        dataset: spec of the data set.
        split: name of the rule that divides it; None takes the report's.
        seed: of the split and of what is drawn while fitting.
        epochs: of a network; None takes its recipe's.
    """

    name: str
    dataset: str = "mnist"
    split: str | None = None
    seed: int = 0
    epochs: int | None = None

    @property
    def entry(self) -> Baseline:
        """The baseline.

        Raises:
            EdgedigitsError: there is none of that name.
        """
        return baseline(self.name)

    def training(self) -> TrainingRequest:
        """The training of a network.

        Raises:
            EdgedigitsError: epochs or seed that make no sense.
        """
        entry = self.entry
        request = TrainingRequest(
            network=entry.network,
            dataset=self.dataset,
            split=self.split or entry.split,
            epochs=self.epochs,
            seed=self.seed,
            augmentation=entry.augmentation,
        )
        resolve(request)
        return request


def check(request: BaselineRequest) -> Baseline:
    """The request's baseline, where the request makes sense.

    Raises:
        EdgedigitsError: unknown baseline, data set or split, epochs of one that is no network, numbers out of range.
    """
    entry = request.entry
    if entry.maker == "network":
        request.training()
    elif request.epochs is not None:
        raise EdgedigitsError(f"{entry.name} is fitted at once, not in epochs", "leave --epochs out")
    if not 0 <= request.seed < 2**32:
        raise EdgedigitsError(f"the seed is {request.seed}", "give a whole number from 0 to 4294967295")
    check_dataset(request.dataset)
    if request.split:
        check_split(request.split)
    return entry


def check_folder(out: Path, *, force: bool, resume: bool) -> None:
    """Raise where a baseline cannot begin or go on in ``out``.

    Raises:
        EdgedigitsError: ``out`` is not empty and ``force`` not set, or holds nothing to resume.
    """
    BASELINE.check_folder(out, force=force, resume=resume)


def begin(request: BaselineRequest, split: Split, out: Path, *, force: bool, resume: bool) -> Row | None:
    """Begin a folder of results, or go on in one.

    Args:
        request: that was checked.
        split: of it.
        out: the folder.
        force: replace what lies there from another run.
        resume: go on with the same request there.

    Returns:
        The row, where it is finished already.

    Raises:
        EdgedigitsError: ``out`` is not empty, holds nothing to resume, or another request.
    """
    settings = identity(request, split.dataset, split.name)
    settings["training digits"] = split.train.sha256()
    check_folder(out, force=force, resume=resume)
    if resume:
        BASELINE.check_same(out, read_header(out).settings, settings)
        row = out / request.name / ROW
        return read_row(row) if row.is_file() else None
    with disk_errors(out):
        shutil.rmtree(out / request.name, ignore_errors=True)
    write_header(out, KIND, f"baseline {request.name}", (request.name,), settings, _software(request.entry))
    return None


def identity(request: BaselineRequest, dataset: Dataset, split: str | None) -> dict[str, Any]:
    """What makes a run this one, as JSON takes it: it must be the same for the run to go on."""
    entry = request.entry
    settings: dict[str, Any] = {
        "baseline": entry.name,
        "dataset": dataset.spec,
        "seed": request.seed,
        **({"split": split} if split else {}),
        **({"epochs": resolve(request.training()).epochs} if entry.network else {}),
        "one-hot labels": entry.one_hot,
        "grey values": entry.grey,
        "fixed": entry.fixed,
        "sweep": {name: list(values) for name, values in entry.sweep.items()},
    }
    return identity_of(settings)


def _software(entry: Baseline) -> dict[str, str]:
    if entry.maker == "network":
        return {"tensorflow": version("tensorflow"), "tf_keras": version("tf_keras")}
    found = {"scikit-learn": version("scikit-learn")}
    if entry.maker == "xgboost":
        import xgboost

        found["xgboost"] = xgboost.__version__
    return found
