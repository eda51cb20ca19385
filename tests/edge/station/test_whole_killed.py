"""A station that is killed at any moment loses nothing that it announced, and goes on where it was."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

import pytest
from whole_station import PRINTS, RunningStation, events_of, tells, wait_until_told, write_config

sys.path.insert(0, str(Path(__file__).parent / "messages"))

from mosquitto import Broker, Listener, in_order_of_first_arrival

MAIL = "mail:ordinary,pace=real,frames=10"
"""More pieces a second than any belt at its usual speed."""


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_nothing_that_was_announced_before_a_kill_is_lost(tmp_path: Path, kills: int):
    broker = Broker(tmp_path / "broker")
    listener = Listener(broker.port, "edgedigits/north/pieces")
    config = write_config(tmp_path / "station", MAIL, PRINTS, tells(broker.port))
    chance, printed = random.Random(13), []
    try:
        for kill in range(kills + 1):
            with RunningStation(config) as station:
                station.wait_for_printed(chance.randrange(2, 6))
                if kill < kills:
                    time.sleep(chance.uniform(0, 0.3))
                    station.kill()
                else:
                    station.stop()
                printed += station.printed
        events = events_of(config)
        wait_until_told(config, MAIL)
        told = listener.wait_for_pieces(len(events))
    finally:
        listener.close()
        broker.stop()
    ids = {event.sequence: event.result.id for event in events}

    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert len(set(ids.values())) == len(events)
    assert [(one["sequence"], one["id"]) for one in printed if ids[one["sequence"]] != one["id"]] == []
    assert [(one["sequence"], one["id"]) for one in told if ids[one["sequence"]] != one["id"]] == []
    assert in_order_of_first_arrival(one["sequence"] for one in told) == list(ids)
    assert in_order_of_first_arrival(one["sequence"] for one in printed) == sorted({one["sequence"] for one in printed})
