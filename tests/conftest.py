"""Shared fixtures: the test data folder and small things made from it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def pytest_report_header() -> str:
    return f"EDGEDIGITS_DATA: {os.environ.get('EDGEDIGITS_DATA', 'not set, tests that need MNIST or photos skip')}"


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder with mnist/, photos/ and cheques/."""
    named = os.environ.get("EDGEDIGITS_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("EDGEDIGITS_DATA names no folder with mnist/, photos/ and cheques/")
    return Path(named)
