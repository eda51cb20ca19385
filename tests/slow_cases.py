"""Of a table of cases those that ``make test`` runs, the others being left to ``make test-all``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def slow_but(cases: Iterable[Any], kept: Collection[Any]) -> list[Any]:
    """The values of a parameter, all but the kept ones marked ``slow``: they repeat what these prove."""
    every = list(cases)
    assert all(case in every for case in kept), f"{kept} are not all among {every}"
    return [case if case in kept else pytest.param(case, marks=pytest.mark.slow) for case in every]
