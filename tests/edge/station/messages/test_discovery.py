"""What Home Assistant is told of a station (https://www.home-assistant.io/integrations/mqtt/)."""

from __future__ import annotations

import json

import pytest
from mosquitto import PATIENCE, Listener

from edgedigits.edge.station.configuration.settings import MqttSettings
from edgedigits.edge.station.messages.discovery import Topics, discovery_messages
from edgedigits.edge.station.messages.mqtt import MqttOutput


@pytest.fixture
def told():
    return discovery_messages(Topics.of("plant/", "north"), "north")


def test_code_outcome_latency_counts_and_alarms_are_sensors(told):
    assert {topic.split("/")[3] for topic in told} == {
        *("code", "outcome", "bin", "latency"),
        *("accepted", "rejected", "keyed", "alarm"),
    }
    assert told["homeassistant/sensor/edgedigits_north/code/config"]["state_topic"] == "plant/north/pieces"
    assert told["homeassistant/sensor/edgedigits_north/keyed/config"]["state_topic"] == "plant/north/counts"
    assert told["homeassistant/binary_sensor/edgedigits_north/alarm/config"]["state_topic"] == "plant/north/alarms"


def test_all_of_them_belong_to_one_device_that_may_be_away(told):
    assert {json.dumps(message["device"]) for message in told.values()} == {
        json.dumps(told["homeassistant/sensor/edgedigits_north/code/config"]["device"])
    }
    assert {message["availability_topic"] for message in told.values()} == {"plant/north/status"}
    assert len({message["unique_id"] for message in told.values()}) == len(told)


def test_a_value_is_a_field_of_what_is_published(told):
    assert told["homeassistant/sensor/edgedigits_north/latency/config"]["value_template"] == "{{ value_json.latency }}"
    assert told["homeassistant/sensor/edgedigits_north/latency/config"]["unit_of_measurement"] == "ms"


def test_home_assistant_finds_the_station_also_when_it_starts_later(broker):
    output = MqttOutput(MqttSettings(host="127.0.0.1", port=broker.port), "north")
    output.wait_connected(PATIENCE)
    expected = discovery_messages(Topics.of("edgedigits", "north"), "north")
    listener = Listener(broker.port, "homeassistant/#")
    assert listener.wait_for(lambda: {topic for topic, *_ in listener.messages} == set(expected))
    output.close()
    listener.close()
    late = Listener(broker.port, "homeassistant/#", identity="late")
    assert late.wait_for(lambda: {topic for topic, _, retained in late.messages if retained} == set(expected))
    late.close()
    assert {topic: json.loads(payload) for topic, payload, _ in late.messages} == expected


def test_without_discovery_home_assistant_is_told_nothing(broker, listener):
    output = MqttOutput(MqttSettings(host="127.0.0.1", port=broker.port, discovery=False), "north")
    output.wait_connected(PATIENCE)
    output.close()
    assert listener.wait_for(lambda: b"offline" in listener.payloads("edgedigits/north/status"))
    assert not [topic for topic, *_ in listener.messages if topic.startswith("homeassistant/")]
