"""Hooks of pytest: where only [edge] is installed, tests that need a package of [train] skip and name it."""

from __future__ import annotations

import re
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path

import pytest

from edgedigits.cli.errors import EXTRAS

ONLY_EDGE = find_spec("tensorflow") is None


def lacking(error: BaseException | None) -> str | None:
    """The package of [train] for which something failed, also where the library says it in its own words."""
    while error is not None:
        name = (getattr(error, "name", None) or "").split(".")[0]
        if isinstance(error, ModuleNotFoundError) and EXTRAS.get(name) == "train":
            return name
        error = error.__cause__ or error.__context__
    return None


def skip(report: pytest.TestReport | pytest.CollectReport, path: Path, line: int, package: str) -> None:
    report.outcome = "skipped"
    report.longrepr = (str(path), line, f"Skipped: needs {package} (edgedigits[train])")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    missing = re.search(r"No module named '(\w+)", str(report.longrepr)) if ONLY_EDGE and report.failed else None
    if missing and EXTRAS.get(missing[1]) == "train":
        skip(report, collector.path, 1, missing[1])
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if ONLY_EDGE and report.failed and call.excinfo and (package := lacking(call.excinfo.value)):
        skip(report, item.path, (item.location[1] or 0) + 1, package)
    return report
