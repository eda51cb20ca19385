"""Answers that say no, and requests as handlers take them."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
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
