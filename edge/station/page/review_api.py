"""The review queue's handlers: a piece to one person, and what that person keys."""

from __future__ import annotations

import base64
import re
import time
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edgedigits.edge.station.journal.records import Keyed, Waiting
from edgedigits.edge.station.journal.review import ClaimedByAnother
from edgedigits.edge.station.page.answers import Refused, json_of, text_in
from edgedigits.edge.station.page.parts import PageParts

LEASE = 60.0
"""Seconds for which nobody else is given a piece; a page without a hand on it stops asking then."""

LONGEST_NAME = 40

_PIECE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}")
_WINDOW = re.compile(r"[A-Za-z0-9]{8,40}")


class ReviewApi:
    """Handlers of the review queue.

    Args:
        parts: of the station.
    """

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts

    async def claim(self, request: Request) -> Response:
        """The next piece for this window, with its picture; null where there is none."""
        claimant = claimant_in(await json_of(request))
        return JSONResponse({"piece": await run_in_threadpool(self._claimed, claimant)})

    async def release(self, request: Request) -> Response:
        """Give a piece back."""
        told = await json_of(request)
        claimant, piece = claimant_in(told), piece_named(text_in(told, "piece", 200))
        await run_in_threadpool(self._parts.journal.release, piece, claimant)
        return JSONResponse({})

    async def key(self, request: Request) -> Response:
        """Take a code, or an empty one where nobody can read it."""
        told = await json_of(request)
        person, piece, code = person_in(told), piece_named(text_in(told, "piece", 200)), text_in(told, "code", 40)
        if code and not (code.isascii() and code.isdigit()):
            raise Refused(422, "a code is digits only", "key the digits, or x where nobody can read it")
        if code and not self._parts.accepts(code):
            raise Refused(422, f"{code} is no code that is expected here", "look again, or key x")
        if await run_in_threadpool(self._parts.journal.piece, piece) is None:
            raise Refused(404, "there is no such piece", "take the next one")
        claimant = claimant_in(told) if "window" in told else person
        try:
            keyed = await run_in_threadpool(self._parts.journal.key, piece, code, person, time.time(), claimant)
        except ClaimedByAnother as error:
            raise Refused(409, error.what, error.remedy) from error
        return JSONResponse(keyed_as_dict(keyed))

    def _claimed(self, claimant: str) -> dict[str, Any] | None:
        now = time.time()
        waiting = self._parts.journal.claim(claimant, now, LEASE)
        if waiting is None:
            return None
        return waiting_as_dict(waiting, self._parts.journal.crop(waiting.result.id), now)


def piece_named(piece: str) -> str:
    """The id of a piece as it came from outside.

    Raises:
        Refused: it cannot be one.
    """
    if not _PIECE.fullmatch(piece):
        raise Refused(404, "there is no such piece", "take the next one")
    return piece


def person_in(told: dict[str, Any]) -> str:
    """The name of who reviews.

    Raises:
        Refused: there is none.
    """
    person = text_in(told, "person", LONGEST_NAME).strip()
    if not person:
        raise Refused(422, "nobody's name is given", "say who reviews")
    return person


def claimant_in(told: dict[str, Any]) -> str:
    """Person and window: two windows of one person are never given the same piece.

    Raises:
        Refused: one of them is missing.
    """
    window = text_in(told, "window", 40)
    if not _WINDOW.fullmatch(window):
        raise Refused(422, "the window's name is none", "load the page again")
    return f"{person_in(told)} ({window})"


def waiting_as_dict(waiting: Waiting, png: bytes | None, now: float) -> dict[str, Any]:
    """A piece as the page shows it; times are seconds from now, since a browser's clock may be another.

    Its picture, a PNG in base64, comes with it: a request of its own would take time that a live piece does not have.
    """
    return {
        "picture": None if png is None else base64.b64encode(png).decode(),
        **waiting.result.as_dict(),
        "seconds_left": None if waiting.until is None else round(waiting.until - now, 3),
        "lease": round(waiting.leased - now, 3),
        "audited": waiting.audited,
    }


def keyed_as_dict(keyed: Keyed) -> dict[str, Any]:
    """What became of a code; ``final`` where it became the piece's result."""
    return {
        "piece": keyed.piece,
        "code": keyed.code,
        "person": keyed.person,
        "first": keyed.first,
        "final": keyed.event is not None,
    }
