"""What a station counts is the same for all who ask, also of pieces that people key while they wait."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path

from whole_station import RunningStation, key_one, tells, write_config

sys.path.insert(0, str(Path(__file__).parent / "messages"))
sys.path.insert(0, str(Path(__file__).parent / "page"))

from mosquitto import Broker, Listener
from page_station import Visitor

from edgedigits.edge.station.journal.journal import Journal

MAIL = "mail:hard,pace=real,frames=12"
OUTCOMES = ("accepted", "rejected", "keyed")


def by_prometheus(station: RunningStation) -> dict[str, int]:
    figures = station.figures()
    return {outcome: int(figures[f'edgedigits_pieces_total{{outcome="{outcome}"}}']) for outcome in OUTCOMES}


def test_pieces_that_were_keyed_in_time_count_as_keyed_for_everybody(tmp_path: Path):
    broker = Broker(tmp_path / "broker")
    listener = Listener(broker.port, "edgedigits/north/counts")
    config = write_config(tmp_path / "station", MAIL, tells(broker.port), top="hold_seconds = 600.0")
    try:
        with RunningStation(config) as station:
            visitor = Visitor(station.url)
            station.wait_for(lambda: key_one(visitor, "12345"), "a piece to key")
            station.wait_for(lambda: key_one(visitor, ""), "a piece that nobody can read")
            shown: dict[str, dict[str, int]] = {}

            def agree() -> bool:
                """Looked at until no piece came in between."""
                shown["metrics"] = by_prometheus(station)
                shown["page"] = json.loads(station.state())["status"]["counts"]
                shown["broker"] = json.loads(listener.payloads("edgedigits/north/counts")[-1])
                return shown["metrics"]["keyed"] == 1 and shown["metrics"] == shown["page"] == shown["broker"]

            station.wait_for(agree, "counts that agree")
            told = station.stop()
            said = station.log
    finally:
        listener.close()
        broker.stop()
    journal = Journal(config.parent / "journal")
    kept = Counter(event.result.outcome for event in journal.events(0, 10_000))
    held = journal.counts(0).held
    journal.close()
    assert shown["metrics"]["rejected"] >= 1
    assert {name: int(count) for count, name in re.findall(r"(\d+) (accepted|rejected|keyed|waiting)", said)} == {
        **kept,
        **({"waiting": held} if held else {}),
    }
    assert told.pieces == sum(kept.values()) + held
