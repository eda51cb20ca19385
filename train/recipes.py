"""How a network is trained: optimizer, rate, epochs, and the distortions that stand for other hands."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from edgedigits.core.naming import entry_named


@dataclass(frozen=True)
class Augmentation:
    """Random distortions of a batch, drawn anew for every digit and epoch; each number is a largest deviation.

    Attributes:
        about: what it is for, for people.
        rotation: degrees, either way.
        shear: horizontal pixels per pixel of height, either way (slant).
        zoom: share of the size, either way, drawn for width and height apart.
        shift: share of the width and height, either way.
        fill: what comes in from outside the field: ``black``, or the ``nearest`` pixel of its edge, as Keras'
            ``ImageDataGenerator`` fills unless told otherwise.
        elastic: standard deviation in pixels of a smooth random displacement on a 5x5 grid (after P. Simard,
            D. Steinkraus, J. Platt, "Best practices for convolutional neural networks", ICDAR 2003); 0: none.
        fields: share of the digits that are drawn anew as a reader of fields and photos meets them, some of them wrong
            cuts that are no digit (:mod:`edgedigits.train.augmentation.fields`); they serve for three
            epochs. More than 0 takes the place of the recipe's label smoothing.
        spoilt: share of the pictures that are spoilt, anew for each epoch
            (:mod:`edgedigits.core.spoiling`).
    """

    about: str
    rotation: float = 0.0
    shear: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    fill: Literal["black", "nearest"] = "black"
    elastic: float = 0.0
    fields: float = 0.0
    spoilt: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether pixels are moved."""
        return any((self.rotation, self.shear, self.zoom, self.shift, self.elastic))


AUGMENTATIONS = {
    "none": Augmentation("the digits as they are"),
    "slight": Augmentation("hardly to be seen, for the smallest", rotation=5, shear=0.08, zoom=0.05, shift=0.03),
    "light": Augmentation(
        "other hands: small turns, slants and bends", rotation=10, shear=0.15, zoom=0.1, shift=0.05, elastic=0.6
    ),
    "rough": Augmentation(
        "as light, and noise, blur, fog, negatives, outlines, strokes, other places",
        rotation=10,
        shear=0.15,
        zoom=0.1,
        shift=0.05,
        elastic=0.6,
        spoilt=0.06,
    ),
    "vit": Augmentation(
        "the VIT report's: rotation 10 degrees, zoom 0.3, shift 0.3", rotation=10, zoom=0.3, shift=0.3, fill="nearest"
    ),
    "endsley-park-weak": Augmentation(
        "Endsley Park's second: rotation 5 degrees, zoom 0.1, shift 0.1",
        rotation=5,
        zoom=0.1,
        shift=0.1,
        fill="nearest",
    ),
    "endsley-park-strong": Augmentation(
        "Endsley Park's first: rotation 20 degrees, zoom 0.7, shift 0.2",
        rotation=20,
        zoom=0.7,
        shift=0.2,
        fill="nearest",
    ),
    "reading": Augmentation("for photos and fields: pens, neighbours, base lines, wrong cuts", fields=5 / 6),
    "robust": Augmentation(
        "as reading, and noise, blur, fog, negatives, outlines, strokes, other places", fields=0.4, spoilt=0.3
    ),
}


def augmentation(name: str) -> Augmentation:
    """The augmentation of that name.

    Raises:
        EdgedigitsError: there is none.
    """
    return entry_named(AUGMENTATIONS, name, "augmentation")


LEAST_STEPS = 1500
"""Optimizer steps of a training, at least."""

LEAST_BATCHES = 16
"""Batches that a pass over the training digits is cut into, at least."""

LEAST_BATCH = 16
"""Digits that a batch has even so: fewer make poor statistics for batch normalization."""


@dataclass(frozen=True)
class TrainingRecipe:
    """Settings that a network is trained with unless the user names others.

    Attributes:
        epochs: after each the validation digits are read; a pass over the training digits, or ``passes`` of them.
        batch_size: digits a step, over all devices together.
        optimizer: Keras' optimizer.
        rate: learning rate; the highest one where ``schedule`` is ``one-cycle``.
        schedule: ``constant``, or ``one-cycle``: a linear rise over the first 15 % of the steps, then half a cosine
            down to a thousandth (after L. Smith, "Super-convergence", 2018).
        momentum: of SGD.
        input_scale: what the network's inputs are multiplied by while it learns (255: grey values as they are, as a
            report has them); at the end its first layer takes the factor over, so that the model takes 0 to 1 like
            every other.
        label_smoothing: share of the truth that is spread over all ten digits.
        augmentation: a key of :data:`AUGMENTATIONS`.
        least_steps: optimizer steps of the whole training, at least: :meth:`with_enough_passes` sees to it.
        passes: over the training digits in an epoch; more than one where there are few digits.
        spoilt: share of the pictures of lessons that are spoilt (:mod:`edgedigits.core.spoiling`).
    """

    epochs: int
    batch_size: int
    optimizer: Literal["sgd", "adam", "rmsprop", "adadelta"]
    rate: float
    schedule: Literal["constant", "one-cycle"] = "constant"
    momentum: float = 0.0
    input_scale: float = 1.0
    label_smoothing: float = 0.0
    augmentation: str = "none"
    least_steps: int = LEAST_STEPS
    passes: int = 1
    spoilt: float = 0.0

    def steps_an_epoch(self, digits: int) -> int:
        """Optimizer steps of an epoch with so many training digits; what is left over after the last batch waits."""
        return digits * self.passes // min(self.batch_size, digits)

    def steps(self, digits: int) -> int:
        """Optimizer steps of the whole training with so many training digits."""
        return self.epochs * self.steps_an_epoch(digits)

    def with_small_batches(self, digits: int) -> TrainingRecipe:
        """The recipe with batches so small that few training digits make several."""
        return replace(self, batch_size=min(self.batch_size, max(LEAST_BATCH, digits // LEAST_BATCHES)))

    def with_enough_passes(self, digits: int) -> TrainingRecipe:
        """The recipe with as many passes in an epoch as ``least_steps`` need with so few training digits."""
        batches = math.ceil(self.least_steps / self.epochs)
        return replace(self, passes=max(1, math.ceil(batches * min(self.batch_size, digits) / digits)))


FINE_TUNING = TrainingRecipe(5, 128, "adam", 0.002, "one-cycle", least_steps=600)
"""How a trained network is trained on, but for what it keeps of its own recipe (:func:`fine_tuning`).

Chosen on digits that neither the built-in model nor what came of it had learned from (`docs/models.md`, "Fine-tuning").
"""


def fine_tuning(own: TrainingRecipe) -> TrainingRecipe:
    """How a network whose weights are there already is trained on: fewer steps, at a lower rate.

    Args:
        own: the network's recipe, which gives batch size, label smoothing and augmentation.
    """
    kept = {name: getattr(own, name) for name in ("batch_size", "label_smoothing", "augmentation")}
    return replace(FINE_TUNING, **kept)
