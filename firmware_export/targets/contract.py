"""What a target is to the rest of the export: its name, and what writes its files. Loads nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgedigits.core.contract.finding import Told

HEADER, SOURCE = "header", "source"
"""In the place of a template: the library's own two files."""
SERIAL_HEADER, SERIAL_SOURCE = "common/serial.h.j2", "common/serial.c.j2"


@dataclass(frozen=True)
class Written:
    """What an export has written.

    Attributes:
        files: their paths.
        facts: what scripts are told, as JSON takes it; ``verdict`` is that of the model's proof.
        words: the line for people that ends the output.
    """

    files: tuple[Path, ...]
    facts: dict[str, Any]
    words: str


@dataclass(frozen=True)
class Target:
    """An ecosystem that wants a model in its own files.

    Attributes:
        name: how users call it.
        about: what it is, in a line.
        write: from the model, the prefix of its symbols, whether one whose proof failed is taken, the folder, whether
            what lies there is replaced, what is known of the model's input, and the width of a line network's strips
            where it is not the file's, to what was written.
        layout: of a packed C library: path below the folder, with the library's name to fill in, to the template that
            fills it, :data:`HEADER` or :data:`SOURCE`; empty for what is no such library.
    """

    name: str
    about: str
    write: Callable[[Path, str, bool, Path, bool, Told, int | None], Written]
    layout: Mapping[str, str] = field(default_factory=dict)


def library_target(name: str, about: str, layout: Mapping[str, str]) -> Target:
    """A target that is the C library with files around it; the attributes of :class:`Target`."""

    def write(
        model: Path, prefix: str, allow_failed: bool, folder: Path, force: bool, told: Told, width: int | None = None
    ) -> Written:
        from edgedigits.firmware_export.targets.export import export_target
        from edgedigits.firmware_export.targets.packages import write_target

        made = export_target(model, name=prefix, allow_failed=allow_failed, told=told, width=width)
        files = write_target(name, made.files, folder, force=force)
        library = made.library
        facts = {
            "verdict": library.verdict,
            "sha256": library.sha256,
            "macs": library.graph.macs,
            "arena_bytes": library.arena_bytes,
        }
        arena = ", ".join(f"{variant} {size:,}" for variant, size in library.arena_bytes.items())
        return Written(files, facts, f"arena bytes by kernels: {arena}")

    return Target(name, about, write, layout)
