"""Server-sent events: what happens is told, to as many as may listen, and to nobody who does not read."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from page_station import QUIET, PageStation

from edgedigits.edge.station.page.page_limits import PageLimits


@contextmanager
def listening(station: PageStation) -> Iterator[HTTPResponse]:
    place = urlsplit(station.url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=60)
    connection.request("GET", "/api/events")
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def next_event(stream: HTTPResponse, *names: str) -> Any:
    """What the next event of one of these names tells."""
    name = ""
    while line := stream.readline().decode():
        if line.startswith("event: "):
            name = line[7:].strip()
        elif line.startswith("data: ") and name in names:
            return json.loads(line[6:])
    raise AssertionError(f"the stream ended before {names}")


def test_a_stream_begins_with_the_whole_state(station: PageStation):
    station.add("48213")
    with listening(station) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        state = next_event(stream, "state")
    assert state["results"][0]["code"] == "48213" and state["review"] == {"held": 0, "waiting": 0}


def test_a_result_is_told_as_it_comes(station: PageStation):
    with listening(station) as stream:
        next_event(stream, "state")
        result = station.add("48213")
        assert [one["id"] for one in next_event(stream, "results")] == [result.id]


def test_a_held_piece_is_told_as_it_comes(station: PageStation):
    with listening(station) as stream:
        next_event(stream, "state")
        station.hold("48213", 600)
        while next_event(stream, "review") != {"held": 1, "waiting": 1}:
            pass


def test_alarms_and_outputs_are_told_when_they_change(station: PageStation):
    with listening(station) as stream:
        next_event(stream, "state")
        station.alarms["camera"] = "the camera is away"
        station.outputs[0].waiting = 3
        while (status := next_event(stream, "status"))["alarms"] == {}:
            pass
    assert status["alarms"] == {"camera": "the camera is away"}
    assert status["outputs"] == [{"name": "mqtt", "waiting": 3, "reconnects": 0, "error": ""}]


def test_no_more_pages_listen_than_may(tmp_path: Path):
    with PageStation(tmp_path, limits=PageLimits(event_streams=2)) as station:
        with listening(station) as one, listening(station) as two:
            next_event(one, "state"), next_event(two, "state")
            assert station.visit().get("/api/events").status == 503
        deadline = time.monotonic() + 30
        while (status := first_status(station)) != 200 and time.monotonic() < deadline:
            pass
        assert status == 200  # those that left made room


def first_status(station: PageStation) -> int:
    with listening(station) as stream:
        return stream.status


def test_a_page_that_reads_nothing_is_dropped(tmp_path: Path):
    limits = PageLimits(write_seconds=0.3, event_backlog=4, event_streams=1, requests_per_second=1000, burst=1000)
    with PageStation(tmp_path, limits=limits) as station:
        place = urlsplit(station.url)
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(60)
        deaf.connect((place.hostname, place.port))
        deaf.sendall(f"GET /api/events HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        deaf.recv(100)
        loud = threading.Event()
        shout(station, loud)
        deadline = time.monotonic() + 60
        while first_status(station) != 200:  # until the deaf one made room
            assert time.monotonic() < deadline
        loud.set()
        deaf.close()


def shout(station: PageStation, stop: threading.Event) -> None:
    """Publish much more than a socket takes that nobody reads from."""

    def publish() -> None:
        while not stop.wait(0.005):
            station.server._streams.publish_from_thread("results", ["x" * 100_000])

    threading.Thread(target=publish, daemon=True).start()


def test_open_streams_do_not_keep_the_station_from_stopping(tmp_path: Path):
    with PageStation(tmp_path, limits=QUIET) as station, listening(station) as stream:
        next_event(stream, "state")
        begun = time.monotonic()
        station.server.stop()
        assert time.monotonic() - begun < 8
        assert stream.read() is not None
