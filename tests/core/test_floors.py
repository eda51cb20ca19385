"""Floors of the pretrained models on digits of other writers and forms."""

from __future__ import annotations

from dataclasses import astuple, replace
from itertools import pairwise

import pytest

from edgedigits.core.pretrained.bundled import SHIPPED
from edgedigits.core.pretrained.catalogue import NAMES
from edgedigits.core.pretrained.figures import Figures, figures_of
from edgedigits.core.pretrained.floors import FLOORS, below_floors


@pytest.fixture
def figures() -> Figures:
    found = figures_of(next(iter(SHIPPED.models.values())).int8_card())
    assert found is not None
    return replace(found, optdigits_accuracy=99.9, usps_like_accuracy=99.9)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_of_the_package_is_at_or_above_its_floors(name: str):
    if name not in SHIPPED.models:
        pytest.skip(f"{name} does not come with this version")
    kept = figures_of(SHIPPED.models[name].int8_card())
    assert kept.optdigits_accuracy is not None and kept.usps_like_accuracy is not None
    assert below_floors(name, kept) == ()


def test_every_name_has_floors_and_a_larger_model_no_lower_ones():
    assert tuple(FLOORS) == NAMES
    for smaller, larger in pairwise(NAMES):
        assert all(low <= high for low, high in zip(astuple(FLOORS[smaller]), astuple(FLOORS[larger])))


@pytest.mark.parametrize(
    ("figure", "digits"), [("optdigits_accuracy", "optdigits"), ("usps_like_accuracy", "USPS-like digits")]
)
def test_a_figure_below_its_floor_is_told_and_one_at_it_is_not(figures: Figures, figure: str, digits: str):
    floor = getattr(FLOORS["nano"], figure)
    assert below_floors("nano", replace(figures, **{figure: floor})) == ()
    (below,) = below_floors("nano", replace(figures, **{figure: floor - 0.05}))
    assert (below.figure, below.floor) == (figure, floor)
    assert below.told == f"{floor - 0.05:.2f} % of {digits}, floor {floor:.2f} %"


def test_another_name_and_what_was_not_measured_have_no_floor(figures: Figures):
    assert below_floors("mine", replace(figures, optdigits_accuracy=10.0)) == ()
    assert below_floors("nano", replace(figures, optdigits_accuracy=None, usps_like_accuracy=None)) == ()
