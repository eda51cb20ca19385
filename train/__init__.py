"""Training: the zoo of networks, augmentation, fitting on every GPU there is, and what a trained network gets right.

Nothing here imports TensorFlow until a function that needs it is asked for: ``edgedigits models`` lists the zoo at
once, and ``from edgedigits.train import train`` loads it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgedigits.train.catalogue import NETWORKS, Network, network
    from edgedigits.train.evaluation import evaluate_keras, keras_scores
    from edgedigits.train.networks import build
    from edgedigits.train.plots import confusion_png, curves_png
    from edgedigits.train.recipes import AUGMENTATIONS, Augmentation, Recipe
    from edgedigits.train.request import EpochRecord, Progress, ProgressCallback, TrainingRequest, TrainingResult
    from edgedigits.train.training import TrainingInterrupted, train

_HOMES = {
    "AUGMENTATIONS": "recipes",
    "Augmentation": "recipes",
    "Recipe": "recipes",
    "NETWORKS": "catalogue",
    "Network": "catalogue",
    "network": "catalogue",
    "EpochRecord": "request",
    "Progress": "request",
    "ProgressCallback": "request",
    "TrainingRequest": "request",
    "TrainingResult": "request",
    "build": "networks",
    "evaluate_keras": "evaluation",
    "keras_scores": "evaluation",
    "confusion_png": "plots",
    "curves_png": "plots",
    "TrainingInterrupted": "training",
    "train": "training",
}

__all__ = [
    "AUGMENTATIONS",
    "NETWORKS",
    "Augmentation",
    "EpochRecord",
    "Network",
    "Progress",
    "ProgressCallback",
    "Recipe",
    "TrainingInterrupted",
    "TrainingRequest",
    "TrainingResult",
    "build",
    "confusion_png",
    "curves_png",
    "evaluate_keras",
    "keras_scores",
    "network",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"edgedigits.train.{_HOMES[name]}"), name)
