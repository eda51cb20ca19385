"""The systems of the report VIT."""

from __future__ import annotations

from edgedigits.train.baselines.reports.baseline import GREY, NF264_SPLIT, OURS, VIT_SPLIT, Baseline, Reported

_VIT_70 = "37,800 / 4,200 / 18,000 of MNIST's 60,000 training digits instead of 29,400 / 12,600 of Kaggle's 42,000."

ENTRIES = (
    Baseline(
        "random-forest",
        "scikit-learn",
        "200 trees, each grown on half as many digits as there are",
        "VIT",
        "vit-70-30",
        (Reported("95.71", "VIT, 200 trees, max_samples 0.5, 70/30"),),
        _VIT_70,
        GREY,
        fixed={"n_estimators": 200, "max_samples": 0.5},
        grey=True,
    ),
    Baseline(
        "svm",
        "scikit-learn",
        "support vectors by scikit-learn's defaults (RBF kernel, C 1, gamma scale), one against one",
        "VIT",
        "vit-70-30",
        (Reported("97.41", "VIT, scikit-learn's defaults, 70/30"),),
        _VIT_70,
        GREY,
        fixed={"kernel": "rbf", "C": 1.0, "gamma": "scale", "decision_function_shape": "ovo", "cache_size": 1000},
        grey=True,
    ),
    Baseline(
        "svm-chosen",
        "scikit-learn",
        "support vectors with an RBF kernel, C and gamma chosen, one against one",
        f"{OURS} VIT's",
        "nf264",
        (),
        NF264_SPLIT,
        "C and gamma are chosen on validation digits: what the defaults cost.",
        fixed={"kernel": "rbf", "decision_function_shape": "ovo", "cache_size": 1000},
        sweep={"gamma": ("scale", 0.02, 0.03), "C": (1.0, 5.0, 10.0)},
        sweep_digits=5_000,
        axis="C",
        estimator="svm",
        beside="svm",
    ),
    Baseline(
        "vit-cnn",
        "network",
        "the large network of VIT, with its augmentation",
        "VIT",
        "vit",
        (Reported("98", "VIT, with augmentation, validation"),),
        VIT_SPLIT,
        "",
        network="vit-cnn",
    ),
    Baseline(
        "vit-cnn-small",
        "network",
        "the small network of VIT, without augmentation",
        "VIT",
        "vit",
        (Reported("99", "VIT, without augmentation, validation"),),
        VIT_SPLIT,
        "",
        network="vit-cnn-small",
    ),
)
