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
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.messages.broker_errors import AGAIN, connecting_failed, refused_words
from edgedigits.edge.station.messages.discovery import Topics, discovery_messages
from edgedigits.edge.station.messages.json_lines import event_as_json
from edgedigits.edge.station.messages.outputs import Output, OutputAway
from edgedigits.edge.station.messages.secret_files import secret_of

if TYPE_CHECKING:
    from edgedigits.edge.station.journal.records import Event
    from edgedigits.edge.station.settings import MqttSettings

log = logging.getLogger(__name__)

_KEEPALIVE = 15  # seconds: a station without power is offline to others after one and a half of them
_SESSION = 3600  # seconds for which the broker keeps the session of a station that is away


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
        self._connected = self._closed = self._refused = False
        self._why = OutputAway(f"the broker at {self._where} did not answer yet", "wait a moment", AGAIN)
        self._acknowledged: dict[int, Any] = {}
        self._in_flight: tuple[int, int] | None = None  # sequence and message id of what was sent last
        self._alarms: bytes = b"{}"
        self._counts = {"accepted": 0, "rejected": 0, "keyed": 0}
        self._counted = 0
        self._client = self._new_client(identity or f"edgedigits-{station}")

    def _new_client(self, identity: str) -> Any:
        from paho.mqtt.client import CallbackAPIVersion, Client, MQTTv5
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        settings = self._settings
        client = Client(CallbackAPIVersion.VERSION2, client_id=identity, protocol=MQTTv5)
        client.suppress_exceptions = True  # a bug in a callback is logged and does not end the client's thread
        client.enable_logger(logging.getLogger(f"{__name__}.paho"))
        logging.getLogger(f"{__name__}.paho").setLevel(logging.WARNING)
        if settings.tls:
            client.tls_set_context(_context(settings.ca_file))
        if settings.user or settings.password_file:
            client.username_pw_set(settings.user, secret_of(settings.password_file, "mqtt.password_file") or None)
        client.will_set(self._topics.status, "offline", qos=1, retain=True)
        client.reconnect_delay_set(min_delay=1, max_delay=30)
        client.on_pre_connect = self._on_pre_connect
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = _SESSION
        host, port = self._where.rsplit(":", 1)
        try:
            host.encode("idna")
        except UnicodeError as error:
            raise EdgedigitsError(f"{host} cannot be the name of a broker", "check mqtt.host") from error
        client.connect_async(host, int(port), keepalive=_KEEPALIVE, clean_start=False, properties=session)
        return client

    def check(self) -> None:
        """Connect if that was not begun.

        Raises:
            OutputAway: there is no connection now.
        """
        self._begin()
        with self._changed:
            if not self._connected:
                raise self._why

    def _begin(self) -> None:
        if self._closed:
            raise OutputAway(f"the connection to the broker at {self._where} was closed", "start the station again")
        self._client.loop_start()  # does nothing while the client's thread lives

    def wait_connected(self, seconds: float) -> None:
        """Wait for the connection, to try a configuration.

        Raises:
            OutputAway: there is none after that time, and why.
        """
        self._begin()
        with self._changed:
            if not self._changed.wait_for(lambda: self._connected or self._refused, seconds) or not self._connected:
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
            if reason is None and not self._closed and not self._connected:
                raise self._why
        if reason is None:
            self._begin()  # raises where that is why
            raise OutputAway(
                f"the broker at {self._where} did not acknowledge within {self._patience:g} s",
                "look at the broker's load and disk",
                AGAIN,
            )
        if reason.is_failure:
            self._in_flight = None
            raise OutputAway(
                f"the broker at {self._where} does not take what is published to {self._topics.pieces} ({reason})",
                f"let user {self._settings.user or '(none)'} write there, or change mqtt.topic",
            )

    def _count(self, event: Event) -> None:
        """Publish the counts, without waiting: what is lost of them is made good by the next."""
        if event.sequence > self._counted:
            self._counted = event.sequence
            self._counts[event.result.outcome] += 1
            self._client.publish(self._topics.counts, json.dumps(self._counts), qos=0, retain=True)

    def tell_alarms(self, active: Mapping[str, str]) -> None:
        """Publish the active alarms, now or when there is a connection."""
        self._alarms = json.dumps(active, ensure_ascii=False).encode()
        with self._changed:
            connected = self._connected
        if connected:
            self._client.publish(self._topics.alarms, self._alarms, qos=1, retain=True)

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

    def _on_pre_connect(self, *_: Any) -> None:
        self._refused = False

    def _on_connect(self, client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            with self._changed:
                self._refused, self._why = True, refused_words(self._where, str(reason))
                self._changed.notify_all()
            return
        client.publish(self._topics.status, "online", qos=1, retain=True)
        client.publish(self._topics.alarms, self._alarms, qos=1, retain=True)
        if self._settings.discovery:
            for topic, message in discovery_messages(self._topics, self._station).items():
                client.publish(topic, json.dumps(message), qos=1, retain=True)
        with self._changed:
            self._connected = True
            self._changed.notify_all()

    def _on_connect_fail(self, *_: Any) -> None:
        error = sys.exc_info()[1]  # the callback is told nothing, but is called while the error is handled
        with self._changed:
            self._why = connecting_failed(self._where, error, tls=self._settings.tls)
            self._refused = True
            self._changed.notify_all()

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        with self._changed:
            if self._connected or not self._refused:
                made = "lost" if self._connected else "closed before it was made"
                self._why = OutputAway(
                    f"the connection to the broker at {self._where} was {made} ({reason})",
                    _REMEDIES.get(str(reason), "look whether the broker runs, and whether it expects tls"),
                    AGAIN,
                )
            self._connected = False
            self._changed.notify_all()

    def _on_publish(self, _client: Any, _data: Any, message: int, reason: Any, _properties: Any) -> None:
        with self._changed:
            self._acknowledged[message] = reason
            self._changed.notify_all()


_REMEDIES = {"Session taken over": "give each station a name of its own"}


def _context(ca_file: str) -> Any:
    import ssl

    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        words = error.strerror or str(error)
        raise EdgedigitsError(
            f"cannot read certificates of {ca_file} ({words})", "check mqtt.ca_file: a PEM file is expected"
        ) from error


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
