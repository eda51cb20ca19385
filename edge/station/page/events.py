"""Server-sent events: what happens at the station, told to every page that is open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from edgedigits.edge.station.page.answers import Refused
from edgedigits.edge.station.page.page_limits import PageLimits

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

BEAT = 15.0
"""Seconds of silence after which a stream gets a comment, so that both sides notice a lost connection."""

_HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]


def event_text(name: str, told: Any) -> bytes:
    """An event as it is sent (HTML Standard, 9.2 Server-sent events)."""
    return f"event: {name}\ndata: {json.dumps(told, separators=(',', ':'))}\n\n".encode()


class EventStreams:
    """The streams that are open. Methods belong to the server's loop but for those that are called from threads.

    Args:
        limits: how many, how far one may lie behind, and how long it may take nothing.
        drop: ends the connection of a scope at once.
    """

    def __init__(self, limits: PageLimits, drop: Callable[[Any], None]) -> None:
        self._limits = limits
        self._drop = drop
        self._queues: set[asyncio.Queue[bytes | None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @property
    def watched(self) -> bool:
        """Whether anybody listens."""
        return bool(self._queues)

    def open(self) -> None:
        """Begin, in the server's loop."""
        self._loop = asyncio.get_running_loop()
        self._closed = False

    def publish_from_thread(self, name: str, told: Any) -> None:
        """Tell every page, from another thread than the server's."""
        if self._loop is not None and not self._closed:
            data = event_text(name, told)
            self._loop.call_soon_threadsafe(self._publish, data)

    def close_from_thread(self) -> None:
        """End all streams, so that the server can stop."""
        if self._loop is not None and not self._closed:
            self._closed = True
            self._loop.call_soon_threadsafe(self._close)

    async def stream(self, first: Callable[[], Awaitable[bytes]], scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request with events until the page goes away, or lies behind.

        Args:
            first: gives the events that it begins with; those that happen meanwhile follow.
            scope: of the request.
            receive: by which the page's leaving is told.
            send: by which events go out.

        Raises:
            Refused: too many are open, or the station is ending.
        """
        if self._closed:
            raise Refused(503, "the station is ending", "ask again when it is back", {"retry-after": "10"})
        if len(self._queues) >= self._limits.event_streams:
            raise Refused(503, "too many pages are open", "close one of them", {"retry-after": "10"})
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(self._limits.event_backlog)
        self._queues.add(queue)
        left = asyncio.create_task(_leaving(receive, queue))
        try:
            async with asyncio.timeout(self._limits.write_seconds):
                await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
                await send({"type": "http.response.body", "body": await first(), "more_body": True})
            while (data := await _next(queue)) is not None:
                async with asyncio.timeout(self._limits.write_seconds):
                    await send({"type": "http.response.body", "body": data, "more_body": True})
            async with asyncio.timeout(self._limits.write_seconds):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            self._drop(scope)
        finally:
            self._queues.discard(queue)
            left.cancel()

    def _close(self) -> None:
        for queue in self._queues:
            _end(queue)

    def _publish(self, data: bytes) -> None:
        for queue in self._queues:
            if queue.full():  # it lies behind: a page that opens a new stream is told all that matters
                _end(queue)
            else:
                queue.put_nowait(data)


def _end(queue: asyncio.Queue[bytes | None]) -> None:
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)


async def _next(queue: asyncio.Queue[bytes | None]) -> bytes | None:
    try:
        async with asyncio.timeout(BEAT):
            return await queue.get()
    except TimeoutError:
        return b": still here\n\n"


async def _leaving(receive: Receive, queue: asyncio.Queue[bytes | None]) -> None:
    with suppress(Refused):  # whoever sends a body with such a request, and slowly
        while (await receive())["type"] != "http.disconnect":
            pass
    _end(queue)
