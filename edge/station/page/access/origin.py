"""Which sites may ask: this page alone, and by its own name."""

from __future__ import annotations

from edgedigits.edge.station.page.access.visit import Visit
from edgedigits.edge.station.page.answers import Refused

_PAGES = frozenset({"/", "/review", "/settings", "/login"})


def check_host(visit: Visit, own_names: frozenset[str]) -> None:
    """Refuse a request that was meant for another name.

    Another site's name may lead to this machine (DNS rebinding), and its scripts would then read the page.

    Raises:
        Refused: the header ``Host`` is missing, or names somebody else.
    """
    host = visit.host.lower()
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name not in own_names:
        known = ", ".join(sorted(own_names))
        raise Refused(421, "the page is not known by that name", f"ask for it as one of {known}, or set a password")


def check_origin(visit: Visit) -> None:
    """Refuse what another site makes a browser ask for; a link to a view may be followed.

    Raises:
        Refused: the headers ``Sec-Fetch-Site`` or ``Origin`` tell of another site.
    """
    site = visit.header("sec-fetch-site") if visit.has("sec-fetch-site") else "none"
    link = visit.method == "GET" and visit.path in _PAGES and visit.header("sec-fetch-mode") == "navigate"
    if site not in {"same-origin", "none"} and not link:
        raise Refused(403, "another site asks for this", "open the page itself")
    own = {f"{visit.scheme}://{visit.host}", f"https://{visit.host}"}  # a proxy before the page may encrypt for it
    if visit.has("origin") and visit.header("origin") not in own:
        raise Refused(403, "another site asks for this", "open the page itself")
