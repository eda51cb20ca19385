"""Video files. Every frame of them is read, none is dropped."""

from __future__ import annotations

from pathlib import Path

import cv2

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.edge.sources.base import Image, OpenCvSource, Source, SourceKind, rate_of
from edgedigits.edge.sources.opencv_logs import open_capture
from edgedigits.edge.sources.picture_files import folder_named, some

VIDEO_SUFFIXES = frozenset({".avi", ".mp4", ".m4v", ".mkv", ".mov", ".mpg", ".mpeg", ".webm", ".wmv", ".ts", ".mjpeg"})

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


def _backend() -> int:
    """FFmpeg where OpenCV has it, as from PyPI: its other readers of files complain to stderr whatever is set."""
    return cv2.CAP_FFMPEG if cv2.CAP_FFMPEG in cv2.videoio_registry.getStreamBackends() else cv2.CAP_ANY


def videos_beside(path: Path) -> str:
    """What to tell a user whose video is not there: the videos in the folder it should be in."""
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder}"
    names = sorted(other.name for other in folder.iterdir() if other.suffix.lower() in VIDEO_SUFFIXES)
    return f"{folder_named(folder)} holds {some(names) if names else 'no video'}"


def _named(word: str) -> Source | None:
    return VideoFile(word) if Path(word).is_file() else None


KIND = SourceKind("a video", _named)
