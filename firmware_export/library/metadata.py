"""What a library says of its model beside the network's numbers."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.core.contract.contract import InputContract
from edgedigits.core.lines.shapes import LineShape


@dataclass(frozen=True)
class LibraryMetadata:
    """What the files say about the model beside its numbers: see LibraryExport."""

    name: str
    sha256: str
    version: str
    verdict: str
    contract: InputContract | None = None
    line: LineShape | None = None
    labels: tuple[str, ...] = ()
    pictures: tuple[InputContract | None, ...] = ()
    outside: bool = False
