"""Where the page listens, and who may not be let in without a password."""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.configuration.settings import PageSettings

_REMEDY = "give an address and a port such as 127.0.0.1:8080"
_OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class ListenAddress:
    """An address and a port.

    Attributes:
        host: address or name, an IPv6 address without its brackets.
        port: 0 for any that is free.
    """

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def own_names(self) -> frozenset[str]:
        """Names by which a browser on this machine asks for a page that only this machine reaches."""
        return _OWN_NAMES | {self.host.lower()}

    def url(self, secure: bool) -> str:
        """The address as a browser takes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if secure else ''}://{host}:{self.port}"


def read_listen(text: str) -> ListenAddress:
    """Address and port of the setting ``listen``.

    Raises:
        EdgedigitsError: it is no such thing.
    """
    host, colon, port = text.strip().rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    if not colon or not host or (":" in host and not bracketed):
        raise EdgedigitsError(f"the page cannot listen on {text!r}", _REMEDY)
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise EdgedigitsError(f"the page cannot listen on {text!r}: {port!r} is no port", _REMEDY)
    return ListenAddress(host, int(port))


def refuse_open_door(address: ListenAddress, settings: PageSettings) -> None:
    """Refuse to let other machines in without a password.

    Raises:
        EdgedigitsError: other machines reach the address, and there is no password.
    """
    if not address.loopback and not settings.password:
        raise EdgedigitsError(
            f"the page would be open to everybody who reaches {address.host}",
            "run `edgedigits station password` and put what it prints into the table page as password, "
            "or listen on 127.0.0.1",
        )


def bound_socket(address: ListenAddress) -> socket.socket:
    """A socket that listens there.

    Raises:
        EdgedigitsError: the port is taken or may not be used, or this machine has no such address.
    """
    where = f"{address.host}:{address.port}"
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise EdgedigitsError(f"the page finds no address {address.host} ({error.strerror})", _REMEDY) from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            remedy = "stop the other program (`ss -ltnp` names it), or change listen in the table page"
            raise EdgedigitsError(f"another program listens on {where} already", remedy) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise EdgedigitsError(f"the page may not listen on {where}", "take a port from 1024 on") from error
        raise EdgedigitsError(f"the page cannot listen on {where} ({error.strerror})", _REMEDY) from error
    listener.setblocking(False)
    return listener


def check_certificate(settings: PageSettings) -> bool:
    """Whether the page is to be encrypted.

    Raises:
        EdgedigitsError: certificate or key is missing, cannot be read, or they do not belong together.
    """
    if not settings.certificate and not settings.key:
        return False
    if not settings.certificate or not settings.key:
        raise EdgedigitsError("https needs a certificate and its key", "give both in the table page, or neither")
    for path in (settings.certificate, settings.key):
        if not Path(path).is_file():
            raise EdgedigitsError(f"no certificate or key at {path}", "check certificate and key in the table page")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.certificate, settings.key)
    except (ssl.SSLError, OSError) as error:
        raise EdgedigitsError(
            f"{settings.certificate} and {settings.key} are no certificate with its key ({error})",
            "give a PEM certificate and the PEM key that it was made for, without a passphrase",
        ) from error
    return True
