"""A C library as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgedigits.core.paths import StrPath


@dataclass(frozen=True)
class LibraryText:
    """The two files of a library.

    Attributes:
        name: prefix of its functions and files, for example ``digits``.
        header: text of ``<name>.h``.
        source: text of ``<name>.c``.
        inputs: names of the inputs where there are several inputs or outputs: members of ``<name>_inputs_t``.
        outputs: likewise.
    """

    name: str
    header: str
    source: str
    inputs: tuple[str, ...] = field(default=(), kw_only=True)
    outputs: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def end_macros(self) -> tuple[str, ...]:
        """What a compiler of ``boards/firmware/ends.h`` is told; nothing where there is one input and one output."""
        if not self.inputs:
            return ()
        sides = (("INPUT", self.inputs), ("OUTPUT", self.outputs))
        return tuple(
            f"-DEACH_{side}(ONE)={' '.join(f'ONE({name}, {side}_{name.upper()})' for name in names)}"
            for side, names in sides
        )

    def write(self, folder: StrPath) -> Path:
        """Write both files into a folder, which is made where it is not there; path of the source."""
        folder = Path(folder)
        folder.mkdir(exist_ok=True)
        (folder / f"{self.name}.h").write_text(self.header, encoding="utf-8")
        source = folder / f"{self.name}.c"
        source.write_text(self.source, encoding="utf-8")
        return source
