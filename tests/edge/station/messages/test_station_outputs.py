"""Which outputs a configuration asks for."""

from __future__ import annotations

import pytest
from made_results import result

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.configuration.settings import LinesSettings, MqttSettings, StationSettings, WebhookSettings
from edgedigits.edge.station.journal.records import Event
from edgedigits.edge.station.messages.outputs import outputs_of


def test_nobody_is_told_by_default():
    assert outputs_of(StationSettings()) == []


def test_every_output_that_is_named_is_made_and_none_connects(tmp_path):
    settings = StationSettings(
        mqtt=MqttSettings(host="broker.invalid"),
        webhook=WebhookSettings(url="http://sorter.invalid/"),
        json_lines=LinesSettings(file=str(tmp_path / "pieces.jsonl")),
    )
    assert [output.name for output in outputs_of(settings)] == ["mqtt", "webhook", "json_lines"]


def test_a_missing_password_is_told_before_the_station_runs(tmp_path):
    settings = StationSettings(mqtt=MqttSettings(host="broker.invalid", password_file=str(tmp_path / "none")))
    with pytest.raises(EdgedigitsError, match=r"mqtt\.password_file"):
        outputs_of(settings)


def test_paths_are_relative_to_the_configuration(tmp_path):
    (tmp_path / "token").write_text("secret\n")
    settings = StationSettings(
        webhook=WebhookSettings(url="http://sorter.invalid/", token_file="token"),
        json_lines=LinesSettings(file="pieces.jsonl"),
    )
    _, lines = outputs_of(settings, tmp_path)
    lines.deliver(Event(1, result(1)))
    assert (tmp_path / "pieces.jsonl").is_file()


def test_a_dash_is_no_file_of_that_folder(tmp_path, capfdbinary):
    (lines,) = outputs_of(StationSettings(json_lines=LinesSettings(file="-")), tmp_path)
    lines.deliver(Event(1, result(1)))
    assert list(tmp_path.iterdir()) == []
