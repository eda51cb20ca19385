"""A station that is told to stop ends soon and in order, whoever looks at its page."""

from __future__ import annotations

from pathlib import Path

from whole_station import PRINTS, OpenPage, RunningStation, events_of, write_config


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
