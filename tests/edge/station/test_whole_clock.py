"""A clock that jumps by a day loses no piece, keeps none waiting, and makes no latency of a day."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from whole_station import PATIENCE, PRINTS, RunningStation, events_of, write_config

DAY = 86400
MAIL = "mail:extreme,pace=real,frames=12"
"""Of which many are rejected, and held."""

HELD = 2.0


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What gives a program a clock that a file moves."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    built = tmp_path_factory.mktemp("clock") / "moved_clock.so"
    source = Path(__file__).with_name("moved_clock.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-o", built, source, "-ldl"], check=True)
    return built


@pytest.mark.parametrize(
    "jump", [pytest.param(DAY, id="forward", marks=pytest.mark.slow), pytest.param(-DAY, id="back")]
)
def test_a_day_more_or_less_on_the_clock_stops_nothing(library: Path, tmp_path: Path, jump: int):
    clock = tmp_path / "clock"
    clock.write_text("0\n")
    environment = {"LD_PRELOAD": str(library), "MOVED_CLOCK": str(clock)}
    config = write_config(tmp_path / "station", MAIL, PRINTS, top=f"hold_seconds = {HELD}")
    with RunningStation(config, environment=environment) as station:
        station.wait_for_printed(2)
        clock.write_text(f"{jump}\n")
        moved = datetime.now(UTC) + timedelta(seconds=jump)
        station.wait_for(lambda: len(rejected_after(station, moved)) >= 3, "held pieces that nobody keyed")
        printed, told = station.printed, station.stop()
    events = events_of(config)

    assert [event.sequence for event in events] == list(range(1, told.pieces + 1))
    assert [one["sequence"] for one in printed] == list(range(1, len(printed) + 1))
    assert max(one["latency"] for one in printed) < 1000 * PATIENCE


def rejected_after(station: RunningStation, moved: datetime) -> list[dict[str, Any]]:
    """Rejected pieces of the new time, which were held and had their result without a person."""
    hour = timedelta(hours=1)
    return [
        one
        for one in station.printed
        if one["outcome"] == "rejected" and abs(datetime.fromisoformat(one["entered"]) - moved) < hour
    ]
