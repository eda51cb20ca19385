"""A broker, somebody who listens to it, and a journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from made_results import journal_in
from mosquitto import Broker, Listener

from edgedigits.edge.station.journal.journal import Journal


@pytest.fixture(scope="session", autouse=True)
def impatient() -> Iterator[None]:
    """What forwards looks ten times as often whether it is to end or to tell of an alarm."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgedigits.edge.station.messages.forwarder._IDLE", 0.05)
        yield


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


@pytest.fixture
def new_broker(tmp_path) -> Iterator[Callable[..., Broker]]:
    """Starts brokers with settings of their own; all of them end with the test."""
    started: list[Broker] = []

    def start(*lines: str, port: int = 0) -> Broker:
        started.append(Broker(tmp_path / f"broker-{len(started)}", *lines, port=port))
        return started[-1]

    yield start
    for one in started:
        one.stop()
