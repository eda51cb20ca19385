"""Posting every piece to an address."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.messages.json_lines import event_as_json
from edgedigits.edge.station.messages.outputs import EventRefused, Output, OutputAway
from edgedigits.edge.station.messages.secret_files import secret_of

if TYPE_CHECKING:
    from edgedigits.edge.station.configuration.settings import WebhookSettings
    from edgedigits.edge.station.journal.records import Event

_MENDABLE = {
    401: "check webhook.token_file",
    403: "check webhook.token_file",
    404: "check webhook.url",
    405: "check webhook.url: it must take POST",
    407: "check webhook.url",
}
"""Answers that are about the address or the token, not about the event: it waits until somebody mends that."""

_FOR_NOW = {408, 425, 429}
_LONGEST_AGAIN = 300.0


class WebhookOutput(Output):
    """Posts each result as JSON; any 2xx answer means that the other side has it.

    An answer of 4xx that is about the event itself (400, 409, 413, 422...) refuses it for ever; it is counted, logged
    and passed over. All others, and none, are tried again. ``Idempotency-Key`` is the piece's id, by which the other
    side knows a result that it has already.
    """

    name = "webhook"

    def __init__(self, settings: WebhookSettings) -> None:
        """Prepare; nothing is sent yet.

        Raises:
            EdgedigitsError: the address is none, or the token cannot be read.
        """
        try:
            parts = urlsplit(settings.url)
            port = parts.port
        except ValueError as error:
            raise EdgedigitsError(f"{settings.url} is no address ({error})", "check webhook.url") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EdgedigitsError(f"{settings.url} is no http or https address", "check webhook.url")
        if parts.username or parts.password:
            raise EdgedigitsError("webhook.url holds a user or a password", "use webhook.token_file")
        secret_of(settings.token_file, "webhook.token_file")
        self._settings, self._host, self._port = settings, parts.hostname, port
        self._context = ssl.create_default_context() if parts.scheme == "https" else None
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._connection: http.client.HTTPConnection | None = None
        self._closed = False

    def deliver(self, event: Event) -> None:
        """Post one result.

        Raises:
            OutputAway: nobody answers, or not now, or the address or token is wrong.
            EventRefused: this result is not taken, and never will be.
        """
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": event.result.id,
            "User-Agent": "edgedigits",
            "Connection": "close",
        }
        if token := self._token():
            headers["Authorization"] = f"Bearer {token}"
        if self._closed:
            raise OutputAway("the webhook was closed", "start the station again")
        with self._connecting() as connection:
            connection.request("POST", self._path, event_as_json(event), headers)
            answer = connection.getresponse()
            self._judge(answer.status, answer.reason, answer.headers)

    def connect(self) -> None:
        """Connect and hang up, to try a configuration.

        Raises:
            OutputAway: nobody is there, or somebody with a certificate that is not trusted.
        """
        with self._connecting() as connection:
            connection.connect()

    @contextmanager
    def _connecting(self) -> Iterator[http.client.HTTPConnection]:
        """A connection for one request, whose errors are told in words."""
        self._connection = self._new_connection()
        try:
            yield self._connection
        except ssl.SSLCertVerificationError as error:
            words = getattr(error, "verify_message", "") or str(error)
            raise OutputAway(
                f"the certificate of {self._settings.url} is not trusted ({words})",
                "add its authority to the system's certificates",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            words = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise OutputAway(
                f"{self._settings.url} cannot be reached ({words})", "look whether it runs; check webhook.url"
            ) from error
        finally:
            self._connection.close()

    def _token(self) -> str:
        try:
            return secret_of(self._settings.token_file, "webhook.token_file")  # it may be renewed at any time
        except EdgedigitsError as error:
            raise OutputAway(error.what, error.remedy) from error

    def _new_connection(self) -> http.client.HTTPConnection:
        timeout = self._settings.timeout
        if self._context is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._context)

    def _judge(self, status: int, reason: str, headers: http.client.HTTPMessage) -> None:
        if 200 <= status < 300:
            return
        said = f"{self._settings.url} answered {status} {reason}".rstrip()
        if status in _MENDABLE:
            raise OutputAway(said, _MENDABLE[status])
        if 300 <= status < 400:
            raise OutputAway(f"{said} to {headers.get('Location', '?')}", "name that address in webhook.url")
        if 400 <= status < 500 and status not in _FOR_NOW:
            raise EventRefused(said, "look into the log of the other side")
        raise OutputAway(said, "look into the log of the other side", _again(headers.get("Retry-After")))

    def close(self) -> None:
        """Break off what is being sent."""
        self._closed = True
        connection = self._connection
        open_socket = connection.sock if connection else None
        if open_socket is not None:
            try:
                open_socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it was closed already


def _again(retry_after: str | None) -> float | None:
    """Seconds that the other side asks to wait (RFC 9110, 10.2.3); dates are not read."""
    if retry_after and retry_after.strip().isdecimal():
        return min(float(retry_after), _LONGEST_AGAIN)
    return None
