"""A broker that goes away and comes back while a station works misses nothing."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

import pytest
from whole_station import RunningStation, events_of, tells, wait_until_told, write_config

sys.path.insert(0, str(Path(__file__).parent / "messages"))

from mosquitto import Broker, Listener, in_order_of_first_arrival

MAIL = "mail:ordinary,pace=real,frames=10"


@pytest.mark.parametrize("restarts", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_every_piece_arrives_in_order_however_often_the_broker_was_away(tmp_path: Path, restarts: int):
    broker = Broker(tmp_path / "broker")
    listener = Listener(broker.port, "edgedigits/north/pieces")
    config = write_config(tmp_path / "station", MAIL, tells(broker.port))
    chance = random.Random(13)
    try:
        with RunningStation(config) as station:
            for restart in range(restarts):
                listener.wait_for_pieces(2 * (restart + 1))
                broker.stop()
                time.sleep(chance.uniform(0.0, 2.0))  # pieces come meanwhile
                broker.start()
            station.wait_for(lambda: station.figures()['edgedigits_output_up{output="mqtt"}'] == 1, "broker")
            failures = station.figures()['edgedigits_output_failures_total{output="mqtt"}']
            station.stop()
        events = events_of(config)
        wait_until_told(config, MAIL)
        told = listener.wait_for_pieces(len(events))
    finally:
        listener.close()
        broker.stop()
    ids = {event.sequence: event.result.id for event in events}

    assert failures >= 1
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert in_order_of_first_arrival(one["sequence"] for one in told) == list(ids)
    assert [one["id"] for one in told if one["id"] != ids[one["sequence"]]] == []
