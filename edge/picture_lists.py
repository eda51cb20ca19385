"""Which pictures are meant where a user names a folder: all below it, in the order in which people count."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.sources.picture_files import IMAGE_SUFFIXES, natural, no_picture_in, some


@dataclass(frozen=True)
class Pictures:
    """What lies below a folder.

    Attributes:
        paths: of the pictures.
        others: of files that end in no suffix of a picture and links to folders, relative to the folder.
    """

    paths: tuple[Path, ...]
    others: tuple[Path, ...]

    @property
    def left_out(self) -> str:
        """The first of the others, for people; empty where there are none."""
        return some([str(path) for path in self.others]) if self.others else ""


def pictures_below(folder: Path) -> Pictures:
    """The pictures of a folder and of all folders in it, in natural order; what is hidden is left out.

    Raises:
        EdgedigitsError: there is none, or a folder may not be read.
    """
    files = sorted(_visible(folder), key=lambda path: [natural(part) for part in path.relative_to(folder).parts])
    paths = tuple(path for path in files if path.suffix.lower() in IMAGE_SUFFIXES and not path.is_dir())
    pictures = set(paths)
    others = tuple(path.relative_to(folder) for path in files if path not in pictures)
    if not paths:
        raise no_picture_in(folder, [str(path) for path in others])
    return Pictures(paths, others)


def _visible(folder: Path) -> Iterator[Path]:
    """Files below a folder, and links to folders, which are not followed: they may lead back, or out of it."""

    def refuse(error: OSError) -> None:
        raise EdgedigitsError(f"cannot read {error.filename} ({error.strerror})", "check who may read it") from error

    for place, inside, names in os.walk(folder, onerror=refuse):
        inside[:] = [name for name in inside if name[0] != "."]
        links = [name for name in inside if Path(place, name).is_symlink()]
        yield from (Path(place, name) for name in (*links, *names) if name[0] != ".")
