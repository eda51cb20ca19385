"""What the page asks of the station: thin handlers, each one look or one change."""

from __future__ import annotations

import functools
import time
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edgedigits.edge.station.calibration.threshold import NOT_PROVED
from edgedigits.edge.station.page.answers import Refused, json_of
from edgedigits.edge.station.page.parts import PageParts
from edgedigits.edge.station.page.watching import adjustments_of, state_of

WIDTH = 960
"""Pixels that the live picture is wide where nothing else is asked for."""


class StationApi:
    """Handlers that look at the station and adjust it.

    Args:
        parts: of the station.
    """

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts

    async def state(self, request: Request) -> Response:
        """All that a page shows that has just been opened."""
        return JSONResponse(await run_in_threadpool(state_of, self._parts, time.time()))

    async def picture(self, request: Request) -> Response:
        """The newest frame; 204 before the first, or where the page has it already."""
        asked = request.query_params.get("width", str(WIDTH))
        if not (asked.isascii() and asked.isdigit() and len(asked) < 6):
            raise Refused(422, "the width is no number", "give pixels")
        number = str(self._parts.live.number)
        if request.query_params.get("after") == number:
            return Response(status_code=204)
        whole = request.query_params.get("whole") == "1"
        jpeg = await run_in_threadpool(functools.partial(self._parts.live.jpeg, int(asked), whole=whole))
        if jpeg is None:
            return Response(status_code=204)
        return Response(jpeg, media_type="image/jpeg", headers={"x-frame-number": number})

    async def adjustments(self, request: Request) -> Response:
        """Region and threshold."""
        return JSONResponse(adjustments_of(self._parts))

    async def adjust(self, request: Request) -> Response:
        """Change region or threshold, or go back to what is configured."""
        told = await json_of(request)
        if not told or not told.keys() <= {"region", "threshold"}:
            raise Refused(422, "nothing to adjust", "give region, threshold, or both")
        self._check_inside(told.get("region"))
        await run_in_threadpool(self._parts.adjustments.change, **told)
        return JSONResponse(adjustments_of(self._parts))

    async def reset(self, request: Request) -> Response:
        """Go back to what is configured."""
        await json_of(request)
        await run_in_threadpool(self._parts.adjustments.reset)
        return JSONResponse(adjustments_of(self._parts))

    async def metrics(self, request: Request) -> Response:
        """Figures for Prometheus."""
        text = await run_in_threadpool(self._parts.metrics.text)
        return Response(text, headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"})

    async def health(self, request: Request) -> Response:
        """Whether anything is wrong: nothing else, since nobody has to log in for it."""
        alarms = self._parts.alarms.active().keys() - {NOT_PROVED}
        return JSONResponse({"status": "alarm" if alarms else "ok"}, status_code=503 if alarms else 200)

    def _check_inside(self, region: Any) -> None:
        size = self._parts.live.size
        if size is None or not isinstance(region, list) or not all(type(one) is int for one in region):
            return  # what else is wrong with it, Adjustments says
        if len(region) == 4 and (region[0] + region[2] > size[0] or region[1] + region[3] > size[1]):
            raise Refused(
                422, f"the region lies outside of the picture of {size[0]} x {size[1]} pixels", "draw a smaller one"
            )
