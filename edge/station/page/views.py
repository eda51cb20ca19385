"""The page's own files, and logging in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from edgedigits.edge.station.page.access.login import Door
from edgedigits.edge.station.page.access.password import LONGEST
from edgedigits.edge.station.page.access.visit import Visit
from edgedigits.edge.station.page.answers import json_of, text_in
from edgedigits.edge.station.page.assets import Asset, read_assets
from edgedigits.edge.station.page.parts import PageParts

VIEWS = {"/": "dashboard.html", "/review": "review.html", "/settings": "settings.html", "/login": "login.html"}
"""The views and their files."""


class PageViews:
    """Handlers of the files, and of who comes and goes.

    Args:
        parts: of the station.
        door: who is let in.
    """

    def __init__(self, parts: PageParts, door: Door) -> None:
        self._parts = parts
        self._door = door
        self._assets = read_assets()

    async def view(self, request: Request) -> Response:
        """One of the views."""
        visit = Visit(request.scope)
        if visit.path == "/login" and visit.session is not None:
            return RedirectResponse("/", status_code=303)
        return _answer(self._assets[VIEWS[visit.path]], request)

    async def asset(self, request: Request) -> Response:
        """A file of the views."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None or asset.kind.startswith("text/html"):
            return Response(status_code=404)
        return _answer(asset, request)

    async def session(self, request: Request) -> Response:
        """What a view needs to know first: its token, and what the station is called."""
        session = Visit(request.scope).session
        told = {"token": session.csrf if session else "", "locked": self._door.locked}
        return JSONResponse({**told, "station": self._parts.station, "forms": self._parts.forms})

    async def log_in(self, request: Request) -> Response:
        """Take the password."""
        told = await json_of(request)
        cookie = await self._door.log_in(Visit(request.scope), text_in(told, "password", LONGEST))
        return JSONResponse({}, headers={"set-cookie": cookie})

    async def log_out(self, request: Request) -> Response:
        """End the session."""
        await json_of(request)
        return JSONResponse({}, headers={"set-cookie": self._door.log_out(Visit(request.scope))})


def _answer(asset: Asset, request: Request) -> Response:
    headers = {"etag": asset.etag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == asset.etag:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers={**headers, "content-type": asset.kind})
