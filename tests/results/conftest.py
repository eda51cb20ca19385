"""Where only [edge] is installed, the tests of results that need a package of [train] skip and name it."""

from only_edge import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]
