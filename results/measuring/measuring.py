"""Measuring models on this machine: rows that stand beside those of a workstation."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgedigits.core.cards import Card, card_of, refuse_line_network
from edgedigits.core.datasets import Digits, unseen_part
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import gzip_size, sha256_of
from edgedigits.core.paths import StrPath
from edgedigits.core.stages import StageCallback
from edgedigits.results import Accuracy, Machine, Row, this_machine
from edgedigits.results.accuracies import own_name, part_name
from edgedigits.results.measuring.agreement import agreements, disagreement_notes
from edgedigits.results.measuring.machine_state import Condition, condition
from edgedigits.results.measuring.runs import Run, run_model
from edgedigits.results.measuring.runtimes import InstalledRuntime, installed_runtimes

SAMPLES = "samples"


@dataclass(frozen=True)
class MeasureRequest:
    """What to measure.

    Attributes:
        models: ``.tflite`` files.
        dataset: spec of the data set that they read; the digits that ship where it is not given.
        split: of it, whose test part they read; None: the set's own test digits, or all where it has none.
        threads: each number of threads to time them with; none: 1 to 4, as far as there are cores.
        runtimes: distributions, such as ``tflite-runtime``; none: every one that is there without TensorFlow's own.
        emulated: the machine is emulated, where that cannot be found out.
    """

    models: tuple[StrPath, ...]
    dataset: str = SAMPLES
    split: str | None = None
    threads: tuple[int, ...] = ()
    runtimes: tuple[str, ...] = ()
    emulated: bool = False

    def __post_init__(self) -> None:
        """Keep the paths as :class:`pathlib.Path`, so that requests for one file are equal however it was named."""
        object.__setattr__(self, "models", tuple(Path(path) for path in self.models))


@dataclass(frozen=True)
class Measurement:
    """What was measured.

    Attributes:
        machine: that measured.
        rows: one a model, in the order of the request.
        settings: what was asked for, as JSON takes it.
        software: versions of what matters.
    """

    machine: Machine
    rows: tuple[Row, ...]
    settings: dict[str, Any]
    software: dict[str, str]


def measure(request: MeasureRequest, progress: StageCallback | None = None, root: StrPath = Path("/")) -> Measurement:
    """Measure models on each runtime of this machine, with its delegate and without, on each number of threads.

    Every run is a process of its own, so that a runtime that crashes costs its own row's line and nothing else.

    Args:
        request: what to measure.
        progress: told the name of a run, how much of it is done and how much there is.
        root: folder that stands for ``/`` where the machine's state is read.

    Raises:
        EdgedigitsError: a model or a data set that cannot be read at all, a runtime that is not there.
    """
    root = Path(root)
    models = tuple({path.resolve(): path for path in map(Path, request.models)}.values())
    runtimes = installed_runtimes(request.runtimes)
    machine = this_machine(root)
    if request.emulated:
        machine = replace(machine, emulated=True)
    threads = request.threads or tuple(range(1, min(4, machine.cores) + 1))
    cards = {path: card_of(path) for path in models}
    for path, card in cards.items():
        refuse_line_network(path, card)
    rows = tuple(_row(path, cards[path], request, runtimes, threads, progress, root) for path in models)
    settings = {
        "models": [str(path) for path in models],
        "dataset": request.dataset,
        "split": request.split,
        "threads": list(threads),
    }
    software = {
        **{runtime.package: runtime.version for runtime in runtimes},
        **{"python": platform.python_version(), "numpy": np.__version__, "opencv": cv2.__version__},
    }
    return Measurement(machine, rows, settings, software)


def _row(
    path: Path,
    card: Card | None,
    request: MeasureRequest,
    runtimes: tuple[InstalledRuntime, ...],
    threads: tuple[int, ...],
    progress: StageCallback | None,
    root: Path,
) -> Row:
    plain = Row(
        model=card.network if card else path.stem,
        recipe=str(card.settings.get("recipe", card.kind)) if card else path.name,
        about="",
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        gzip_bytes=gzip_size(path.read_bytes()),
        settings={"file": path.name},
    )
    name, digits = _digits(card, request.dataset, request.split)
    before = condition(root)
    try:
        runs = _runs(path, plain, digits, runtimes, threads, progress)
    except EdgedigitsError as error:
        return replace(plain, failure=str(error))
    after = condition(root)
    ran = [run for run in runs if not run.refused]
    latencies = tuple(dict.fromkeys(latency for run in (*ran, *runs) for latency in run.latencies))
    if not ran:
        reasons = "; ".join(f"{one.runtime}: {one.refused}" for one in latencies)
        return replace(plain, failure=f"no runtime of this machine runs it: {reasons}", latencies=latencies)
    found = agreements(ran, digits.labels)
    percent = 100.0 * found[0].right / len(digits)
    return replace(
        _with_costs(plain, path),
        accuracy=Accuracy(name, digits.sha256(), len(digits), percent, found[0].runtime),
        latencies=latencies,
        checks={
            "runs": [one.as_dict() for one in found],
            "before": before.as_dict(),
            "after": after.as_dict(),
        },
        notes=(*_refusal_notes(runs), *disagreement_notes(found), *_condition_notes(before, after)),
    )


def _digits(card: Card | None, spec: str, split: str | None) -> tuple[str, Digits]:
    """The digits that a model is measured on and has not seen, and what a table calls them."""
    part = unseen_part(card, spec, split)
    if part.split:
        own = part.split.dataset.test
        whole = own and own.sha256() == part.digits.sha256()
        return own_name(part.split) if whole else part_name(part.split, "test"), part.digits
    unseen = "what it has not seen" if part.left_out else "its own test digits"
    return f"{spec}, {'all of it' if part.are_all else unseen}", part.digits


def _runs(
    path: Path,
    row: Row,
    digits: Digits,
    runtimes: tuple[InstalledRuntime, ...],
    threads: tuple[int, ...],
    progress: StageCallback | None,
) -> list[Run]:
    """Each runtime with its delegate, and without where it has one."""
    runs: list[Run] = []
    for runtime in runtimes:
        for own_kernels in (False, True):
            if own_kernels and not runs[-1].refused and runs[-1].delegate == "none":
                continue
            title = f"{row.name}, {runtime}, {'its own kernels' if own_kernels else 'as it comes'}"
            told = (lambda done, total, title=title: progress(title, done, total)) if progress else None
            runs.append(run_model(path, runtime, digits.images, threads, own_kernels=own_kernels, progress=told))
    return runs


def _with_costs(row: Row, path: Path) -> Row:
    """With what can be counted in the file, where the reader of its format is installed, as on a workstation."""
    if not find_spec("tflite"):
        return row
    from edgedigits.core.tflite.costs import costs_of

    costs = costs_of(path)
    return replace(row, macs=costs.macs, arena_bytes=costs.arena_bytes, parameters=costs.parameters)


def _refusal_notes(runs: list[Run]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{run.runtime} does not run it: {run.refused}" for run in runs if run.refused))


def _condition_notes(before: Condition, after: Condition) -> tuple[str, ...]:
    held = after.held_back_since(before)
    return (f"the machine was held back while it was measured: {', '.join(held)}",) if held else ()
