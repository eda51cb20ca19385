"""How much of the page one visitor gets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PageLimits:
    """Sizes, times and counts above which the page refuses.

    Attributes:
        body_bytes: of a request.
        header_bytes: of a request's first line and headers.
        header_seconds: from the first byte of a request, or from connecting, to the end of its headers.
        body_seconds: for all of its body.
        requests_per_second: of one address, in the long run.
        burst: requests of one address at once.
        connections: open at the same time, of all.
        connections_per_address: the same of one address.
        event_streams: open at the same time, of all.
        event_backlog: events that a slow reader of a stream may lie behind.
        write_seconds: that a reader of a stream may take none of it.
        session_seconds: after which a password is asked for again.
        sessions: at the same time; the oldest ends where there would be more.
        free_tries: wrong passwords of one address before it has to wait.
        export_pieces: labelled pieces of one archive.
        export_bytes: of their pictures.
    """

    body_bytes: int = 64 * 1024
    header_bytes: int = 16 * 1024
    header_seconds: float = 10.0
    body_seconds: float = 10.0
    requests_per_second: float = 50.0
    burst: int = 200
    connections: int = 200
    connections_per_address: int = 60
    event_streams: int = 32
    event_backlog: int = 64
    write_seconds: float = 10.0
    session_seconds: float = 12 * 3600.0
    sessions: int = 100
    free_tries: int = 3
    export_pieces: int = 5_000
    export_bytes: int = 250_000_000
