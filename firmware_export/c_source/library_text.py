"""A C library as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.paths import StrPath


@dataclass(frozen=True)
class LibraryText:
    """The two files of a library.

    Attributes:
        name: prefix of its functions and files, for example ``digits``.
        header: text of ``<name>.h``.
        source: text of ``<name>.c``.
    """

    name: str
    header: str
    source: str

    def write(self, folder: StrPath) -> Path:
        """Write both files into a folder, which is made where it is not there; path of the source."""
        folder = Path(folder)
        folder.mkdir(exist_ok=True)
        (folder / f"{self.name}.h").write_text(self.header, encoding="utf-8")
        source = folder / f"{self.name}.c"
        source.write_text(self.source, encoding="utf-8")
        return source
