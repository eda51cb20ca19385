"""A station that is told to stop ends soon and in order, whoever looks at its page."""

from __future__ import annotations

import sys
from pathlib import Path

from whole_station import PRINTS, OpenPage, RunningStation, events_of, key_one, write_config

sys.path.insert(0, str(Path(__file__).parent / "page"))

from page_station import Visitor

HARD_TO_READ = "mail:extreme,pieces=4"


def test_a_page_that_is_open_and_asks_again_at_once_keeps_no_station_from_ending(tmp_path: Path):
    config = write_config(tmp_path, "mail:ordinary,pace=real,frames=12", PRINTS)
    with RunningStation(config) as station:
        with OpenPage(station.url) as page:
            station.wait_for_printed(2)
            station.wait_for(lambda: page.events >= 2, "events of the page")
            told = station.stop()
        assert "Traceback" not in station.log
        assert "Cancel" not in station.log
    assert len(events_of(config)) == told.pieces


def test_at_the_end_of_a_recording_held_pieces_are_waited_for_until_their_time_is_over(tmp_path: Path):
    config = write_config(tmp_path, HARD_TO_READ, PRINTS, top="hold_seconds = 1.5")
    with RunningStation(config) as station:
        assert station.wait_until_ended() == 0
    told = station.stop()
    assert "waiting to be keyed" not in station.log
    outcomes = [event.result.outcome for event in events_of(config)]
    assert len(outcomes) == told.pieces
    assert "rejected" in outcomes


def test_what_is_keyed_after_the_end_of_a_recording_is_the_result_and_ends_the_station(tmp_path: Path):
    config = write_config(tmp_path, HARD_TO_READ, PRINTS, top="hold_seconds = 600")
    with RunningStation(config) as station:
        visitor = Visitor(station.url)
        station.wait_for(lambda: "is at its end" in station.log, "end of the recording")
        while key_one(visitor, "12345"):
            pass
        assert station.wait_until_ended() == 0
    outcomes = {event.result.outcome for event in events_of(config)}
    assert "keyed" in outcomes
    assert "rejected" not in outcomes


def test_a_station_that_waits_for_its_last_pieces_ends_when_it_is_told_to(tmp_path: Path):
    config = write_config(tmp_path, HARD_TO_READ, PRINTS, top="hold_seconds = 600")
    with RunningStation(config) as station:
        station.wait_for(lambda: "is at its end" in station.log, "end of the recording")
        station.stop()
    assert "waiting to be keyed" in station.log


def test_pieces_of_a_recording_entered_in_the_order_of_the_belt_and_before_they_were_decided(tmp_path: Path):
    config = write_config(tmp_path, "mail:ordinary,pieces=8", PRINTS)
    with RunningStation(config) as station:
        assert station.wait_until_ended() == 0
    results = [event.result for event in events_of(config)]
    assert len(results) >= 4
    assert [one.entered for one in results] == sorted(one.entered for one in results)
    assert all(one.entered <= one.decided for one in results)
