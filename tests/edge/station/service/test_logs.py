"""How the log looks in systemd's journal and at a terminal."""

from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys

import pytest

from edgedigits.edge.station.service.logs import goes_to_journald, log_to


@pytest.fixture
def logger():
    own = logging.getLogger("edgedigits")
    before = own.handlers[:], own.level, own.propagate
    yield own
    own.handlers, own.level, own.propagate = before[0], before[1], before[2]


WRITE = """
import logging
from edgedigits.edge.station.service.logs import log_to
log_to()
log = logging.getLogger("edgedigits.edge.station")
log.debug("not shown"); log.info("an info"); log.warning("two\\nlines"); log.critical("worst")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("a bug")
"""


def written_into(stream, **environment):
    subprocess.run([sys.executable, "-c", WRITE], stderr=stream, env=os.environ | environment, check=True)


def test_in_the_journal_each_line_has_its_level(tmp_path):
    with (tmp_path / "journal").open("w+") as stream:
        state = os.fstat(stream.fileno())
        written_into(stream, JOURNAL_STREAM=f"{state.st_dev}:{state.st_ino}")
        stream.seek(0)
        lines = stream.read().splitlines()
    assert lines[:5] == ["<6>an info", "<4>two", "<4>lines", "<2>worst", "<3>a bug"]
    assert lines[-1] == "<3>ZeroDivisionError: division by zero"
    assert all(line.startswith("<3>") for line in lines[4:])


def test_elsewhere_each_line_has_its_time(tmp_path):
    with (tmp_path / "log").open("w+") as stream:
        written_into(stream, JOURNAL_STREAM="1:2")  # of a parent whose output goes elsewhere
        stream.seek(0)
        first = stream.readline()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO    an info\n", first)


def test_a_stream_without_a_file_is_no_journal():
    assert not goes_to_journald(io.StringIO())


def test_what_is_added_can_be_taken_away(logger):
    stream = io.StringIO()
    handler = log_to(stream, logging.WARNING)
    logger.getChild("x").info("quiet")
    logger.getChild("x").error("loud")
    logger.removeHandler(handler)
    logger.getChild("x").error("gone")
    assert stream.getvalue().endswith("ERROR   loud\n")
    assert "quiet" not in stream.getvalue()
