"""Digits to write codes with, and belts of them."""

from __future__ import annotations

from typing import Any

import pytest

from edgedigits.edge.recordings.mail.belt import Belt, BeltPlan
from edgedigits.edge.recordings.mail.source import package_digits


@pytest.fixture(scope="session")
def belt_of():
    """Makes a belt of the settings of a plan, written with the digits that come with the package."""
    digits = package_digits()

    def make(level: str = "ordinary", seed: int = 0, pieces: int | None = 4, **more: Any) -> Belt:
        return Belt(*digits, BeltPlan(level, seed, pieces, **more))

    return make
