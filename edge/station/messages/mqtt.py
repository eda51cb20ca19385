"""Telling an MQTT 5 broker of every piece, with paho-mqtt.

Topics, below the settings' ``topic`` and the station's name:

- ``pieces``: every result, as JSON, QoS 1, in order;
- ``status``: ``online`` or ``offline``, retained; the broker itself says ``offline`` for a station that vanished;
- ``alarms``: names and words of the active alarms, as JSON, retained;
- ``counts``: results since the program started, by outcome, as JSON, retained.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.messages.broker_errors import (
    AGAIN,
    connecting_failed,
    connection_ended,
    publishing_refused,
    refused_words,
)
from edgedigits.edge.station.messages.discovery import Topics, discovery_messages, is_discovery
from edgedigits.edge.station.messages.json_lines import event_as_json
from edgedigits.edge.station.messages.mqtt_client import guarded, new_client
from edgedigits.edge.station.messages.outputs import Output, OutputAway
from edgedigits.edge.station.messages.secret_files import secret_of

if TYPE_CHECKING:
    from edgedigits.edge.station.configuration.settings import MqttSettings
    from edgedigits.edge.station.journal.records import Event

log = logging.getLogger(__name__)


class MqttOutput(Output):
    """A client of a broker; an event is delivered when the broker acknowledged it (PUBACK).

    An event that was sent and not acknowledged when the connection broke is sent again by the client itself when it
    is back, before any later one: order holds, and the broker may get it twice.
    """

    name = "mqtt"

    def __init__(self, settings: MqttSettings, station: str, *, patience: float = 10.0, identity: str = "") -> None:
        """Prepare a client; the first :meth:`check` or :meth:`deliver` connects.

        Args:
            settings: of the broker.
            station: name of the station, a part of the topics.
            patience: seconds to wait for an acknowledgement.
            identity: of the client, in place of the station's; a broker drops the older of two that have the same.

        Raises:
            EdgedigitsError: the password or the certificates cannot be read, or the host or topic cannot be one.
        """
        self._where = f"{settings.host}:{settings.port or (8883 if settings.tls else 1883)}"
        self._station, self._settings, self._patience = station, settings, patience
        self._topics = Topics.of(settings.topic, station)
        self._changed = threading.Condition()  # guards what the client's thread and the forwarder's share, below
        self._connected = self._closed = False
        self._told = False  # whether this connection has begun with all that is retained; pieces wait for it
        self._explained = False  # whether it is known why the last attempt to connect failed
        self._unanswered = OutputAway(f"the broker at {self._where} did not answer yet", "wait a moment", AGAIN)
        self._why = self._unanswered
        self._acknowledged: dict[int, Any] = {}
        self._in_flight: tuple[int, int] | None = None  # sequence and message id of what was sent last
        self._alarms: bytes = b"{}"
        self._denied: OutputAway | None = None  # what the broker did not let be published since the last connection
        self._retained: Iterator[tuple[str, bytes]] = iter(())  # topics and messages that every connection begins with
        self._retained_in_flight: dict[int, str] = {}  # topics by message id; the client repeats them when it is back
        self._alarms_in_order = threading.Lock()  # the newest alarms are published last
        self._discovers = settings.discovery
        self._counts = {"accepted": 0, "rejected": 0, "keyed": 0}
        self._counted = 0
        self._client = self._new_client(identity or f"edgedigits-{station}")

    def _identify(self, client: Any) -> None:
        """Give user and password; the file is read anew for each connection, so that a corrected one is taken up."""
        settings = self._settings
        if settings.user or settings.password_file:
            client.username_pw_set(settings.user, secret_of(settings.password_file, "mqtt.password_file") or None)

    def _new_client(self, identity: str) -> Any:
        client = new_client(self._settings, self._where, self._topics.status, identity)
        self._identify(client)
        client.on_pre_connect = guarded(self._on_pre_connect)
        client.on_connect = guarded(self._on_connect)
        client.on_connect_fail = guarded(self._on_connect_fail)
        client.on_disconnect = guarded(self._on_disconnect)
        client.on_publish = guarded(self._on_publish)
        return client

    def check(self) -> None:
        """Connect if that was not begun, and wait for how it ends.

        Raises:
            OutputAway: there is no connection now.
        """
        self.wait_connected(self._patience)

    def wait_connected(self, seconds: float) -> None:
        """Wait so long until the connection stands, or it is known why it does not.

        Raises:
            OutputAway: it does not, and why.
        """
        if not self._closed:
            self._client.loop_start()  # does nothing while the client's thread lives
        with self._changed:
            self._changed.wait_for(lambda: self._told or self._explained or self._closed, seconds)
            self._raise_if_away()

    def _raise_if_away(self) -> None:
        if self._closed:
            raise OutputAway(f"the connection to the broker at {self._where} was closed", "start the station again")
        if not self._told:
            raise self._why

    def deliver(self, event: Event) -> None:
        """Publish a result and wait until the broker acknowledged it.

        Raises:
            OutputAway: there is no connection, or no acknowledgement came.
        """
        if self._in_flight is None or self._in_flight[0] != event.sequence:
            self.check()
            self._acknowledged.clear()
            sent = self._client.publish(self._topics.pieces, event_as_json(event), qos=1)
            self._in_flight = event.sequence, sent.mid
        self._wait_acknowledged(self._in_flight[1])
        self._in_flight = None
        self._count(event)

    def _wait_acknowledged(self, message: int) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: message in self._acknowledged or self._closed or not self._connected, self._patience
            )
            reason = self._acknowledged.pop(message, None)
            if reason is None:
                self._raise_if_away()
        if reason is None:
            self._client.loop_start()  # its thread may have died of a bug
            raise OutputAway(
                f"the broker at {self._where} did not acknowledge within {self._patience:g} s",
                "look at the broker's load and disk",
                AGAIN,
            )
        if reason.is_failure:
            self._in_flight = None
            raise publishing_refused(self._where, self._topics.pieces, str(reason), self._settings.user)

    def _count(self, event: Event) -> None:
        """Publish the counts, without waiting: what is lost of them is made good by the next."""
        if event.sequence > self._counted:
            self._counted = event.sequence
            self._counts[event.result.outcome] += 1
            self._client.publish(self._topics.counts, json.dumps(self._counts), qos=0, retain=True)

    def tell_alarms(self, active: Mapping[str, str]) -> None:
        """Publish the active alarms, now or when there is a connection."""
        with self._alarms_in_order:
            self._alarms = json.dumps(active, ensure_ascii=False).encode()
        with self._changed:
            connected = self._connected
        if connected:
            self._publish_alarms()

    def _publish_alarms(self) -> None:
        """Without acknowledgement: the client must not repeat old ones, and every connection begins with the newest."""
        with self._alarms_in_order:
            self._client.publish(self._topics.alarms, self._alarms, qos=0, retain=True)

    def close(self) -> None:
        """Disconnect; the broker then says ``offline``, as it does for a station that vanished."""
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.reasoncodes import ReasonCode

        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))
        # The client's thread may be looking up a name, which nothing can interrupt.
        ending = threading.Thread(target=self._client.loop_stop, daemon=True)
        ending.start()
        ending.join(0.5)

    # Called in the client's thread:

    def _on_pre_connect(self, client: Any, *_: Any) -> None:
        with self._changed:
            self._explained, self._denied = False, None
        try:
            self._identify(client)
        except EdgedigitsError as error:
            log.warning("%s; the password of before is used", error)

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            with self._changed:
                self._explained, self._why = True, refused_words(self._where, str(reason))
                self._changed.notify_all()
            return
        with self._changed:
            self._connected, self._why = True, self._unanswered
        self._publish_alarms()
        first = {self._topics.status: b"online"}
        if self._discovers:
            found = discovery_messages(self._topics, self._station)
            first |= {topic: json.dumps(message).encode() for topic, message in found.items()}
        self._retained = iter(first.items())
        self._publish_next_retained()

    def _on_connect_fail(self, *_: Any) -> None:
        error = sys.exc_info()[1]  # the callback is told nothing, but is called while the error is handled
        with self._changed:
            self._why = connecting_failed(self._where, error, tls=self._settings.tls)
            self._explained = True
            self._changed.notify_all()

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        with self._changed:
            if self._connected or not self._explained:
                self._why = self._denied or connection_ended(self._where, str(reason), stood=self._connected)
            self._connected, self._told, self._explained = False, False, True
            self._changed.notify_all()

    def _on_publish(self, _client: Any, _data: Any, message: int, reason: Any, _properties: Any) -> None:
        with self._changed:
            self._acknowledged[message] = reason
            self._denied = None
            self._changed.notify_all()
        topic = self._retained_in_flight.pop(message, self._topics.pieces)
        if reason.is_failure:
            self._deny(topic, str(reason))
        self._publish_next_retained()

    def _publish_next_retained(self) -> None:
        """Publish it when all before it are acknowledged.

        One at a time, and what was in flight as the last connection ended first: mosquitto 2.0.11 drops the connection
        after one that it does not take, and its refusal is lost if anything came behind that.
        """
        if self._told or self._retained_in_flight:
            return
        for topic, message in self._retained:
            self._retained_in_flight[self._client.publish(topic, message, qos=1, retain=True).mid] = topic
            return
        with self._changed:
            self._told = self._connected
            self._changed.notify_all()

    def _deny(self, topic: str, reason: str) -> None:
        denied = publishing_refused(self._where, topic, reason, self._settings.user)
        with self._changed:
            self._denied = denied
        if is_discovery(topic):
            log.warning("%s; Home Assistant is not told of this station", denied)
            self._discovers, self._retained = False, iter(())


def try_broker(settings: MqttSettings, station: str, seconds: float = 10.0) -> float:
    """Connect to a broker under another identity than the station's, which may be running.

    Returns:
        Seconds that it took.

    Raises:
        EdgedigitsError: it cannot be reached or refuses, and what to do.
    """
    from dataclasses import replace

    began = time.monotonic()
    probe = MqttOutput(
        replace(settings, discovery=False), f"{station}-check", identity=f"edgedigits-{station}-check-{time.time_ns()}"
    )
    try:
        probe.wait_connected(seconds)
    finally:
        probe.close()
    return time.monotonic() - began
