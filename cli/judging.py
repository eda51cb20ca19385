"""When ``edgedigits run`` has failed although every stage went through, why, and what to do."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.counting import counted

if TYPE_CHECKING:
    from edgedigits.edge import WrongFrame
    from edgedigits.firmware_export import SelfTest
    from edgedigits.quantize import QuantizeResult
    from edgedigits.train import TrainingResult

MIN_ACCURACY = 90.0
"""Percent of the test digits below which no model is called proved, unless the user says otherwise."""

GUESSING = 20.0
"""Percent up to which a model hardly does better than one that always says the same digit, which gets about 10."""


@dataclass(frozen=True)
class Asked:
    """What a run was asked for, as far as its remedies repeat it."""

    network: str
    dataset: str
    seed: int
    out: Path
    min_accuracy: float

    def command(self, epochs: int) -> str:
        """The command that does it again with so many epochs."""
        words = ["edgedigits", "run", "--model", self.network, "--dataset", self.dataset, "--epochs", str(epochs)]
        words += ["--seed", str(self.seed)] if self.seed else []
        return shlex.join([*words, "--out", str(self.out), "--force"])


@dataclass(frozen=True)
class Failure:
    """Why a run has not proved its model, and what to do."""

    what: str
    remedy: str


def failures_of_model(
    asked: Asked, trained: TrainingResult, proved: QuantizeResult, wrong: tuple[WrongFrame, ...], frames: int
) -> tuple[Failure, ...]:
    """Why the model is not to be used; empty where it may be.

    Args:
        asked: the run.
        trained: its float network.
        proved: the int8 model and its proof.
        wrong: frames of the recording that were not read exactly.
        frames: of the recording.
    """
    from edgedigits.core.statistics.outcome import FAILED

    found = proved.proof.comparison
    blind = len(wrong) == frames
    if not proved.proof.reads_enough:
        return (_useless(asked, trained, proved, ", and no frame of the recording is read exactly" if blind else ""),)
    failures = []
    if proved.proof.verdict == FAILED:
        failures.append(
            Failure(
                f"int8 loses {found.drop:.2f} points of accuracy (95 % interval {found.drop_low:+.2f} to "
                f"{found.drop_high:+.2f}), more than the {proved.proof.max_drop:g} allowed",
                f"train longer, or quantize by hand: `edgedigits quantize {asked.out / 'float' / 'model.keras'}`",
            )
        )
    if blind:
        failures.append(
            Failure(
                f"none of the {frames} frames of the recording is read exactly",
                f"see {asked.out / 'recording' / 'read.avi'}; train longer: `{asked.command(_more(trained))}`",
            )
        )
    return tuple(failures)


def failure_of_library(test: SelfTest, folder: Path) -> tuple[Failure, ...]:
    """What the self-test of the C library has to say against it."""
    if test.result != "failed":
        return ()
    return (
        Failure(
            f"the C library failed its self-test with {test.compiler}: {test.said.splitlines()[-1]}",
            f"name another compiler in CC; where that fails too, please report it with the folder {folder}",
        ),
    )


def _useless(asked: Asked, trained: TrainingResult, proved: QuantizeResult, more: str) -> Failure:
    found = proved.proof.comparison
    which, percent = ("int8", found.after) if found.after <= found.before else ("float", found.before)
    how = "hardly better than guessing" if percent <= GUESSING else f"less than {asked.min_accuracy:g} %"
    what = f"{asked.network} ({which}) reads {percent:.2f} % of {found.count:,} test digits, {how}{more}"
    if found.before >= asked.min_accuracy:
        return Failure(
            f"{what}; the float network reads {found.before:.2f} %: quantization cost the rest",
            f"`edgedigits layer-error {asked.out / 'float' / 'model.keras'} --out {asked.out / 'layers'}` tells where",
        )
    epochs, steps = len(trained.history), steps_taken(trained)
    taken = f"it was trained for {steps:,} steps ({counted(epochs, 'epoch')} of {steps // epochs:,})"
    if steps < trained.recipe.least_steps:
        return Failure(f"{what}: {taken}, which is too few", f"train longer: `{asked.command(_more(trained))}`")
    return Failure(
        f"{what}, although {taken}",
        f"look at {asked.out / 'float' / 'curves.png'}: train longer (`{asked.command(_more(trained))}`), check that "
        "pictures and labels of the data set belong together, or ask for less with --min-accuracy",
    )


def warn_of_guessing(percent: float, count: int, what: str) -> None:
    """Warn where a model has learned nothing.

    Args:
        percent: of test digits that it reads.
        count: of them.
        what: the model, for people.
    """
    from edgedigits.cli.output import warn

    if percent <= GUESSING:
        warn(
            f"{what} reads {percent:.2f} % of {count:,} test digits, hardly better than guessing: train longer "
            "(--epochs), or check that pictures and labels of the data set belong together"
        )


def steps_taken(trained: TrainingResult) -> int:
    """Optimizer steps of a training."""
    return trained.recipe.steps(int(trained.card.dataset["train"]))


def _more(trained: TrainingResult) -> int:
    """Epochs, of one pass each, that are enough: as many steps as a training takes, and twice those that were not."""
    steps = max(2 * steps_taken(trained), trained.recipe.least_steps)
    return math.ceil(steps / replace(trained.recipe, passes=1).steps_an_epoch(int(trained.card.dataset["train"])))
