"""What can be searched: named spaces of settings and architectures, without TensorFlow or Optuna."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.naming import entry_named
from edgedigits.train.networks.catalogue import NETWORKS
from edgedigits.train.networks.stack import ConvBlock, Stack
from edgedigits.train.recipes import TrainingRecipe

Settings = Mapping[str, float]
"""A value for each parameter of a preset."""


@dataclass(frozen=True)
class Categorical:
    """A parameter that takes one of some values."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Whole:
    """A parameter that takes whole numbers from ``low`` to ``high`` in steps."""

    name: str
    low: int
    high: int
    step: int = 1


@dataclass(frozen=True)
class Logarithmic:
    """A parameter between ``low`` and ``high`` whose order of magnitude matters."""

    name: str
    low: float
    high: float


Parameter = Categorical | Whole | Logarithmic


@dataclass(frozen=True)
class Preset:
    """A search that has a name.

    Attributes:
        name: as ``--preset`` takes it.
        about: in a line, for people.
        network: a network of the zoo whose training is searched; ``stack`` where its architecture is.
        parameters: what varies. Of ``width1``, ``width2``... only as many count as there are blocks.
        recipe: how each network is trained, but for what varies.
        trials: how many unless told otherwise; of a grid all its points.
        grid: every combination of the choices once; otherwise a sampler proposes each trial after those before it.
        digits: training digits that each trial learns from; None: all.
        known: settings to begin with, such as those of the zoo's own networks.
    """

    name: str
    about: str
    network: str
    parameters: tuple[Parameter, ...]
    recipe: TrainingRecipe
    trials: int
    grid: bool = False
    digits: int | None = None
    known: tuple[Settings, ...] = ()

    def points(self, count: int) -> list[Settings]:
        """The settings that the first ``count`` trials are given; empty ones are left to the sampler.

        Raises:
            EdgedigitsError: fewer than one, or more than the grid has.
        """
        if count < 1:
            raise EdgedigitsError(f"the number of trials is {count}", "give a whole number of at least 1")
        if not self.grid:
            return [self.known[index] if index < len(self.known) else {} for index in range(count)]
        if count > self.trials:
            raise EdgedigitsError(
                f"the grid {self.name} has {self.trials} points, not {count}", f"ask for at most {self.trials} trials"
            )
        return self.grid_points()[:count]

    def grid_points(self) -> list[Settings]:
        """Every combination of the choices, the last parameter changing first."""
        choices = [item for item in self.parameters if isinstance(item, Categorical)]
        names = [item.name for item in choices]
        return [dict(zip(names, values, strict=True)) for values in itertools.product(*(c.values for c in choices))]


@dataclass(frozen=True)
class TrialPlan:
    """What one trial builds and how it trains it.

    Attributes:
        network: its layers in a line.
        recipe: the training.
        stack: the architecture where that is searched; None: the preset's network of the zoo.
        dropout: rate of that network's dropout layers; None: their own.
    """

    network: str
    recipe: TrainingRecipe
    stack: Stack | None = None
    dropout: float | None = None


def plan_of(preset: Preset, settings: Settings) -> TrialPlan:
    """Decode the settings of a trial."""
    recipe = preset.recipe
    if "batch_size" in settings:
        recipe = replace(recipe, batch_size=int(settings["batch_size"]))
    if "epochs" in settings:
        recipe = replace(recipe, epochs=int(settings["epochs"]))
    if "rate" in settings:
        recipe = replace(recipe, rate=float(settings["rate"]))
    if preset.network == "stack":
        stack = _stack(settings)
        return TrialPlan(stack.describe(), recipe, stack)
    dropout, about = settings.get("dropout"), NETWORKS[preset.network].about
    if dropout is not None:
        about = re.sub(r"dropout [\d.]+(, [\d.]+)*", f"dropout {dropout:g}", about)
    return TrialPlan(about, recipe, dropout=dropout)


def _stack(settings: Settings) -> Stack:
    blocks = tuple(
        ConvBlock(
            filters=int(settings[f"width{place}"]),
            separable=place > settings["plain"],
            stride=2 if place == settings["halving"] else 1,
        )
        for place in range(1, int(settings["blocks"]) + 1)
    )
    return Stack(int(settings["stem_filters"]), int(settings["stem_side"]), int(settings["stem_stride"]), blocks)


def _settings(stem: int, halving: int, plain: int, widths: tuple[int, ...], rate: float) -> Settings:
    """A network of the zoo as a point of the space ``separable``."""
    return {
        "stem_filters": stem,
        "stem_side": 5,
        "stem_stride": 2,
        "blocks": len(widths),
        "plain": plain,
        "halving": halving,
        **{f"width{place}": width for place, width in enumerate(widths, start=1)},
        "rate": rate,
    }


_NANO = _settings(4, 2, 0, (8, 24, 32, 48), 0.01)
_MICRO = _settings(8, 0, 1, (16, 32, 48, 64), 0.006)
_SMALL = _settings(16, 0, 2, (32, 48, 64, 96), 0.006)

_SPACE: tuple[Parameter, ...] = (
    Whole("stem_filters", 4, 16, 4),
    Categorical("stem_side", (3, 5)),
    Categorical("stem_stride", (2, 3)),
    Whole("blocks", 3, 5),
    Whole("plain", 0, 2),
    Categorical("halving", (0, 2, 3)),
    *(Whole(f"width{place}", 8, 96, 8) for place in range(1, 6)),
    Logarithmic("rate", 0.002, 0.02),
)

_PRESETS = (
    Preset(
        "separable",
        "architectures like nano, micro and small, which are its first trials: stem, blocks, widths, rate",
        "stack",
        _SPACE,
        TrainingRecipe(6, 128, "adam", 0.006, "one-cycle"),
        trials=24,
        digits=30_000,
        known=(_NANO, _MICRO, _SMALL),
    ),
    Preset(
        "inf283",
        "the INF283 report's grid: batch size, epochs, rate, dropout, with a pool of 3x3",
        "inf283-cnn-best",
        (
            Categorical("batch_size", (50, 100)),
            Categorical("epochs", (6, 12)),
            Categorical("rate", (1e-3, 1e-4)),
            Categorical("dropout", (0.7, 0.5)),
        ),
        NETWORKS["inf283-cnn-best"].recipe,
        trials=16,
        grid=True,
    ),
    Preset(
        "quick",
        "an epoch of 800 digits on small architectures, to try the command out",
        "stack",
        (
            Whole("stem_filters", 4, 8, 4),
            Categorical("stem_side", (3, 5)),
            Categorical("stem_stride", (3,)),
            Whole("blocks", 1, 2),
            Categorical("plain", (0,)),
            Categorical("halving", (0,)),
            *(Whole(f"width{place}", 8, 32, 8) for place in range(1, 3)),
            Logarithmic("rate", 0.005, 0.05),
        ),
        TrainingRecipe(1, 32, "adam", 0.01),
        trials=4,
        digits=800,
    ),
)

PRESETS = {preset.name: preset for preset in _PRESETS}


def preset_named(name: str) -> Preset:
    """The preset of that name.

    Raises:
        EdgedigitsError: there is none; the message names the nearest ones and all.
    """
    return entry_named(PRESETS, name, "search", " (`edgedigits search --list` describes them)")
