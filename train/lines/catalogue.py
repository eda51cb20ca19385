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
        int8_bytes: size of its full-integer ``.tflite`` file, to about a percent.
        about: its layers in a line.
        filters: of the convolutions: the first one, the two at half size, the two at a quarter, the one that reads a
            column, and the two that look along the line.
        recipe: how it is trained unless told otherwise.
    """

    name: str
    parameters: int
    int8_bytes: int
    about: str
    filters: tuple[int, int, int, int, int, int, int, int]
    recipe: TrainingRecipe


_RECIPE = TrainingRecipe(24, 32, "adam", 0.002, "one-cycle", least_steps=1)
_ENTRIES = (
    LineNetwork(
        "line",
        207_947,
        221_000,
        "conv16 5x5, 2 conv32, 2 conv64, conv80 3x5, conv80 1x5, conv64 1x5; pools between",
        (16, 32, 32, 64, 64, 80, 80, 64),
        _RECIPE,
    ),
    LineNetwork(
        "line-small",
        45_000,
        57_000,
        "conv8 5x5, 2 conv16, 2 conv32, conv40 3x5, conv40 1x5, conv32 1x5; pools between",
        (8, 16, 16, 28, 28, 36, 32, 32),
        _RECIPE,
    ),
)

LINE_NETWORKS = {entry.name: entry for entry in _ENTRIES}
