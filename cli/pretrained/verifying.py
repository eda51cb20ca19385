"""Whether what is measured of a pretrained model is what its card says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.pretrained.figures import Figures, figures_of
from edgedigits.core.pretrained.floors import BelowFloor, below_floors
from edgedigits.core.stages import StageCallback, untold

if TYPE_CHECKING:
    from edgedigits.cli.pretrained.measuring import ReportingDigits
    from edgedigits.core.pretrained.catalogue import PretrainedModel

TOLERANCE = 0.02
"""Percentage points by which percentages may differ where other software computed them; with the same, by none."""

_COMPUTED_BY = {
    "float_accuracy": (),
    "int8_accuracy": ("runtime",),
    "augmented_accuracy": (),
    "validation_accuracy": ("runtime",),
    "optdigits_accuracy": ("runtime",),
    "usps_like_accuracy": ("runtime", "opencv"),
    "corruption_error": ("runtime", "opencv"),
}
"""Software that percentages depend on. Floats and digits distorted by floats have a tolerance always: processors sum
in another order."""

_ROUNDING = 1e-9
"""Of means, which another NumPy may sum in another order."""


@dataclass(frozen=True)
class Compared:
    """A figure of a card beside what was measured.

    Attributes:
        figure: its name.
        card: what the card says; None where it says nothing.
        measured: what was found; None where there is nothing to find.
        tolerance: by which the two may differ.
        same: whether they do not differ by more.
    """

    figure: str
    card: str | float | int | None
    measured: str | float | int | None
    tolerance: float
    same: bool


@dataclass(frozen=True)
class Verification:
    """What verifying a model gave.

    Attributes:
        name: of the model.
        figures: each compared; where a file is not that of its card the SHA-256 alone, as nothing else is measured.
        software: that measured, of the card and here; empty where nothing was measured.
        below: what was measured below the floor of a model of this name.
    """

    name: str
    figures: tuple[Compared, ...]
    software: dict[str, dict[str, str]]
    below: tuple[BelowFloor, ...] = ()

    @property
    def differing(self) -> tuple[Compared, ...]:
        """The figures that are not those of the card."""
        return tuple(one for one in self.figures if not one.same)


def kept_figures(model: PretrainedModel) -> Figures:
    """The figures that a model's card keeps.

    Raises:
        EdgedigitsError: none, or such as this version does not know.
    """
    if figures := figures_of(model.int8_card()):
        return figures
    raise EdgedigitsError(
        f"the card of {model.int8_path} keeps no figures to compare with",
        f"measure them first: `edgedigits models {model.folder} --measure`",
    )


def verified(model: PretrainedModel, digits: ReportingDigits, tell: StageCallback = untold) -> Verification:
    """Measure a model and compare every figure with its card.

    Args:
        model: to measure.
        digits: to read, those that the card's figures were measured on.
        tell: told of the stages.

    Raises:
        EdgedigitsError: a card without figures, or as :func:`edgedigits.cli.pretrained.measuring.measured`.
    """
    from edgedigits.cli.pretrained.measuring import measured

    kept = kept_figures(model)
    files = _files(model)
    if not all(one.same for one in files):
        return Verification(model.name, files, {})
    found = measured(model, digits, tell)
    below = below_floors(model.name, found)
    if kept.candidates is None:  # a card from before they were kept
        found = replace(found, candidates=None)
    if kept.usps_like_accuracy is None:  # a card from before it was measured
        found = replace(found, usps_like_accuracy=None)
    software = {"card": kept.software, "here": found.software}
    return Verification(model.name, (*files, *compared(kept, found)), software, below)


def compared(kept: Figures, found: Figures) -> tuple[Compared, ...]:
    """Each figure of a card beside the measured one; one that only one side has differs."""
    said, seen = dict(kept.named()), dict(found.named())
    other = {name for name, version in found.software.items() if kept.software.get(name) != version}
    return tuple(_compared(name, said.get(name), seen.get(name), other) for name in said | seen)


def _compared(name: str, card: float | None, measured: float | None, other: set[str]) -> Compared:
    family = name.partition("s.")[0]  # corruption_errors.fog is a corruption_error
    computed_by = _COMPUTED_BY.get(family)
    tolerance = 0.0
    if computed_by is not None and (not computed_by or other.intersection(computed_by)):
        tolerance = TOLERANCE
    if card is None or measured is None:
        return Compared(name, card, measured, tolerance, card is measured)
    return Compared(name, card, measured, tolerance, abs(card - measured) <= tolerance + _ROUNDING)


def _files(model: PretrainedModel) -> tuple[Compared, ...]:
    floats, int8 = model.float_card(), model.int8_card()
    found = sha256_of(model.float_path)
    return (
        _file("float_sha256", floats.sha256, found),
        _file("int8_sha256", int8.sha256, sha256_of(model.int8_path)),
        _file("quantized_from_sha256", int8.parent.get("sha256", ""), found),
    )


def _file(figure: str, card: str, measured: str) -> Compared:
    return Compared(figure, card, measured, 0.0, card == measured)
