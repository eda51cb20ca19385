"""What is asked of a search, what it tells while it goes on, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from numpy import uint8
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.results import Row
from edgedigits.train.training_request import Device

HEARTBEAT_SECONDS = 15.0

ToInt8 = Callable[[Path, "NDArray[uint8]"], bytes]
"""Makes the content of a full-integer ``.tflite`` model of a ``.keras`` file and calibration digits (count, 28, 28)."""


@dataclass(frozen=True)
class SearchRequest:
    """A search, or a worker's share in one.

    Attributes:
        preset: name of what is searched.
        dataset: spec of the data set, as :func:`edgedigits.core.datasets.load_dataset` takes it.
        trials: of the whole study, all workers together; None: as many as it has, or the preset's number. A study
            that has more keeps them.
        storage: address of the database; None: the file ``study.db`` in the output folder.
        study: name in the database; None: preset and data set.
        seed: of the split, the first weights of every trial, and the sampler.
        device: that trials are trained on.
        heartbeat: seconds between two signs of life of a worker, the same for all workers of a study. A trial
            is given to another worker when four of them have not come.
    """

    preset: str
    dataset: str = "mnist"
    trials: int | None = None
    storage: str | None = None
    study: str | None = None
    seed: int = 0
    device: Device = "auto"
    heartbeat: float = HEARTBEAT_SECONDS

    @property
    def study_name(self) -> str:
        """Name of the study in its database."""
        return self.study or f"{self.preset}-{self.dataset.partition(':')[0]}"


State = Literal["waiting", "running", "complete", "failed"]


@dataclass(frozen=True)
class TrialRecord:
    """A trial as it stands in the study.

    Attributes:
        number: counted from 0, in the order in which the trials were enqueued.
        state: where it is.
        settings: a value for each parameter that was drawn or given.
        accuracy: of the float network on the validation digits, percent.
        int8_bytes: size of the full-integer model.
        macs: multiply-accumulates of one inference.
        run: what else is known of a complete one: network, parameters, seconds, the sha256 of its model, its place.
        reason: why it failed.
    """

    number: int
    state: State
    settings: dict[str, Any]
    accuracy: float | None = None
    int8_bytes: int | None = None
    macs: int | None = None
    run: dict[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"trial-{self.number}"


@dataclass(frozen=True)
class SearchProgress:
    """Where a study is, all workers together.

    Attributes:
        news: what happened, in a line.
        complete: trials.
        failed: trials.
        running: trials, those of other workers included.
        total: trials.
        front: complete trials that no other one beats in every objective, the smallest model first.
        finished: True where a trial was finished here.
    """

    news: str
    complete: int
    failed: int
    running: int
    total: int
    front: tuple[TrialRecord, ...]
    finished: bool = False


@dataclass(frozen=True)
class SearchResult:
    """A finished study.

    Attributes:
        request: that was carried out.
        storage: where the study is kept, without a password.
        out: folder with the results.
        trials: all of them.
        front: those that no other one beats in every objective, the smallest model first.
        rows: of the front, as they stand in the results folder.
    """

    request: SearchRequest
    storage: str
    out: Path
    trials: tuple[TrialRecord, ...]
    front: tuple[TrialRecord, ...]
    rows: tuple[Row, ...]


class SearchInterrupted(EdgedigitsError):
    """The user stopped this worker; its trial waits for another one."""


class TrialFailed(Exception):
    """A trial cannot be carried out, whoever tries: its own settings are to blame."""


class TrialTaken(Exception):
    """A trial was given to another worker while this one was asleep."""
