"""The files of the page, read once when the station starts."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """A file of the page.

    Attributes:
        content: its bytes.
        kind: media type.
        etag: by which a browser asks whether it changed.
    """

    content: bytes
    kind: str
    etag: str


def read_assets() -> dict[str, Asset]:
    """The files by their names: no other file can be asked for, whatever a path says."""
    return {path.name: _asset(path) for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}


@functools.cache
def page_version() -> str:
    """A digest of all files: a page that was opened before an update loads itself again."""
    tags = "".join(asset.etag for asset in read_assets().values())
    return hashlib.sha256(tags.encode()).hexdigest()[:20]


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, _TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:20]}"')
