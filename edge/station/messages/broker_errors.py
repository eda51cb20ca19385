"""Why a broker could not be reached, in words, with what to do."""

from __future__ import annotations

import socket
import ssl

from edgedigits.edge.station.messages.discovery import is_discovery
from edgedigits.edge.station.messages.outputs import OutputAway

AGAIN = 0.2
"""Seconds after which to look again: the client reconnects by itself, with pauses of its own."""

_NEEDS_USER = {"Bad user name or password", "Not authorized", "Bad authentication method"}


def connecting_failed(where: str, error: BaseException | None, *, tls: bool) -> OutputAway:
    """What an error says that came before the broker said anything.

    Args:
        where: host and port.
        error: of the socket, the look-up of the name, or TLS.
        tls: whether TLS was asked for.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        words = getattr(error, "verify_message", "") or str(error)
        return OutputAway(
            f"the certificate of the broker at {where} is not trusted ({words})",
            "name the certificate of its authority in mqtt.ca_file, and in mqtt.host the name that stands in it",
            AGAIN,
        )
    if isinstance(error, ssl.SSLError):
        words = error.reason or str(error)
        return OutputAway(
            f"no encrypted connection to the broker at {where} ({words})",
            "check mqtt.port: brokers expect tls at 8883 as a rule",
            AGAIN,
        )
    if isinstance(error, socket.gaierror):
        return OutputAway(
            f"nobody knows the broker {where} ({error.strerror})", "check mqtt.host and the network", AGAIN
        )
    if isinstance(error, TimeoutError):
        return OutputAway(f"the broker at {where} does not answer", "check mqtt.host and the network", AGAIN)
    words = getattr(error, "strerror", None) or str(error)
    port = "mqtt.port (8883 as a rule with tls)" if tls else "mqtt.port"
    return OutputAway(
        f"the broker at {where} cannot be reached ({words})", f"look whether it runs; check mqtt.host and {port}", AGAIN
    )


def refused_words(where: str, reason: str) -> OutputAway:
    """What it means that a broker answered and refused the connection.

    Args:
        where: host and port.
        reason: name of the reason code (MQTT 5, section 3.2.2.2).
    """
    if reason in _NEEDS_USER:
        remedy = "check mqtt.user and the file that mqtt.password_file names"
    elif reason == "Unsupported protocol version":
        remedy = "use a broker that speaks MQTT 5 (mosquitto from 1.6 on)"
    else:
        remedy = "look at the broker's log"
    return OutputAway(f"the broker at {where} refuses the station ({reason})", remedy, AGAIN)


def connection_ended(where: str, reason: str, *, stood: bool) -> OutputAway:
    """What it means that a connection broke.

    Args:
        where: host and port.
        reason: name of the reason code, if the broker sent one.
        stood: whether the broker had accepted it.
    """
    if stood:
        return OutputAway(
            f"the connection to the broker at {where} was lost ({reason})",
            "look whether the broker runs and lets the station write to its topics, and whether another has its name",
            AGAIN,
        )
    return OutputAway(
        f"the broker at {where} closed the connection before it was made ({reason})",
        "look whether it expects tls, and whether it speaks MQTT 5",
        AGAIN,
    )


def publishing_refused(where: str, topic: str, reason: str, user: str) -> OutputAway:
    """What it means that a broker acknowledged a message and did not take it.

    Args:
        where: host and port.
        topic: of the message.
        reason: name of the reason code (MQTT 5, section 3.4.2.1).
        user: who published.
    """
    what = f"the broker at {where} does not take what is published to {topic} ({reason})"
    remedy = f"let {f'user {user}' if user else 'all users'} write there"
    if is_discovery(topic):
        return OutputAway(what, f"{remedy}, or set mqtt.discovery to false", AGAIN)
    return OutputAway(what, remedy)
