"""What a system of a report is here, and what several reports have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Maker = Literal["scikit-learn", "xgboost", "network"]


@dataclass(frozen=True)
class Reported:
    """A figure of a report.

    Attributes:
        percent: accuracy as it is given, a number or a range.
        how: how it was measured, as far as that is known.
        seen: it was measured on digits that the model had been trained on, and says nothing of new ones.
    """

    percent: str
    how: str
    seen: bool = False


@dataclass(frozen=True)
class Baseline:
    """A system of the reports.

    Attributes:
        name: as ``edgedigits baseline`` takes it.
        maker: what fits it.
        about: what it is, in a line.
        report: whose it is.
        split: rule that divides the data as the report did.
        reported: its figures.
        divided: how MNIST's digits are divided here and in the report, where this ``split`` is taken of MNIST.
        differs: why else ours may differ, in a sentence.
        fixed: settings that are not chosen.
        sweep: settings to choose from by validation accuracy, simplest first; of equals the first wins.
        sweep_digits: the sweep fits on so many of the training digits, the chosen setting on all; None: on all.
        theirs: the setting of the sweep that the report's figure belongs to, where it is known.
        axis: the setting that a plot of the sweep has along.
        network: of the zoo, for those that are one.
        augmentation: other than the network's own.
        folds: epochs and batch size of its cross-validation, where the report has others there.
        estimator: of a classical one, where it is not called like it.
        one_hot: it is fitted on ten columns of 0 and 1 instead of on digits; where no column or more than one comes out
            as 1, the digit counts as read wrong.
        grey: it is fitted on grey values 0 to 255 instead of on 0 to 1.
        beside: no system of a report, but the better setting of that one.
    """

    name: str
    maker: Maker
    about: str
    report: str
    split: str
    reported: tuple[Reported, ...]
    divided: str
    differs: str
    fixed: dict[str, Any] = field(default_factory=dict)
    sweep: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    sweep_digits: int | None = None
    theirs: dict[str, Any] = field(default_factory=dict)
    axis: str = ""
    network: str = ""
    augmentation: str | None = None
    folds: dict[str, int] = field(default_factory=dict)
    estimator: str = ""
    one_hot: bool = False
    grey: bool = False
    beside: str = ""

    @property
    def kind(self) -> str:
        """Which estimator a classical one is."""
        return self.estimator or self.name


NOTHING_REPORTED = "Nothing to compare with."
ONE_HOT = "Labels are one-hot, as the report has them: a digit may get no class, which counts as wrong."
GREY = "Pixels are not scaled, as the report has them."
OURS = "ours, beside"
NF264_SPLIT = (
    "48,000 / 6,000 / 6,000 of MNIST's 60,000 training digits instead of 56,000 / 7,000 / 7,000 of all 70,000, which "
    "the report draws with scikit-learn's seed 42."
)
VIT_SPLIT = (
    "43,200 / 4,800 / 12,000 of MNIST's 60,000 training digits instead of 33,600 / 8,400 of Kaggle's 42,000; the "
    "report's figure is its last epoch's, ours that of the epoch that validates best."
)
