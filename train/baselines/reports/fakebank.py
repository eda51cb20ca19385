"""The systems of the report FakeBank."""

from __future__ import annotations

from edgedigits.train.baselines.reports.baseline import NOTHING_REPORTED, Baseline

_FAKEBANK = "Of MNIST's 60,000 training digits 5,000 validate; the report trains on all of them."

ENTRIES = (
    Baseline(
        "logistic-regression",
        "scikit-learn",
        "multinomial logistic regression with an L2 penalty",
        "FakeBank",
        "default",
        (),
        "",
        NOTHING_REPORTED,
        fixed={"max_iter": 200},
        sweep={"C": (0.01, 0.03, 0.1, 0.3, 1.0)},
        axis="C",
    ),
    Baseline(
        "fakebank-cnn",
        "network",
        "the convolutional network of FakeBank",
        "FakeBank",
        "default",
        (),
        _FAKEBANK,
        NOTHING_REPORTED,
        network="fakebank-cnn",
    ),
)
