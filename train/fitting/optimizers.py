"""Optimizers and learning rates as recipes name them."""

from __future__ import annotations

import math
from typing import Any

from edgedigits.core.keras.backend import keras, tf
from edgedigits.train.recipes import TrainingRecipe

WARM_UP = 0.15
"""Share of a one-cycle run's steps in which the rate rises."""

FLOOR = 0.001
"""Share of the highest rate that a one-cycle run starts and ends with."""


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A linear rise to the highest rate, then half a cosine down."""

    def __init__(self, rate: float, steps: int) -> None:
        """Plan ``steps`` steps with the highest rate ``rate``."""
        self.rate = rate
        self.steps = steps

    def __call__(self, step: Any) -> Any:
        """The rate at a step counted from 0, a float32 scalar tensor."""
        step = tf.cast(step, tf.float32)
        rise = max(1.0, WARM_UP * self.steps)
        fall = max(1.0, self.steps - rise)
        up = step / rise
        down = 0.5 * (1 + tf.cos(math.pi * tf.minimum((step - rise) / fall, 1.0)))
        return self.rate * (FLOOR + (1 - FLOOR) * tf.where(step < rise, up, down))

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments, as Keras stores schedules."""
        return {"rate": self.rate, "steps": self.steps}


def rate_plan(recipe: TrainingRecipe, steps: int) -> Any:
    """The learning rate of a run of ``steps`` steps: a number, or a schedule called with the step."""
    return OneCycle(recipe.rate, steps) if recipe.schedule == "one-cycle" else recipe.rate


def rate_at(plan: Any, step: int) -> float:
    """The learning rate that ``plan`` has at a step counted from 0."""
    return float(plan(step)) if callable(plan) else float(plan)


def make_optimizer(recipe: TrainingRecipe, plan: Any, policy: str) -> Any:
    """A Keras optimizer with that rate; in mixed precision it scales the loss so that float16 gradients survive."""
    kinds = keras.optimizers
    made = {
        "sgd": lambda: kinds.SGD(plan, momentum=recipe.momentum),
        "adam": lambda: kinds.Adam(plan),
        "rmsprop": lambda: kinds.RMSprop(plan),
        "adadelta": lambda: kinds.Adadelta(plan),
    }[recipe.optimizer]()
    return keras.mixed_precision.LossScaleOptimizer(made) if policy == "mixed_float16" else made
