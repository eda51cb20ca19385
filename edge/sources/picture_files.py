"""Picture files in folders: which they are, their order, and what is said where there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})


def pictures_in(folder: Path) -> list[Path]:
    """Files of a folder that end like pictures, in natural order; hidden files are left out."""
    paths = [path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()]
    return sorted((path for path in paths if not path.name.startswith(".")), key=lambda path: natural(path.name))


def no_picture_in(folder: Path, names: Sequence[str] = ()) -> EdgedigitsError:
    """What to raise of a folder without a picture: what lies in it, and what would be one.

    Args:
        folder: that was read.
        names: of files that were found; without one the folder's own entries are named.
    """
    names = names or sorted(f"{path.name}/" if path.is_dir() else path.name for path in folder.iterdir())
    named = folder_named(folder)
    return EdgedigitsError(
        f"no picture in {named}, which holds {some(names)}" if names else f"{named} is empty",
        f"give a folder with files that end in {', '.join(sorted(IMAGE_SUFFIXES))}",
    )


def folder_named(folder: Path) -> str:
    """A folder as a sentence names it: the one that is worked in is a dot as a path."""
    return "this folder" if folder == Path() else str(folder)


def some(names: Sequence[str], most: int = 8) -> str:
    """The first of some names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key in which runs of digits count as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part.lower()) for part in re.split(r"(\d+)", name)]
