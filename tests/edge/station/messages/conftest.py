"""A broker, somebody who listens to it, and a journal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from made_results import journal_in
from mosquitto import Broker, Listener

from edgedigits.edge.station.journal.journal import Journal


@pytest.fixture
def journal(tmp_path) -> Iterator[Journal]:
    with journal_in(tmp_path / "journal") as opened:
        yield opened


@pytest.fixture
def broker(tmp_path) -> Iterator[Broker]:
    started = Broker(tmp_path / "broker")
    yield started
    started.stop()


@pytest.fixture
def listener(broker) -> Iterator[Listener]:
    listening = Listener(broker.port, "edgedigits/#", "homeassistant/#")
    yield listening
    listening.close()
