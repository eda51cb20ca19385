"""A program that is killed loses at most the piece in view: nothing that it said was written."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import journal_pieces
from journal_pieces import NOON

from edgedigits.edge.station.journal.journal import Journal

KILLS = 20


def run_and_kill(folder: Path, lines: int, seconds: float) -> list[list[str]]:
    """Kill the writer so long after it has said so many lines; what it said, in words."""
    writer = subprocess.Popen([sys.executable, journal_pieces.__file__, folder], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    said = [writer.stdout.readline() for _ in range(lines)]
    threading.Timer(seconds, writer.send_signal, [signal.SIGKILL]).start()
    said += writer.stdout.readlines()
    assert writer.wait() == -signal.SIGKILL
    return [line.split() for line in said if line.endswith("\n")]  # the last one may be cut


def test_what_was_written_before_each_of_twenty_kills_is_there_once_and_without_a_gap(tmp_path: Path):
    chance = random.Random(13)
    said: list[list[str]] = []
    for _ in range(KILLS):
        said += run_and_kill(tmp_path, chance.randrange(1, 40), chance.uniform(0, 0.02))
        journal = Journal(tmp_path)
        assert journal.set_aside is None
        journal.settle(NOON + 10)
        events = journal.events(0, limit=1_000_000)
        journal.close()
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    final = {name for what, name in said if what == "final"}
    ids = [event.result.id for event in events]
    assert len(ids) == len(set(ids))
    assert {name for _, name in said} <= set(ids)
    assert len(ids) - len(final) <= KILLS  # of each run one at most that nobody was told of
    keyed = {event.result.id for event in events if event.result.outcome == "keyed"}
    assert {name for what, name in said if what == "final" and int(name.split("-")[1]) % 3 == 0} <= keyed


def test_every_picture_that_a_killed_program_named_is_whole(tmp_path: Path):
    run_and_kill(tmp_path, 30, 0.01)
    journal = Journal(tmp_path)
    shown = [event.result.id for event in journal.events(0, 1000) if int(event.result.id.split("-")[1]) % 2]
    assert shown
    assert all((journal.crop(name) or b"").endswith(b"IEND\xaeB`\x82") for name in shown)
    journal.close()
