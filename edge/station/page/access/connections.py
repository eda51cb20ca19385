"""Connections of the page's server: bounded in number, and in how long a request may take to come."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from edgedigits.edge.station.page.access.sessions import network_of
from edgedigits.edge.station.page.page_limits import PageLimits


class BoundedConnection(H11Protocol):
    """A connection that ends where a request's first line and headers do not come in time (Slowloris).

    uvicorn waits for them for ever. A subclass with other :attr:`limits` is made by :func:`bounded_by`.
    """

    limits = PageLimits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait, unless there are too many connections."""
        super().connection_made(transport)
        self._late: asyncio.TimerHandle | None = None
        network = network_of(self.client[0] if self.client else "")
        same = [one for one in self.connections if isinstance(one, H11Protocol) and _network(one) == network]
        if len(self.connections) > self.limits.connections or len(same) > self.limits.connections_per_address:
            transport.abort()
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._come()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of the headers, from the first byte of a request on."""
        self._wait()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._come()

    def on_response_complete(self) -> None:
        """Wait for the rest of a request of which a part came while the one before it was answered."""
        super().on_response_complete()
        if self.conn.trailing_data[0] and not self.transport.is_closing():
            self._wait()

    def _wait(self) -> None:
        if self._late is None and self.conn.their_state is h11.IDLE:
            self._late = self.loop.call_later(self.limits.header_seconds, self.transport.abort)

    def _come(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def _network(connection: H11Protocol) -> str:
    return network_of(connection.client[0] if connection.client else "")


def bounded_by(limits: PageLimits) -> type[BoundedConnection]:
    """The kind of connection that keeps to these limits."""
    return type("BoundedConnection", (BoundedConnection,), {"limits": limits})


def abort(connections: set[Any], client: tuple[str, int] | None) -> None:
    """End a visitor's connection at once, with whatever it did not take yet."""
    for connection in list(connections):
        if connection.client == client:
            connection.transport.abort()
