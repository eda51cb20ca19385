"""An update as one file: a zip of manifest, signature, model, card and self-test, of which no path is ever used.

The manifest holds the sha256 of each member, and the signature is that of the manifest's bytes: nothing is parsed but
the zip's own directory before the signature is found to fit.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgedigits.core.cards import CARD_NAME, Card, card_of, code_version
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import write_bytes
from edgedigits.core.paths import StrPath
from edgedigits.edge.station.results import moment
from edgedigits.edge.station.updates.keys import SIGNATURE_BYTES, is_signed, sign
from edgedigits.edge.station.updates.proving import UpdateProof, proof_from
from edgedigits.edge.station.updates.self_test import SELF_TEST, SelfTest

SUFFIX = ".edgeupdate"
FORMAT = 1
KIND = "edgedigits update"

MODEL, MANIFEST, SIGNATURE = "model.int8.tflite", "manifest.json", "manifest.sig"

MOST_BYTES = 4 << 20
"""Of a whole update; a line network has a quarter of a megabyte."""

_MOST = {
    MANIFEST: 64 << 10,
    SIGNATURE: SIGNATURE_BYTES,
    MODEL: 4 << 20,
    CARD_NAME: 1 << 20,
    SELF_TEST: 1 << 20,
}
"""What an update consists of, and bytes that each part may have."""

_SIGNED = (MODEL, CARD_NAME, SELF_TEST)
_AGAIN = "copy it again, or make it again with `edgedigits station retrain`"


class NoUpdate(EdgedigitsError):
    """A file is not taken as an update.

    Attributes:
        kind: a word for the reason, by which refusals are counted.
    """

    def __init__(self, kind: str, what: str, remedy: str = _AGAIN) -> None:
        self.kind = kind
        super().__init__(what, remedy)


@dataclass(frozen=True)
class Update:
    """An update whose signature and sha256 fit.

    Attributes:
        model: sha256 of the new model.
        compared_with: sha256 of the model that it was proved against.
        proof: what was proved.
        made: when, ISO 8601.
        version: of edgedigits that made it.
        content: its files by name: model, card and self-test.
    """

    model: str
    compared_with: str
    proof: UpdateProof
    made: str
    version: str
    content: dict[str, bytes]


def write_update(
    folder: StrPath, model: StrPath, test: SelfTest, proof: UpdateProof, running: str, key: StrPath
) -> Path:
    """Write a signed update, whole or not at all.

    Args:
        folder: to write ``update-<first 12 digits of the model's sha256>.edgeupdate`` into.
        model: the new int8 line network, its card beside it.
        test: what stations must find it to say.
        proof: against the model that runs.
        running: sha256 of that model.
        key: the private key.

    Raises:
        EdgedigitsError: the model has no card, is proved worse, no such key, or the disk refuses.
    """
    path = Path(model)
    card = card_of(path)
    if card is None:
        raise EdgedigitsError(f"{path} has no card", "quantize it again")
    if proof.verdict == "worse":
        raise EdgedigitsError(f"{path} is no update: {proof.why}", "label more pieces, or train longer with --epochs")
    content = {
        MODEL: path.read_bytes(),
        CARD_NAME: _card_bytes(card),
        SELF_TEST: test.to_bytes(),
    }
    manifest = _manifest(card, content, proof, running)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {MANIFEST: manifest, SIGNATURE: sign(manifest, key), **content}.items():
            archive.writestr(name, data)
    out = Path(folder) / f"update-{card.sha256[:12]}{SUFFIX}"
    write_bytes(out, made.getvalue())
    return out


def _card_bytes(card: Card) -> bytes:
    return (json.dumps(asdict(replace(card, file=MODEL)), indent=2, ensure_ascii=False) + "\n").encode()


def _manifest(card: Card, content: dict[str, bytes], proof: UpdateProof, running: str) -> bytes:
    told = {
        "kind": KIND,
        "format": FORMAT,
        "made": moment(time.time()),
        "edgedigits": code_version(),
        "model": card.sha256,
        "compared_with": running,
        "proof": proof.as_dict(),
        "members": {name: {"sha256": _sha256(data), "bytes": len(data)} for name, data in content.items()},
    }
    return (json.dumps(told, indent=2) + "\n").encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read_update(data: bytes, public: StrPath) -> Update:
    """An update by the bytes of its file; nothing is written.

    Args:
        data: of the file, at most :data:`MOST_BYTES`.
        public: the key that it has to be signed for.

    Raises:
        NoUpdate: it is none, is cut short or too large, was not signed by that key, or changed after that.
        EdgedigitsError: no public key there.
    """
    parts = _members(data)
    manifest = parts[MANIFEST]
    if not is_signed(manifest, parts[SIGNATURE], public):
        raise NoUpdate(
            "signature",
            f"its signature is not one by the key of {public}",
            "sign it with the station.key that belongs to it, or give the station the other station.pub",
        )
    told = _told(manifest)
    for name in _SIGNED:
        _check_member(name, parts[name], told)
    if told["model"] != _sha256(parts[MODEL]):
        raise NoUpdate("sha256", "its manifest names another model than it holds")
    try:
        proof = proof_from(told["proof"])
    except ValueError as error:
        raise NoUpdate("proof", f"it proves nothing: {error}") from error
    return Update(
        told["model"],
        told["compared_with"],
        proof,
        told["made"],
        told["edgedigits"],
        {name: parts[name] for name in _SIGNED},
    )


def _members(data: bytes) -> dict[str, bytes]:
    """The parts of an update's zip by name, each within its size; what it says of itself is not trusted."""
    if len(data) > MOST_BYTES:
        raise NoUpdate("size", f"it has more than {MOST_BYTES:,} bytes", _AGAIN)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = archive.infolist()
            names = sorted(one.filename for one in found)
            if names != sorted(_MOST):
                shown = ", ".join(name[:40] for name in names[:8])
                raise NoUpdate("damaged", f"it holds {shown or 'nothing'}, and no update does")
            return {one.filename: _within(archive, one) for one in found}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise NoUpdate("damaged", f"it is cut short or damaged ({error})") from error


def _within(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    most = _MOST[part.filename]
    with archive.open(part) as file:
        content = file.read(most + 1)
    if part.file_size > most or len(content) > most:
        raise NoUpdate("size", f"its {part.filename} has more than {most:,} bytes")
    return content


def _told(manifest: bytes) -> dict[str, Any]:
    """What a manifest says, each word of its type."""
    try:
        told = json.loads(manifest)
    except (ValueError, RecursionError) as error:
        raise NoUpdate("damaged", f"its manifest is no JSON ({error})") from error
    if not isinstance(told, dict) or told.get("kind") != KIND:
        raise NoUpdate("damaged", "its manifest is none of an update")
    if told.get("format") != FORMAT:
        raise NoUpdate(
            "format",
            f"it is of format {told.get('format')!r}, and this station takes {FORMAT}",
            "make it with the version of edgedigits that the station has, or install the newer one there",
        )
    texts = ("made", "edgedigits", "model", "compared_with")
    if any(not isinstance(told.get(name), str) for name in texts) or not isinstance(told.get("members"), dict):
        raise NoUpdate("damaged", "its manifest lacks something")
    return {"proof": None, **told}


def _check_member(name: str, content: bytes, told: dict[str, Any]) -> None:
    member = told["members"].get(name)
    if not isinstance(member, dict) or member.get("sha256") != _sha256(content):
        raise NoUpdate("sha256", f"its {name} has another sha256 than its manifest says")
