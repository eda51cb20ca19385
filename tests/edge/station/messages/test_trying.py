"""What `edgedigits station check` says of outputs."""

from __future__ import annotations

import socket

import pytest
from mosquitto import free_port

from edgedigits.edge.station.configuration.settings import LinesSettings, MqttSettings, StationSettings, WebhookSettings
from edgedigits.edge.station.messages.trying import try_outputs


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_outputs_that_work_say_so(broker, listening, tmp_path):
    settings = StationSettings(
        mqtt=MqttSettings(host="127.0.0.1", port=broker.port),
        webhook=WebhookSettings(url=f"http://127.0.0.1:{listening}/"),
        json_lines=LinesSettings(file="pieces.jsonl"),
    )
    tried = try_outputs(settings, tmp_path)
    assert [(one.name, one.error) for one in tried] == [("mqtt", None), ("webhook", None), ("json_lines", None)]
    assert tried[2].words == f"{tmp_path}/pieces.jsonl can be written"
    assert not (tmp_path / "pieces.jsonl").exists()


def test_every_output_that_does_not_work_is_told_with_what_to_do(tmp_path):
    (tmp_path / "folder").mkdir()
    settings = StationSettings(
        mqtt=MqttSettings(host="127.0.0.1", port=free_port()),
        webhook=WebhookSettings(url=f"http://127.0.0.1:{free_port()}/"),
        json_lines=LinesSettings(file="folder"),
    )
    errors = [str(one.error) for one in try_outputs(settings, tmp_path)]
    assert "cannot be reached" in errors[0] and "mqtt.port" in errors[0]
    assert "cannot be reached" in errors[1] and "webhook.url" in errors[1]
    assert "is a folder; name a file in json_lines.file" in errors[2]


def test_a_station_that_tells_nobody_has_nothing_to_try():
    assert try_outputs(StationSettings()) == []


def test_printing_needs_no_trial():
    (tried,) = try_outputs(StationSettings(json_lines=LinesSettings(file="-")))
    assert (tried.words, tried.error) == ("lines are printed", None)
