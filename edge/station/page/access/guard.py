"""What every request has to pass before a handler sees it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedigits.edge.station.page.access.login import Door
from edgedigits.edge.station.page.access.origin import check_host, check_origin
from edgedigits.edge.station.page.access.rate import RequestRate
from edgedigits.edge.station.page.access.visit import Visit
from edgedigits.edge.station.page.answers import Refused, refusal_of
from edgedigits.edge.station.page.page_limits import PageLimits

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
"""Sent with every answer: scripts, styles and pictures of this page alone, and no frame around it."""

_STRICT = (b"strict-transport-security", b"max-age=31536000")
_SAFE = frozenset({"GET", "HEAD"})


class Guard:
    """An ASGI application around another one: headers, limits, host, origin, session and token.

    Args:
        app: what a request is handed to that passes.
        door: who is let in.
        own_names: names by which the page may be asked for; None for any (a password keeps strangers out then).
        limits: sizes, times and counts.
        secure: whether the page is encrypted.
    """

    def __init__(
        self, app: ASGIApp, door: Door, own_names: frozenset[str] | None, limits: PageLimits, secure: bool
    ) -> None:
        self._app = app
        self._door = door
        self._own_names = own_names
        self._limits = limits
        self._headers = [*HEADERS, _STRICT] if secure else [*HEADERS]
        self._rate = RequestRate(limits.requests_per_second, limits.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with what is wrong about it."""
        if scope["type"] != "http":  # no lifespan and no web sockets
            return
        answer = _Answer(send, self._headers)
        try:
            visit = Visit(scope)
            await self._check(visit)
            body = _Body(receive, self._limits, visit.has_body)
            await self._app(scope, body.receive, answer.send)
        except Refused as refused:
            if answer.started:
                raise
            await refusal_of(refused)(scope, receive, answer.send)

    async def _check(self, visit: Visit) -> None:
        if not self._rate.allows(visit.address):
            raise Refused(429, "too many requests", "wait a moment", {"retry-after": "1"})
        if visit.header_bytes > self._limits.header_bytes:
            raise Refused(431, "the headers are too large", f"send at most {self._limits.header_bytes:,} bytes")
        if visit.length is None or visit.length > self._limits.body_bytes:
            words = f"send at most {self._limits.body_bytes:,} bytes"
            raise Refused(413, "the request is too large", words, {"connection": "close"})
        if self._own_names is not None:
            check_host(visit, self._own_names)
        check_origin(visit)
        visit.session = await self._door.session_of(visit)
        if visit.method not in _SAFE:
            self._door.check_token(visit)


@dataclass
class _Answer:
    """Passes an answer on, with the headers that go with every one."""

    _send: Send
    _headers: list[tuple[bytes, bytes]]
    started: bool = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            given = list(message.get("headers", []))
            names = {name for name, _ in given}
            stored = [] if b"cache-control" in names else [(b"cache-control", b"no-store")]
            message = {**message, "headers": [*given, *stored, *self._headers]}
        await self._send(message)


class _Body:
    """Passes a request's body on, as far as it is neither too large nor too slow."""

    def __init__(self, receive: Receive, limits: PageLimits, expected: bool) -> None:
        self._receive = receive
        self._limits = limits
        self._more = expected
        self._bytes = 0
        self._until = asyncio.get_running_loop().time() + limits.body_seconds

    async def receive(self) -> Message:
        if not self._more:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError as error:
            raise Refused(408, "the request came too slowly", "send it again", {"connection": "close"}) from error
        self._bytes += len(message.get("body", b""))
        self._more = bool(message.get("more_body", False))
        if self._bytes > self._limits.body_bytes:
            words = f"send at most {self._limits.body_bytes:,} bytes"
            raise Refused(413, "the request is too large", words, {"connection": "close"})
        return message
