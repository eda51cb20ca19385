"""Shared fixtures: the test data folder and small things made from it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from pretrained_models import pretrained
from trained_lines import line_model, line_network, quantized_lines, tiny_lines, trained_lines

__all__ = ["line_model", "line_network", "pretrained", "quantized_lines", "tiny_lines", "trained_lines"]


def pytest_configure() -> None:
    """Shells start background jobs with Ctrl-C ignored, and children inherit that: the tests send Ctrl-C themselves."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["EDGEDIGITS_CONFIG"] = ""  # what the user's own commands remember is neither read nor changed
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each of a thousand processes would compile the package anew


def pytest_report_header() -> str:
    return f"EDGEDIGITS_DATA: {os.environ.get('EDGEDIGITS_DATA', 'not set, tests that need MNIST or photos skip')}"


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder with mnist/, photos/ and cheques/."""
    named = os.environ.get("EDGEDIGITS_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("EDGEDIGITS_DATA names no folder with mnist/, photos/ and cheques/")
    return Path(named)
