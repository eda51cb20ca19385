"""Folders of pictures. Every one of them is read or named as one that cannot be, none is dropped."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.core.pictures.refusing import is_video
from edgedigits.edge.reading.pictures import load_image
from edgedigits.edge.sources.base import FrameUnreadable, Image, Source, SourceKind
from edgedigits.edge.sources.picture_files import IMAGE_SUFFIXES, no_picture_in, pictures_in


class ImageFolder(Source):
    """The pictures of a folder in natural order of their names (``2.png`` before ``10.png``), each one frame."""

    live = False

    def __init__(self, folder: StrPath) -> None:
        folder = Path(folder)
        super().__init__(str(folder))
        self._folder = folder
        self._paths: list[Path] = []
        self._next = 0

    def open(self) -> None:
        """List the pictures.

        Raises:
            EdgedigitsError: the folder does not exist or holds no picture.
        """
        if not self._folder.is_dir():
            raise EdgedigitsError(f"no folder at {self._folder}", "check the path")
        self._paths = pictures_in(self._folder)
        self._next = 0
        if not self._paths:
            raise no_picture_in(self._folder)

    def read(self) -> Image | None:
        """The next picture, turned upright as its EXIF data says; None after the last.

        Raises:
            FrameUnreadable: a file is empty, damaged or no picture; the next call gives the one after it.
        """
        if self._next >= len(self._paths):
            return None
        path = self._paths[self._next]
        self._next += 1
        try:
            return load_image(path)
        except EdgedigitsError as error:
            raise FrameUnreadable(error.what, f"{error.remedy}, or remove it") from error

    @property
    def file(self) -> Path | None:
        """Of the picture read last."""
        return self._paths[self._next - 1] if 0 < self._next <= len(self._paths) else None

    def close(self) -> None:
        """Forget the list."""
        self._paths = []


def _named(word: str) -> Source | None:
    path = Path(word)
    if path.is_file() and path.suffix.lower() in IMAGE_SUFFIXES and not is_video(path):
        raise EdgedigitsError(
            f"{path} is one picture", "`edgedigits predict` reads pictures; as a source, give its folder"
        )
    return ImageFolder(path) if path.is_dir() else None


KIND = SourceKind("a folder of pictures", _named)
