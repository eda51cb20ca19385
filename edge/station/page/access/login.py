"""Who is let in: everybody on this machine where there is no password, else who gave it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import math
import secrets

from edgedigits.edge.station.page.access.password import PasswordHash
from edgedigits.edge.station.page.access.sessions import LoginTries, Session, Sessions, same_secret
from edgedigits.edge.station.page.access.visit import Visit
from edgedigits.edge.station.page.answers import Refused
from edgedigits.edge.station.page.page_limits import PageLimits

_OPEN = frozenset({"/login", "/api/login", "/healthz"})
_VIEWS = frozenset({"/", "/review", "/settings"})


class Door:
    """Sessions and passwords.

    Args:
        password: hash of the password; None where there is none.
        limits: how long a session lasts, and how many wrong passwords are free.
        secure: whether the page is encrypted, so that its cookie never travels otherwise.
    """

    def __init__(self, password: PasswordHash | None, limits: PageLimits, secure: bool) -> None:
        self._password = password
        self._secure = secure
        self._sessions = Sessions(limits.session_seconds, limits.sessions)
        self._seconds = limits.session_seconds
        self._tries = LoginTries(limits.free_tries)
        self._everybody = Session(secrets.token_urlsafe(32), math.inf)
        self._hashing = asyncio.Semaphore(1)  # each takes 32 MiB
        self._scraper = b""  # digest of the credentials that were right last, so that a scrape costs no scrypt
        self._pepper = secrets.token_bytes(32)

    @property
    def locked(self) -> bool:
        """Whether there is a password."""
        return self._password is not None

    @property
    def cookie(self) -> str:
        """Name of the session's cookie; the prefix lets browsers take it from encrypted pages alone."""
        return "__Host-edgedigits" if self._secure else "edgedigits"

    async def session_of(self, visit: Visit) -> Session | None:
        """The session of who asks.

        Raises:
            Refused: there is none, and what is asked for needs one.
        """
        if not self.locked:
            return self._everybody
        session = self._sessions.of(visit.cookie(self.cookie))
        if session is not None or visit.path in _OPEN or visit.path.startswith("/static/"):
            return session
        if visit.path == "/metrics":
            await self._check_basic(visit)
            return None
        if visit.path in _VIEWS and visit.method == "GET":
            raise Refused(303, "not logged in", "log in", place="/login")
        raise Refused(401, "not logged in, or no more", "log in on the page")

    def check_token(self, visit: Visit) -> None:
        """Refuse a change that does not carry its session's token; logging in has none yet.

        Raises:
            Refused: the header ``X-CSRF-Token`` is missing or another's.
        """
        if visit.path == "/api/login":
            return
        token = visit.header("x-csrf-token") or ""
        if visit.session is None or not same_secret(token, visit.session.csrf):
            raise Refused(403, "the request carries no token of this page", "load the page again")

    async def log_in(self, visit: Visit, password: str) -> str:
        """Begin a session.

        Returns:
            the header ``Set-Cookie``.

        Raises:
            Refused: a wrong password, or too many of them.
        """
        await self._check_password(visit.address, password)
        secret, _ = self._sessions.begin()
        return self._cookie_of(secret, round(self._seconds))

    def log_out(self, visit: Visit) -> str:
        """End a session; gives the header ``Set-Cookie``."""
        self._sessions.end(visit.cookie(self.cookie))
        return self._cookie_of("", 0)

    def _cookie_of(self, secret: str, seconds: int) -> str:
        secure = "; Secure" if self._secure else ""
        return f"{self.cookie}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"

    async def _check_password(self, address: str, password: str) -> None:
        async with self._hashing:  # waits are looked at in turn, so that no burst of tries slips through
            if wait := self._tries.wait(address):
                seconds = math.ceil(wait)
                raise Refused(429, "too many wrong passwords", f"wait {seconds} seconds", {"retry-after": str(seconds)})
            if self._password is None or not await asyncio.to_thread(self._password.fits, password):
                self._tries.wrong(address)
                raise Refused(403, "that is not the password", "try again")
            self._tries.right(address)

    async def _check_basic(self, visit: Visit) -> None:
        """Let Prometheus in, which gives the password with every request (RFC 7617)."""
        scheme, _, coded = (visit.header("authorization") or "").partition(" ")
        ask = {"www-authenticate": 'Basic realm="edgedigits", charset="UTF-8"'}
        try:
            _, colon, password = base64.b64decode(coded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            colon = password = ""
        if scheme.lower() != "basic" or not colon:
            raise Refused(401, "the figures need the page's password", "give it by basic authentication", ask)
        digest = hashlib.blake2b(password.encode(), key=self._pepper).digest()
        if secrets.compare_digest(digest, self._scraper):
            return
        try:
            await self._check_password(visit.address, password)
        except Refused as refused:
            if refused.status == 403:
                raise Refused(401, refused.what, "give the page's password", ask) from refused
            raise
        self._scraper = digest
