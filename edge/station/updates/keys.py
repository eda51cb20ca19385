"""The keys of updates: Ed25519 (RFC 8032). Who holds the private one decides what stations read with."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors, write_bytes
from edgedigits.core.paths import StrPath

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PRIVATE, PUBLIC = "station.key", "station.pub"
"""The two files: the first stays on the workstation, the second is copied to the stations."""

SIGNATURE_BYTES = 64
"""Of every Ed25519 signature."""

_MOST_BYTES = 10_000
_REMEDY = "make a pair with `edgedigits station keys --out DIR`"


@dataclass(frozen=True)
class Keys:
    """A pair of keys that was written."""

    private: Path
    public: Path


def make_keys(folder: StrPath) -> Keys:
    """Write a new pair of keys; the private one for its owner alone (mode 600).

    An existing key is never replaced: without it, every station that trusts it would have to be visited.

    Raises:
        EdgedigitsError: there is such a file already, or the disk refuses.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    keys = Keys(Path(folder) / PRIVATE, Path(folder) / PUBLIC)
    for path in (keys.private, keys.public):
        if path.exists():
            raise EdgedigitsError(f"{path} exists", "choose another --out; stations trust the key that they were given")
    made = Ed25519PrivateKey.generate()
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with disk_errors(keys.private):
        keys.private.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(keys.private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    write_bytes(keys.public, made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return keys


def sign(message: bytes, private: StrPath) -> bytes:
    """The signature of a message, :data:`SIGNATURE_BYTES` bytes.

    Raises:
        EdgedigitsError: no private key in that file.
    """
    return private_key(private).sign(message)


def is_signed(message: bytes, signature: bytes, public: StrPath) -> bool:
    """Whether a signature is that of a message by the private key that belongs to a public one.

    Raises:
        EdgedigitsError: no public key in that file.
    """
    from cryptography.exceptions import InvalidSignature

    key = public_key(public)
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def private_key(path: StrPath) -> Ed25519PrivateKey:
    """The private key in a file.

    Raises:
        EdgedigitsError: there is none.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(_content(path, _REMEDY), None)
    except (ValueError, TypeError) as error:  # TypeError: it is encrypted
        raise EdgedigitsError(f"{path} holds no private key ({error})", f"name {PRIVATE}; {_REMEDY}") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise EdgedigitsError(f"{path} holds a key of another kind than Ed25519", _REMEDY)
    return found


def public_key(path: StrPath) -> Ed25519PublicKey:
    """The public key in a file.

    Raises:
        EdgedigitsError: there is none.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        found = load_pem_public_key(_content(path, _COPY))
    except ValueError as error:
        raise EdgedigitsError(f"{path} holds no public key ({error})", _COPY) from error
    if not isinstance(found, Ed25519PublicKey):
        raise EdgedigitsError(f"{path} holds a key of another kind than Ed25519", _COPY)
    return found


_COPY = f"copy the {PUBLIC} there that `edgedigits station keys` made on the workstation"


def _content(path: StrPath, remedy: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise EdgedigitsError(f"cannot read the key {path} ({error.strerror})", remedy) from error


def key_name(public: StrPath) -> str:
    """What tells a public key from others: the sha256 of its 32 bytes.

    Raises:
        EdgedigitsError: no public key in that file.
    """
    return hashlib.sha256(public_key(public).public_bytes_raw()).hexdigest()
