"""The topics of a station, and what Home Assistant is told of it.

The messages are those of https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery: one retained configuration
for each sensor, below the prefix ``homeassistant``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from edgedigits.core.errors import EdgedigitsError

_PREFIX = "homeassistant"


@dataclass(frozen=True)
class Topics:
    """Where a station publishes what."""

    pieces: str
    status: str
    alarms: str
    counts: str

    @classmethod
    def of(cls, prefix: str, station: str) -> Topics:
        """The topics below ``prefix/station``.

        Raises:
            EdgedigitsError: that cannot be the name of a topic to publish to.
        """
        base = f"{prefix.strip('/')}/{station}"
        if not prefix.strip("/") or set("+#\0") & set(base) or len(base.encode()) > 1000:
            raise EdgedigitsError(f"{base!r} cannot be a topic", "use neither + nor # in mqtt.topic and name")
        return cls(*(f"{base}/{last}" for last in ("pieces", "status", "alarms", "counts")))


def is_discovery(topic: str) -> bool:
    """Whether a topic is one of :func:`discovery_messages`."""
    return topic.startswith(f"{_PREFIX}/")


def discovery_messages(topics: Topics, station: str) -> dict[str, dict[str, Any]]:
    """Configurations of the station's sensors, by the topic at which each is published.

    Args:
        topics: of the station.
        station: its name.
    """
    pieces = {"state_topic": topics.pieces}
    sensors: dict[str, dict[str, Any]] = {
        "code": {**pieces, "name": "Last code", "json_attributes_topic": topics.pieces, "icon": "mdi:email-outline"},
        "outcome": {
            **pieces,
            "name": "Last outcome",
            "device_class": "enum",
            "options": ["accepted", "rejected", "keyed"],
        },
        "bin": {**pieces, "name": "Last bin", "icon": "mdi:inbox"},
        "latency": {
            **pieces,
            "name": "Latency",
            "device_class": "duration",
            "unit_of_measurement": "ms",
            "state_class": "measurement",
        },
        **{
            outcome: {
                "state_topic": topics.counts,
                "name": f"Pieces {outcome}",
                "state_class": "total_increasing",
                "unit_of_measurement": "pieces",
            }
            for outcome in ("accepted", "rejected", "keyed")
        },
    }
    told = {
        f"{_PREFIX}/sensor/edgedigits_{station}/{key}/config": {
            **sensor,
            "value_template": f"{{{{ value_json.{key} }}}}",
        }
        for key, sensor in sensors.items()
    }
    told[f"{_PREFIX}/binary_sensor/edgedigits_{station}/alarm/config"] = {
        "state_topic": topics.alarms,
        "name": "Alarm",
        "device_class": "problem",
        "json_attributes_topic": topics.alarms,
        "value_template": "{{ 'ON' if value_json else 'OFF' }}",
    }
    return {topic: {**message, **_common(topic, topics, station)} for topic, message in told.items()}


def _common(topic: str, topics: Topics, station: str) -> dict[str, Any]:
    return {
        "unique_id": f"edgedigits_{station}_{topic.split('/')[-2]}",
        "availability_topic": topics.status,
        "qos": 1,
        "device": {
            "identifiers": [f"edgedigits_{station}"],
            "name": f"Sorting station {station}",
            "manufacturer": "edgedigits",
            "sw_version": version("edgedigits"),
        },
        "origin": {"name": "edgedigits", "sw_version": version("edgedigits")},
    }
