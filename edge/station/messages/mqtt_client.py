"""A client of paho-mqtt as a station needs it: its session, its will, TLS, and callbacks that may have bugs."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edgedigits.core.errors import EdgedigitsError

if TYPE_CHECKING:
    from edgedigits.edge.station.configuration.settings import MqttSettings

log = logging.getLogger(__name__)

_KEEPALIVE = 15  # seconds: a station without power is offline to others after one and a half of them
_SESSION = 3600  # seconds for which the broker keeps the session of a station that is away


def new_client(settings: MqttSettings, where: str, status: str, identity: str) -> Any:
    """A paho client that connects to a broker as soon as its thread runs.

    Args:
        settings: of the broker.
        where: host and port, ``host:port``.
        status: topic on which the broker says ``offline`` for a station that vanished.
        identity: of the client; a broker drops the older of two that have the same.

    Raises:
        EdgedigitsError: the certificates cannot be read, or the host cannot be one.
    """
    from paho.mqtt.client import CallbackAPIVersion, Client, MQTTv5
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    client = Client(CallbackAPIVersion.VERSION2, client_id=identity, protocol=MQTTv5)
    if settings.tls:
        client.tls_set_context(_context(settings.ca_file))
    client.will_set(status, "offline", qos=1, retain=True)
    client.reconnect_delay_set(min_delay=1, max_delay=10)
    client.on_socket_open = guarded(_send_at_once)
    session = Properties(PacketTypes.CONNECT)
    session.SessionExpiryInterval = _SESSION
    host, port = where.rsplit(":", 1)
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise EdgedigitsError(f"{host} cannot be the name of a broker", "check mqtt.host") from error
    client.connect_async(host, int(port), keepalive=_KEEPALIVE, clean_start=False, properties=session)
    return client


def guarded(callback: Callable[..., None]) -> Callable[..., None]:
    """The same, but a bug in it is logged with its traceback and does not end the client's thread."""

    def call(*given: Any) -> None:
        try:
            callback(*given)
        except Exception:
            log.exception("a bug in what follows a message of the broker")

    return call


def _send_at_once(_client: Any, _data: Any, opened: socket.socket) -> None:
    """Else a message that follows another waits 40 ms for TCP's acknowledgement (Nagle's algorithm)."""
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _context(ca_file: str) -> Any:
    import ssl

    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        words = error.strerror or str(error)
        raise EdgedigitsError(
            f"cannot read certificates of {ca_file} ({words})", "check mqtt.ca_file: a PEM file is expected"
        ) from error
