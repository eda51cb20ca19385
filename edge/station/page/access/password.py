"""Passwords of the page: a configuration holds the hash of one, never the password."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from edgedigits.core.errors import EdgedigitsError

COST, BLOCK, PARALLEL = 2**15, 8, 3
"""n, r and p of scrypt (RFC 7914): 32 MiB, one of the settings that OWASP's Password Storage Cheat Sheet names."""

SHORTEST = 8
"""Characters that a new password needs at least (NIST SP 800-63B, 5.1.1.2)."""

LONGEST = 1000
"""Characters of a password above which nothing is hashed."""

_BYTES = 32
_SALT = 16
_MOST_MEMORY = 256 * 2**20
_REMEDY = "make one with `edgedigits station password` and copy the whole line"


@dataclass(frozen=True)
class PasswordHash:
    """The hash of a password, as ``scrypt$n$r$p$salt$hash`` spells it.

    Attributes:
        cost: n of scrypt, a power of two.
        block: its r.
        parallel: its p.
        salt: bytes that were drawn for this password.
        digest: what scrypt makes of password and salt.
    """

    cost: int
    block: int
    parallel: int
    salt: bytes
    digest: bytes

    def __str__(self) -> str:
        return f"scrypt${self.cost}${self.block}${self.parallel}${_text_of(self.salt)}${_text_of(self.digest)}"

    def fits(self, password: str) -> bool:
        """Whether a password is the one that was hashed; how long that takes does not tell how near it was."""
        if len(password) > LONGEST:
            return False
        found = _scrypt(password, self.salt, self.cost, self.block, self.parallel, len(self.digest))
        return hmac.compare_digest(found, self.digest)


def hash_password(password: str) -> PasswordHash:
    """The hash of a new password, with a salt of its own.

    Raises:
        EdgedigitsError: it is shorter than 8 characters or longer than 1,000.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise EdgedigitsError(
            f"the password has {len(password)} characters", f"choose one of {SHORTEST} to {LONGEST:,} characters"
        )
    salt = secrets.token_bytes(_SALT)
    return PasswordHash(COST, BLOCK, PARALLEL, salt, _scrypt(password, salt, COST, BLOCK, PARALLEL, _BYTES))


def read_hash(text: str) -> PasswordHash:
    """The hash that a configuration holds.

    Raises:
        EdgedigitsError: it is none, or asks for more memory or less work than is sound.
    """
    parts = text.strip().split("$")
    if len(parts) != 6 or parts[0] != "scrypt":
        raise EdgedigitsError("the page's password is no hash of the form scrypt$n$r$p$salt$hash", _REMEDY)
    try:
        cost, block, parallel = (int(part) for part in parts[1:4])
        salt, digest = (base64.b64decode(part, validate=True) for part in parts[4:])
    except (ValueError, binascii.Error) as error:
        raise EdgedigitsError(f"the hash of the page's password is damaged ({error})", _REMEDY) from error
    powers = cost >= 2**14 and cost & (cost - 1) == 0
    if not (powers and 1 <= block <= 32 and 1 <= parallel <= 16 and 128 * cost * block <= _MOST_MEMORY):
        raise EdgedigitsError("the hash of the page's password has numbers n, r and p that are not sound", _REMEDY)
    if len(salt) < _SALT or not 16 <= len(digest) <= 64:
        raise EdgedigitsError("the hash of the page's password is cut off", _REMEDY)
    return PasswordHash(cost, block, parallel, salt, digest)


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int, size: int) -> bytes:
    most = 128 * block * (cost + parallel + 2) + 2**20
    secret = password.encode(errors="surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=cost, r=block, p=parallel, maxmem=most, dklen=size)


def _text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()
