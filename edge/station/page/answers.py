"""Answers that say no, and requests as handlers take them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from edgedigits.core.errors import EdgedigitsError


class Refused(EdgedigitsError):
    """A request that is not carried out: the visitor is told why, and what to do.

    Attributes:
        status: of HTTP.
        headers: that go with the answer.
        place: a path to go to instead.
    """

    def __init__(
        self, status: int, what: str, remedy: str, headers: dict[str, str] | None = None, place: str | None = None
    ) -> None:
        super().__init__(what, remedy)
        self.status = status
        self.headers = headers or {}
        self.place = place


def refusal_of(refused: Refused) -> Response:
    """The answer to a request that is not carried out."""
    if refused.place is not None:
        return RedirectResponse(refused.place, status_code=303)
    told = {"error": refused.what, "remedy": refused.remedy}
    return JSONResponse(told, status_code=refused.status, headers=refused.headers)


async def json_of(request: Request) -> dict[str, Any]:
    """The JSON object that a request carries.

    Raises:
        Refused: it carries something else.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "the request is no JSON", "send it as application/json")
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise Refused(400, "the request's JSON is broken", "send one JSON object") from error
    if not isinstance(found, dict):
        raise Refused(400, "the request's JSON is no object", "send one JSON object")
    return found


def text_in(told: dict[str, Any], name: str, longest: int) -> str:
    """A text of a request's JSON, without control characters.

    Raises:
        Refused: missing, of another type, or too long.
    """
    value = told.get(name)
    if not isinstance(value, str):
        raise Refused(422, f"{name} is missing, or no text", f"give {name} as text")
    if len(value) > longest or not value.isprintable():
        raise Refused(422, f"{name} is too long, or holds control characters", f"give at most {longest} characters")
    return value


async def refused(request: Request, error: Exception) -> Response:
    """The answer where something is wrong that the visitor can mend."""
    if isinstance(error, Refused):
        return refusal_of(error)
    assert isinstance(error, EdgedigitsError)
    return refusal_of(Refused(422, error.what, error.remedy))


async def nothing_there(request: Request, error: Exception) -> Response:
    """The answer to what is none of the page's addresses, or not asked for in this way."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        headers = dict(error.headers or {})
        return refusal_of(Refused(405, "the address does not take this method", "open the page itself", headers))
    return refusal_of(Refused(error.status_code, "there is nothing at this address", "open the page at /"))


async def gone(request: Request, error: Exception) -> Response:
    """The answer that nobody reads: the visitor left before its request had come."""
    return Response(status_code=400)


HANDLERS: Mapping[Any, Any] = {EdgedigitsError: refused, HTTPException: nothing_there, ClientDisconnect: gone}
"""Which answer goes with which error; any other is a bug, answered with 500 and logged with its traceback."""
