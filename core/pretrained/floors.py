"""The least that each pretrained model has to read of digits whose form it has not learned.

MNIST's test digits tell how well a model reads MNIST's form; one that has learned that form alone reads the same digits
of other forms, and other writers' digits, far worse. These floors find such a model. They choose nothing.

They were written down before the models that ship last were made, from what these read, percent:

=============================  =========  =========
int8 model                     optdigits  USPS-like
=============================  =========  =========
pico                               92.15      98.65
nano                               95.83      99.22
micro                              96.72      99.47
small                              97.33      99.46
base                               97.50      99.60
plain ``small``, ``builtin``       98.44      99.42
plain ``large``, a station's       96.38      99.58
=============================  =========  =========

Each floor is two points (optdigits) or one point (USPS-like) below the first five, three standard errors or more of so
many digits, and rounded down to half a point from there; what is plain and learned from other pictures, too, lies above
them. `large` has those of `base`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgedigits.core.pretrained.figures import Figures


@dataclass(frozen=True)
class Floor:
    """Of one model; each in percent read by the int8 model.

    Attributes:
        optdigits_accuracy: of scikit-learn's digits.
        usps_like_accuracy: of MNIST's test digits in the form of USPS's.
    """

    optdigits_accuracy: float
    usps_like_accuracy: float


FLOORS = {
    "pico": Floor(90.0, 97.5),
    "nano": Floor(93.5, 98.0),
    "micro": Floor(94.5, 98.0),
    "small": Floor(95.0, 98.0),
    "base": Floor(95.5, 98.5),
    "large": Floor(95.5, 98.5),
}
"""By the model's name, from the smallest to the largest; a larger one never has a lower floor."""

_DIGITS = {"optdigits_accuracy": "optdigits", "usps_like_accuracy": "USPS-like digits"}


@dataclass(frozen=True)
class BelowFloor:
    """A figure that is too low.

    Attributes:
        figure: its name.
        measured: percent.
        floor: percent that it has to reach.
    """

    figure: str
    measured: float
    floor: float

    @property
    def told(self) -> str:
        """What is wrong, for people: ``91.20 % of optdigits, floor 93.50 %``."""
        return f"{self.measured:.2f} % of {_DIGITS[self.figure]}, floor {self.floor:.2f} %"


def below_floors(name: str, figures: Figures) -> tuple[BelowFloor, ...]:
    """The figures of a model that are below the floor of its name.

    None of a model of another name, and none of a figure that was not measured.
    """
    return tuple(_below(name, figures))


def _below(name: str, figures: Figures) -> Iterator[BelowFloor]:
    if name not in FLOORS:
        return
    for figure in _DIGITS:
        measured, floor = getattr(figures, figure), getattr(FLOORS[name], figure)
        if measured is not None and measured < floor:
            yield BelowFloor(figure, measured, floor)
