"""The systems of the report INF283."""

from __future__ import annotations

from edgedigits.train.baselines.reports.baseline import NOTHING_REPORTED, ONE_HOT, OURS, Baseline, Reported

_INF283 = (
    "33,600 / 14,400 / 12,000 of MNIST's 60,000 training digits instead of 39,200 / 16,800 / 14,000 of all 70,000."
)
_NO_BATCH = "Batch size and epochs of the report are not given: ours are the zoo's."

ENTRIES = (
    Baseline(
        "inf283-forest",
        "scikit-learn",
        "a forest by scikit-learn's defaults, labels one-hot",
        "INF283",
        "inf283",
        (
            Reported("89.58", "INF283, random forest, validation"),
            Reported("88.0", "INF283, random forest in its comparison"),
        ),
        _INF283,
        ONE_HOT,
        estimator="random-forest",
        one_hot=True,
    ),
    Baseline(
        "inf283-forest-digits",
        "scikit-learn",
        "a forest by scikit-learn's defaults, labels as digits",
        f"{OURS} INF283's",
        "inf283",
        (),
        _INF283,
        "The same forest with labels as they are: what one-hot labels cost.",
        estimator="random-forest",
        beside="inf283-forest",
    ),
    Baseline(
        "xgboost",
        "xgboost",
        "boosted trees of depth 6 on histograms, softmax over ten classes",
        "INF283",
        "inf283",
        (),
        "",
        NOTHING_REPORTED,
        fixed={"tree_method": "hist", "objective": "multi:softprob", "max_depth": 6, "max_bin": 64},
        sweep={"n_estimators": tuple(range(1, 151))},
        axis="n_estimators",
    ),
    Baseline(
        "inf283-nn",
        "network",
        "the dense network of INF283",
        "INF283",
        "inf283",
        (Reported("95.28", "INF283, dense network, validation"),),
        _INF283,
        "Layer sizes, regularizer and optimizer of the report are lost with a picture: they are ours. The 95.28 % is "
        f"16,007 of 16,800 digits, as 0.9527976 tells. {_NO_BATCH}",
        network="inf283-nn",
    ),
    Baseline(
        "inf283-cnn",
        "network",
        "the convolutional network of INF283, before its grid search",
        "INF283",
        "inf283",
        (Reported("98.71", "INF283, convolutional network, validation"),),
        _INF283,
        _NO_BATCH,
        network="inf283-cnn",
    ),
    Baseline(
        "inf283-cnn-best",
        "network",
        "the best network of INF283's grid search",
        "INF283",
        "inf283",
        (
            Reported("98.8", "INF283, the best of its grid search, by which it was chosen"),
            Reported("98.86", "INF283, the same on its 14,000 test digits"),
        ),
        _INF283,
        "Dropout is 0.4 as in the report's best row, though its grid has 0.7 and 0.5.",
        network="inf283-cnn-best",
    ),
)
