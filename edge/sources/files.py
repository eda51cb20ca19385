"""Sources that end: a video file and a folder of pictures. Every frame of them is read, none is dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import cv2

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.edge.reading.pictures import load_image
from edgedigits.edge.sources.base import Image, OpenCvSource, Source, rate_of
from edgedigits.edge.sources.opencv_logs import open_capture

VIDEO_SUFFIXES = frozenset({".avi", ".mp4", ".m4v", ".mkv", ".mov", ".mpg", ".mpeg", ".webm", ".wmv", ".ts", ".mjpeg"})
IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})

_WHOLE = 0.9
"""Share of the frames a header promises below which a video counts as cut short: some headers only estimate."""


class VideoFile(OpenCvSource):
    """A video that FFmpeg reads, frame by frame to its end, as fast as they are asked for."""

    live = False

    def __init__(self, path: StrPath) -> None:
        path = Path(path)
        super().__init__(str(path))
        self._path = path
        self._promised = 0
        self._read = 0

    def open(self) -> None:
        """Open the file from its start.

        Raises:
            EdgedigitsError: there is no such file, or it is no video.
        """
        if not self._path.is_file():
            raise EdgedigitsError(f"no video at {self._path}", f"check the path; {videos_beside(self._path)}")
        device = open_capture(str(self._path), _backend())
        if not device.isOpened():
            raise EdgedigitsError(
                f"{self._path} is not a video that OpenCV reads, or it is cut short",
                "copy it again, or convert it with `ffmpeg -i FILE new.mp4`",
            )
        self._device = device
        self._read = 0
        self._promised = int(device.get(cv2.CAP_PROP_FRAME_COUNT))
        self.rate = rate_of(device)

    def read(self) -> Image | None:
        """The next frame, None after the last.

        Raises:
            EdgedigitsError: the video ends long before the end that its header promises.
        """
        image = super().read()
        if image is not None:
            self._read += 1
            return image
        if self._read < self._promised * _WHOLE or self._read == 0:
            raise EdgedigitsError(
                f"{self._path} ends after {self._read} of {self._promised} frames",
                "the file is cut short or damaged: copy it again",
            )
        return None

    @property
    def position(self) -> float | None:
        """Seconds from the start of the video to the frame read last."""
        return max(self._read - 1, 0) / self.rate


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
            EdgedigitsError: a file is empty, damaged or no picture.
        """
        if self._next >= len(self._paths):
            return None
        path = self._paths[self._next]
        self._next += 1
        try:
            return load_image(path)
        except EdgedigitsError as error:
            raise EdgedigitsError(
                f"{path} is not a picture that OpenCV reads", "remove it, or copy it again"
            ) from error

    def close(self) -> None:
        """Forget the list."""
        self._paths = []


def _backend() -> int:
    """FFmpeg where OpenCV has it, as from PyPI: its other readers of files complain to stderr whatever is set."""
    return cv2.CAP_FFMPEG if cv2.CAP_FFMPEG in cv2.videoio_registry.getStreamBackends() else cv2.CAP_ANY


def pictures_in(folder: Path) -> list[Path]:
    """Files of a folder that end like pictures, in natural order; hidden files are left out."""
    paths = [path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()]
    return sorted((path for path in paths if not path.name.startswith(".")), key=lambda path: natural(path.name))


def videos_beside(path: Path) -> str:
    """What to tell a user whose video is not there: the videos in the folder it should be in."""
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder}"
    names = sorted(other.name for other in folder.iterdir() if other.suffix.lower() in VIDEO_SUFFIXES)
    if not names:
        return f"{folder} holds no video"
    return f"{folder} holds {some(names)}"


def no_picture_in(folder: Path, names: Sequence[str] = ()) -> EdgedigitsError:
    """What to raise of a folder without a picture: what lies in it, and what would be one.

    Args:
        folder: that was read.
        names: of files that were found; without one the folder's own entries are named.
    """
    names = names or sorted(f"{path.name}/" if path.is_dir() else path.name for path in folder.iterdir())
    return EdgedigitsError(
        f"no picture in {folder}, which holds {some(names)}" if names else f"{folder} is empty",
        f"give a folder with files that end in {', '.join(sorted(IMAGE_SUFFIXES))}",
    )


def some(names: Sequence[str], most: int = 8) -> str:
    """The first of some names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key in which runs of digits count as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part.lower()) for part in re.split(r"(\d+)", name)]
