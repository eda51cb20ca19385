"""The networks that read a line at once, as a list that loads no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.train.recipes import TrainingRecipe

LINES_AN_EPOCH = 12_800
"""Lines that a network learns from between two looks at the validation lines."""


@dataclass(frozen=True)
class LineNetwork:
    """A network of lines.

    Attributes:
        name: as ``--model`` takes it.
        parameters: weights and biases, statistics of batch normalization included.
        int8_bytes: size of its full-integer ``.tflite`` file as TensorFlow 2.21 makes it, to about a percent.
        source: where the network comes from.
        about: its layers in a line.
        filters: of the convolutions: the first one, the two at half size, the two at a quarter, the one that reads a
            column, and the two that look along the line.
        recipe: how it is trained unless told otherwise.
    """

    name: str
    parameters: int
    int8_bytes: int
    source: str
    about: str
    filters: tuple[int, int, int, int, int, int, int, int]
    recipe: TrainingRecipe


_RECIPE = TrainingRecipe(24, 32, "adam", 0.002, "one-cycle", least_steps=1)
_OURS = "edgedigits, for lines"
_ENTRIES = (
    LineNetwork(
        "line",
        207_078,
        222_456,
        _OURS,
        "conv16 5x5, 2 conv32, 2 conv64, conv80 3x5, conv80 1x5, conv64 1x5; pools between",
        (16, 32, 32, 64, 64, 80, 80, 64),
        _RECIPE,
    ),
    LineNetwork(
        "line-small",
        42_254,
        52_848,
        _OURS,
        "conv8 5x5, 2 conv16, 2 conv28, conv36 3x5, conv32 1x5, conv32 1x5; pools between",
        (8, 16, 16, 28, 28, 36, 32, 32),
        _RECIPE,
    ),
)

LINE_NETWORKS = {entry.name: entry for entry in _ENTRIES}
