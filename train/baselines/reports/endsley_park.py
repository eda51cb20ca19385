"""The systems of the report Endsley Park."""

from __future__ import annotations

from edgedigits.train.baselines.reports.baseline import GREY, VIT_SPLIT, Baseline, Reported

_ENDSLEY_PARK = f"{VIT_SPLIT} An epoch has 337 steps here, 312 there."

ENTRIES = (
    Baseline(
        "endsley-park-cnn",
        "network",
        "the network of Endsley Park, without augmentation",
        "Endsley Park",
        "vit",
        (Reported("98.36", "Endsley Park, without augmentation, validation"),),
        VIT_SPLIT,
        GREY,
        network="endsley-park-cnn",
    ),
    Baseline(
        "endsley-park-cnn-strong",
        "network",
        "the network of Endsley Park with its strong augmentation",
        "Endsley Park",
        "vit",
        (Reported("44.99", "Endsley Park, with strong augmentation, validation"),),
        _ENDSLEY_PARK,
        GREY,
        network="endsley-park-cnn",
        augmentation="endsley-park-strong",
    ),
    Baseline(
        "endsley-park-cnn-weak",
        "network",
        "the network of Endsley Park with its weak augmentation",
        "Endsley Park",
        "vit",
        (Reported("98.74", "Endsley Park, with weak augmentation, validation"),),
        _ENDSLEY_PARK,
        GREY,
        network="endsley-park-cnn",
        augmentation="endsley-park-weak",
    ),
)
