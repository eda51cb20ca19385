"""The page's server: a thread of the station's own process."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from edgedigits.edge.station.configuration.settings import PageSettings
from edgedigits.edge.station.page.access.connections import abort, bounded_by
from edgedigits.edge.station.page.access.guard import Guard
from edgedigits.edge.station.page.access.listening import (
    ListenAddress,
    bound_socket,
    check_certificate,
    read_listen,
    refuse_open_door,
)
from edgedigits.edge.station.page.access.login import Door
from edgedigits.edge.station.page.access.password import read_hash
from edgedigits.edge.station.page.answers import HANDLERS, Refused
from edgedigits.edge.station.page.api import StationApi
from edgedigits.edge.station.page.events import EventStreams, event_text
from edgedigits.edge.station.page.export import ExportApi
from edgedigits.edge.station.page.page_limits import PageLimits
from edgedigits.edge.station.page.parts import PageParts
from edgedigits.edge.station.page.review_api import ReviewApi
from edgedigits.edge.station.page.views import VIEWS, PageViews
from edgedigits.edge.station.page.watching import Watcher, state_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

START_SECONDS = 20.0
STOP_SECONDS = 10.0

_log = logging.getLogger(__name__)


class PageServer:
    """Serves the page.

    Args:
        settings: where it listens, its password, its certificate.
        parts: what it shows and changes.
        limits: sizes, times and counts above which it refuses.
    """

    def __init__(self, settings: PageSettings, parts: PageParts, *, limits: PageLimits = PageLimits()) -> None:  # noqa: B008
        self._settings = settings
        self._parts = parts
        self._limits = limits
        self._address = read_listen(settings.listen)
        self._secure = False
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._watcher: Watcher | None = None
        self._streams = EventStreams(limits, self._drop)

    @property
    def url(self) -> str:
        """Where a browser finds it, once it is started."""
        return self._address.url(self._secure)

    def start(self) -> None:
        """Listen, and serve in a thread of its own until :meth:`stop`.

        Raises:
            EdgedigitsError: an address that others reach without a password, a port that is taken, a hash or a
                certificate that is none.
        """
        refuse_open_door(self._address, self._settings)
        password = read_hash(self._settings.password) if self._settings.password else None
        self._secure = check_certificate(self._settings)
        listener = bound_socket(self._address)
        self._address = ListenAddress(self._address.host, listener.getsockname()[1])
        own_names = None if password else self._address.own_names
        door = Door(password, self._limits, self._secure)
        app = Guard(self._application(door), door, own_names, self._limits, self._secure)
        self._parts.log.attach()
        self._server = uvicorn.Server(self._config(app))
        self._thread = threading.Thread(target=self._serve, args=(listener,), name="page", daemon=True)
        self._thread.start()
        self._wait_until_started()
        self._watcher = Watcher(self._parts, self._streams)
        self._watcher.start()

    def stop(self) -> None:
        """End all connections, and the thread; harmless where it does not run."""
        if self._server is None or self._thread is None:
            return
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher.join(STOP_SECONDS)
        self._streams.close_from_thread()
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            _log.warning("the page's server did not end within %.0f seconds", STOP_SECONDS)
        self._parts.log.detach()
        self._server = self._thread = self._watcher = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _config(self, app: Any) -> uvicorn.Config:
        secure = {"ssl_certfile": self._settings.certificate, "ssl_keyfile": self._settings.key} if self._secure else {}
        return uvicorn.Config(
            app,
            loop="asyncio",
            http=bounded_by(self._limits),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nobody may say that they come from another address
            h11_max_incomplete_event_size=self._limits.header_bytes,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=2,
            **secure,  # type: ignore[arg-type]
        )

    def _serve(self, listener: socket.socket) -> None:
        asyncio.run(self._served(listener))

    async def _served(self, listener: socket.socket) -> None:
        assert self._server is not None
        self._streams.open()
        await self._server.serve(sockets=[listener])

    def _wait_until_started(self) -> None:
        assert self._server is not None and self._thread is not None
        until = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                raise RuntimeError("the page's server did not start")
            time.sleep(0.005)

    def _drop(self, scope: Scope) -> None:
        if self._server is not None:
            abort(self._server.server_state.connections, scope.get("client"))

    def _application(self, door: Door) -> Starlette:
        station, review = StationApi(self._parts), ReviewApi(self._parts)
        views, export = PageViews(self._parts, door), ExportApi(self._parts, self._limits)
        routes = [
            *(Route(path, views.view) for path in VIEWS),
            Route("/static/{name}", views.asset),
            Route("/api/session", views.session),
            Route("/api/login", views.log_in, methods=["POST"]),
            Route("/api/logout", views.log_out, methods=["POST"]),
            Route("/api/state", station.state),
            Route("/api/events", EventsEndpoint(self._parts, self._streams)),
            Route("/api/live.jpg", station.picture),
            Route("/api/adjustments", station.adjustments, methods=["GET"]),
            Route("/api/adjustments", station.adjust, methods=["POST"]),
            Route("/api/adjustments/reset", station.reset, methods=["POST"]),
            Route("/api/review/claim", review.claim, methods=["POST"]),
            Route("/api/review/release", review.release, methods=["POST"]),
            Route("/api/review/key", review.key, methods=["POST"]),
            Route("/api/review/labelled", export.labelled),
            Route("/api/review/lines.zip", partial(export.archive, "lines")),
            Route("/api/review/folder.zip", partial(export.archive, "folder")),
            Route("/metrics", station.metrics),
            Route("/healthz", station.health),
        ]
        app = Starlette(routes=routes, exception_handlers=HANDLERS)
        app.router.redirect_slashes = False
        return app


class EventsEndpoint:
    """The stream of events, which begins with the whole state.

    Args:
        parts: of the station.
        streams: that are open.
    """

    def __init__(self, parts: PageParts, streams: EventStreams) -> None:
        self._parts = parts
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "GET":
            raise Refused(405, "events are only streamed", "ask by GET", {"allow": "GET"})

        async def first() -> bytes:
            return event_text("state", await run_in_threadpool(state_of, self._parts, time.time()))

        await self._streams.stream(first, scope, receive, send)
