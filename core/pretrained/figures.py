"""What a user chooses a pretrained model by, as its card keeps it and as it is measured again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from edgedigits.core.cards import Card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.pretrained.candidates import Candidate, Candidates, candidates_from

KEY = "pretrained"
"""Of a card's ``measured``, below which the figures stand."""


@dataclass(frozen=True)
class Figures:
    """What a pretrained model costs and what it reads.

    Attributes:
        float_accuracy: percent of MNIST's test digits that the float network reads.
        int8_accuracy: the same of the int8 model.
        corruption_errors: percent of MNIST's test digits that the int8 model misreads once they are corrupted, by kind;
            fed as they are.
        corruption_error: mean of these, each kind weighing the same.
        optdigits_accuracy: percent of scikit-learn's digits that the int8 model reads; None where it has learned from
            some of them.
        usps_like_accuracy: percent of MNIST's test digits that it reads in the form of USPS's, see
            :func:`edgedigits.core.datasets.usps_like.usps_like`; None on cards from before it was measured.
        macs: multiply-accumulates of one inference.
        activation_bytes: of the activations that are alive at the same time, see
            :attr:`edgedigits.core.tflite.costs.Costs.live_bytes`.
        parameter_bytes: flash of the parameters in the exported C, compact weights, plain kernels.
        digits: how many there were, by data set.
        software: names and versions of what measured: ``runtime`` of the int8 model, ``tensorflow``, ``opencv``.
        candidates: that the model was chosen among, itself the first; None on cards from before they were kept.
    """

    float_accuracy: float
    int8_accuracy: float
    corruption_errors: dict[str, float]
    corruption_error: float
    optdigits_accuracy: float | None
    usps_like_accuracy: float | None
    macs: int
    activation_bytes: int
    parameter_bytes: int
    digits: dict[str, int]
    software: dict[str, str]
    candidates: Candidates | None = None

    def named(self) -> Iterator[tuple[str, float | int | None]]:
        """Every figure that is a number, by a name that tells it from the others: ``corruption_errors.fog``."""
        for name, value in vars(self).items():
            if name == "corruption_errors":
                yield from ((f"{name}.{kind}", error) for kind, error in value.items())
            elif name == "candidates":
                own = ("augmented_accuracy", "validation_accuracy")
                yield from ((one, getattr(value.shipped, one)) for one in own) if value else ()
            elif name not in {"digits", "software"}:
                yield name, value

    def as_dict(self) -> dict[str, Any]:
        """All of them as JSON takes it."""
        return {**asdict(self), "candidates": self.candidates.as_dict() if self.candidates else None}


def figures_of(card: Card) -> Figures | None:
    """The figures that the card of an int8 model keeps; None where none were measured.

    Raises:
        EdgedigitsError: they are not those that this version knows.
    """
    kept: Any = card.measured.get(KEY)
    if kept is None:
        return None
    try:
        told = kept.get("candidates")
        later = {"usps_like_accuracy": None, "candidates": None}
        found = Figures(**{**later, **kept, "candidates": None if told is None else candidates_from(told)})
        numbers = [value for _, value in found.named() if value is not None]
    except (TypeError, AttributeError) as error:
        raise _foreign(card) from error
    if not all(type(number) in {int, float} for number in numbers) or not isinstance(found.software, dict):
        raise _foreign(card)
    if found.candidates and not _fit(found, found.candidates.shipped):
        raise _foreign(card)
    return found


def with_figures(card: Card, figures: Figures) -> Card:
    """The card of an int8 model with these figures in place of any others."""
    return replace(card, measured={**card.measured, KEY: figures.as_dict()})


def _fit(figures: Figures, shipped: Candidate) -> bool:
    """Whether the shipped candidate says of itself what the figures say."""
    own = (figures.float_accuracy, figures.int8_accuracy)
    return (shipped.float_accuracy, shipped.int8_accuracy) == own


def _foreign(card: Card) -> EdgedigitsError:
    return EdgedigitsError(
        f"the card of {card.file} has figures that this version does not know",
        "measure them again: `edgedigits models FOLDER --measure`",
    )
