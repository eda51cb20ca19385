"""What a user should know before a training begins: too few steps, or too few digits to begin from nothing."""

from __future__ import annotations

import math
from collections.abc import Callable

from edgedigits.core.counting import counted
from edgedigits.core.datasets import check_dataset
from edgedigits.train.recipes import TrainingRecipe
from edgedigits.train.training_request import TrainingRequest

Advise = Callable[[str], object]
"""Told of a sentence."""

FEW_DIGITS = 5000
"""Training digits of one's own below which the built-in model is worth a look first."""


def advice(request: TrainingRequest, recipe: TrainingRecipe, digits: int) -> tuple[str, ...]:
    """Sentences on a training that is about to begin.

    Args:
        request: what is asked for.
        recipe: what comes of it with so many digits.
        digits: training digits.
    """
    return (*_few_steps(request, recipe, digits), *_few_digits(request, digits))


def _few_steps(request: TrainingRequest, recipe: TrainingRecipe, digits: int) -> tuple[str, ...]:
    steps = recipe.steps(digits)
    if request.epochs is None or steps >= recipe.least_steps:
        return ()
    enough = math.ceil(recipe.least_steps / recipe.steps_an_epoch(digits))
    passes, shown = counted(recipe.epochs, "epoch"), counted(digits, "training digit")
    return (
        f"{passes} of {shown} {'is' if recipe.epochs == 1 else 'are'} {counted(steps, 'step')}, and a training takes "
        f"{recipe.least_steps:,} or more: leave --epochs out, or give --epochs {enough}",
    )


def _few_digits(request: TrainingRequest, digits: int) -> tuple[str, ...]:
    own = bool(check_dataset(request.dataset)[1])
    if not own or request.start or digits >= FEW_DIGITS:
        return ()
    return (
        f"{digits:,} training digits are few to begin from nothing: `edgedigits evaluate builtin --dataset "
        f"{request.dataset}` tells how many of them the built-in model reads as it is, and `edgedigits train --from "
        f"builtin --dataset {request.dataset}` goes on from it",
    )
