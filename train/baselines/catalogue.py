"""The systems that five student reports describe: what they are, what was reported of them, and why we measure other.

Loads neither scikit-learn nor TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from edgedigits.core.naming import entry_named

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


NOTHING_REPORTED = "Nothing to compare with."
_CLASSICAL = "which report, and on which digits, is not known here; we take NF264's 80/10/10"
_POOL = "It is fitted on 48,000 of MNIST's 60,000 training digits, where the reports divided a CSV of their own."
_NF264 = "80/10/10 of MNIST's 60,000 training digits instead of a CSV of 70,000."
_VIT = "72/8/20 of MNIST's 60,000 training digits instead of Kaggle's 42,000."
_UNKNOWN = "The report's division of the data is not known here."
_SEEN = Reported(
    "99.89",
    "NF264, on data that its model had seen; which of its networks that was is not known here",
    seen=True,
)
_ORDER = "that the figure is of this report is our reading"
_RECIPE = "Optimizer, rate and epochs that the report does not give are ours."
_ENTRIES = (
    Baseline(
        "knn",
        "scikit-learn",
        "k nearest neighbours by Euclidean distance, brute force",
        "not known here",
        "nf264",
        (Reported("97.1", f"k = 1; {_CLASSICAL}"),),
        _POOL,
        "Here k is chosen on validation digits.",
        fixed={"algorithm": "brute", "weights": "uniform"},
        sweep={"n_neighbors": tuple(range(1, 31))},
        theirs={"n_neighbors": 1},
        axis="n_neighbors",
    ),
    Baseline(
        "decision-tree",
        "scikit-learn",
        "one CART tree",
        "not known here",
        "nf264",
        (Reported("87.3", f"best of depth 3 to 30 and gini or entropy; {_CLASSICAL}"),),
        _POOL,
        "The tree that does best on validation digits is taken; ties between pixels are broken by the seed.",
        sweep={"criterion": ("gini", "entropy"), "max_depth": tuple(range(3, 31))},
        axis="max_depth",
    ),
    Baseline(
        "random-forest",
        "scikit-learn",
        "200 trees, each grown on half as many digits as there are",
        "not known here; INF283 has one too",
        "nf264",
        (
            Reported("95.7", f"200 trees, half samples; {_CLASSICAL}"),
            Reported("88.0 to 89.6", "INF283; its settings are not known here"),
        ),
        _POOL,
        "Trees grow to the end; a limit of depth or leaves, which INF283's range suggests, is not set.",
        fixed={"n_estimators": 200, "max_samples": 0.5},
    ),
    Baseline(
        "xgboost",
        "xgboost",
        "boosted trees of depth 6 on histograms, softmax over ten classes",
        "not known here",
        "nf264",
        (),
        "",
        NOTHING_REPORTED,
        fixed={"tree_method": "hist", "objective": "multi:softprob", "max_depth": 6, "max_bin": 64},
        sweep={"n_estimators": tuple(range(1, 151))},
        axis="n_estimators",
    ),
    Baseline(
        "svm",
        "scikit-learn",
        "support vectors with an RBF kernel, one against one",
        "not known here",
        "nf264",
        (Reported("97.4", f"one-vs-one, RBF; {_CLASSICAL}"),),
        _POOL,
        "C and gamma of the report are not known; here both are chosen on validation digits.",
        fixed={"kernel": "rbf", "decision_function_shape": "ovo", "cache_size": 1000},
        sweep={"gamma": ("scale", 0.02, 0.03), "C": (1.0, 5.0, 10.0)},
        sweep_digits=5_000,
        axis="C",
    ),
    Baseline(
        "logistic-regression",
        "scikit-learn",
        "multinomial logistic regression with an L2 penalty",
        "not known here",
        "nf264",
        (),
        "",
        NOTHING_REPORTED,
        fixed={"max_iter": 200},
        sweep={"C": (0.01, 0.03, 0.1, 0.3, 1.0)},
        axis="C",
    ),
    Baseline(
        "nf264-cnn1",
        "network",
        "the first network of NF264",
        "NF264",
        "nf264",
        (Reported("98.8", "NF264, 80/10/10"),),
        _NF264,
        _RECIPE,
        network="nf264-cnn1",
    ),
    Baseline(
        "nf264-cnn2",
        "network",
        "the second network of NF264",
        "NF264",
        "nf264",
        (
            Reported("99.0", "NF264, 80/10/10"),
            Reported("99.09 to 99.27", "NF264, the folds of a 5-fold cross-validation: compare with --folds 5"),
            _SEEN,
        ),
        _NF264,
        _RECIPE,
        network="nf264-cnn2",
    ),
    Baseline(
        "vit-cnn",
        "network",
        "the large network of VIT, with its augmentation",
        "VIT",
        "vit",
        (
            Reported("98.8 to 99.1", "VIT, 80/20; given for its networks together"),
            Reported("98", "VIT, with augmentation; given for its networks together"),
        ),
        _VIT,
        _RECIPE,
        network="vit-cnn",
    ),
    Baseline(
        "vit-cnn-small",
        "network",
        "the small network of VIT, without augmentation",
        "VIT",
        "vit",
        (Reported("98.8 to 99.1", "VIT, 80/20; given for its networks together"),),
        _VIT,
        _RECIPE,
        network="vit-cnn-small",
    ),
    Baseline(
        "vit-cnn-small-augmented",
        "network",
        "the small network of VIT with the augmentation of its large one",
        "VIT",
        "vit",
        (Reported("98", "VIT, with augmentation; given for its networks together"),),
        _VIT,
        _RECIPE,
        network="vit-cnn-small",
        augmentation="vit",
    ),
    Baseline(
        "inf283-nn",
        "network",
        "the dense network of INF283",
        "INF283",
        "default",
        (Reported("98.7", f"INF283, which of its networks is not known here; {_ORDER}"),),
        "",
        "Layer sizes and decay of the report are not known: they are ours; nor is its division of the data.",
        network="inf283-nn",
    ),
    Baseline(
        "inf283-cnn",
        "network",
        "the convolutional network of INF283",
        "INF283",
        "default",
        (Reported("98.7", f"INF283, which of its networks is not known here; {_ORDER}"),),
        _UNKNOWN,
        _RECIPE,
        network="inf283-cnn",
    ),
    Baseline(
        "fakebank-cnn",
        "network",
        "the convolutional network of FakeBank",
        "FakeBank",
        "default",
        (Reported("95.3", f"FakeBank, this one or its ResNet50; {_ORDER}"),),
        _UNKNOWN,
        _RECIPE,
        network="fakebank-cnn",
    ),
    Baseline(
        "endsley-park-cnn",
        "network",
        "the network of Endsley Park, without augmentation",
        "Endsley Park",
        "default",
        (Reported("98.4", f"Endsley Park; {_ORDER}"),),
        _UNKNOWN,
        _RECIPE,
        network="endsley-park-cnn",
    ),
    Baseline(
        "endsley-park-cnn-augmented",
        "network",
        "the network of Endsley Park with weak augmentation",
        "Endsley Park",
        "default",
        (Reported("98.7", f"Endsley Park, with weak augmentation; {_ORDER}"),),
        "",
        f"How weak the report's augmentation was is not known: ours is `slight`. {_RECIPE}",
        network="endsley-park-cnn",
        augmentation="slight",
    ),
)

BASELINES = {entry.name: entry for entry in _ENTRIES}


def baseline(name: str) -> Baseline:
    """The entry of that name.

    Raises:
        EdgedigitsError: there is none; the message names the nearest ones and all.
    """
    return entry_named(BASELINES, name, "baseline", " (`edgedigits baselines` describes them)")
