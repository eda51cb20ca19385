"""Training: the zoo of networks, augmentation, fitting on every GPU there is, and what a trained network gets right.

Nothing here imports TensorFlow until a function that needs it is asked for: ``edgedigits models`` lists the zoo at
once, and ``from edgedigits.train import train`` loads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

if TYPE_CHECKING:
    from edgedigits.core.keras.models import keras_scores
    from edgedigits.train.augmentation.distortion import distorted
    from edgedigits.train.baselines.baseline_request import BaselineRequest
    from edgedigits.train.baselines.catalogue import BASELINES, baseline
    from edgedigits.train.baselines.reports.baseline import Baseline
    from edgedigits.train.baselines.running import baseline_folds, run_baseline
    from edgedigits.train.evaluation import evaluate_keras
    from edgedigits.train.fitting.training_folder import TrainingInterrupted
    from edgedigits.train.folds import CrossValidation, FoldScore, train_folds
    from edgedigits.train.networks.catalogue import NETWORKS, Network, network
    from edgedigits.train.networks.reported import build
    from edgedigits.train.plots import confusion_png, curves_png
    from edgedigits.train.preflight import check_training
    from edgedigits.train.recipes import AUGMENTATIONS, Augmentation, TrainingRecipe
    from edgedigits.train.training import train
    from edgedigits.train.training_request import (
        EpochRecord,
        Progress,
        ProgressCallback,
        TrainingRequest,
        TrainingResult,
    )

__all__ = [
    "AUGMENTATIONS",
    "BASELINES",
    "NETWORKS",
    "Augmentation",
    "Baseline",
    "BaselineRequest",
    "CrossValidation",
    "EpochRecord",
    "FoldScore",
    "Network",
    "Progress",
    "ProgressCallback",
    "TrainingInterrupted",
    "TrainingRecipe",
    "TrainingRequest",
    "TrainingResult",
    "baseline",
    "baseline_folds",
    "build",
    "check_training",
    "confusion_png",
    "curves_png",
    "distorted",
    "evaluate_keras",
    "keras_scores",
    "network",
    "run_baseline",
    "train",
    "train_folds",
]

__getattr__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(("AUGMENTATIONS", "Augmentation", "TrainingRecipe"), "recipes"),
        **dict.fromkeys(("NETWORKS", "Network", "network"), "networks.catalogue"),
        **dict.fromkeys(
            ("EpochRecord", "Progress", "ProgressCallback", "TrainingRequest", "TrainingResult"), "training_request"
        ),
        "distorted": "augmentation.distortion",
        "evaluate_keras": "evaluation",
        "keras_scores": "edgedigits.core.keras.models",
        **dict.fromkeys(("confusion_png", "curves_png"), "plots"),
        "TrainingInterrupted": "fitting.training_folder",
        "train": "training",
        **dict.fromkeys(("BASELINES", "baseline"), "baselines.catalogue"),
        "Baseline": "baselines.reports.baseline",
        **dict.fromkeys(("baseline_folds", "run_baseline"), "baselines.running"),
        **dict.fromkeys(("CrossValidation", "FoldScore", "train_folds"), "folds"),
        "BaselineRequest": "baselines.baseline_request",
        "build": "networks.reported",
        "check_training": "preflight",
    },
)
