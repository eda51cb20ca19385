"""A request, as the checks before the handlers see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.edge.station.page.access.sessions import Session

if TYPE_CHECKING:
    from starlette.types import Scope


class Visit:
    """What a request says of itself.

    Attributes:
        method: in capitals.
        path: without a query, decoded.
        address: of who asks, as the connection tells it: no header can.
        host: header ``Host``.
        scheme: http or https.
        header_bytes: of names and values of all headers.
        session: of who asks; None where there is none.
    """

    def __init__(self, scope: Scope) -> None:
        self.header_bytes = sum(len(name) + len(value) for name, value in scope["headers"])
        self._headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            self._headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        self._state = scope.setdefault("state", {})
        self.method: str = scope["method"].upper()
        self.path: str = scope["path"]
        self.scheme: str = scope["scheme"]
        self.address: str = scope["client"][0] if scope.get("client") else "unknown"
        self.host = self.header("host") or ""

    def header(self, name: str) -> str | None:
        """A header that stands once; None where it is missing or stands twice."""
        values = self._headers.get(name, [])
        return values[0] if len(values) == 1 else None

    def has(self, name: str) -> bool:
        """Whether a header is there at all."""
        return name in self._headers

    @property
    def has_body(self) -> bool:
        """Whether a body follows."""
        return self.has("content-length") or self.has("transfer-encoding")

    @property
    def length(self) -> int | None:
        """Bytes of the body as the header tells, 0 where it does not; None where that is no number."""
        if not self.has("content-length"):
            return 0
        text = self.header("content-length") or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

    def cookie(self, name: str) -> str | None:
        """The value of a cookie; None where there is none."""
        for part in ";".join(self._headers.get("cookie", [])).split(";"):
            key, equals, value = part.strip().partition("=")
            if equals and key == name:
                return value
        return None

    @property
    def session(self) -> Session | None:
        """Of who asks, once :class:`~edgedigits.edge.station.page.access.login.Door` has looked."""
        found: Session | None = self._state.get("session")
        return found

    @session.setter
    def session(self, session: Session | None) -> None:
        self._state["session"] = session
