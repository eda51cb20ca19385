"""Writing a video frame by frame so that the file appears whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors
from edgedigits.edge.source_base import Image

CODECS = {".avi": "MJPG", ".mp4": "mp4v"}
"""Container to codec: both are in every OpenCV from PyPI and decode 1280x720 in about 2 ms."""


class VideoWriter:
    """Writes frames to a hidden file beside ``path`` and renames it when closed.

    The first frame sets the size; a frame of another size is scaled to it. Closing also takes place after an error,
    so that what was seen until then is kept. Without a single frame no file is made.

    Attributes:
        path: of the finished video.
        frames: written so far.
    """

    def __init__(self, path: Path, *, force: bool = False) -> None:
        """Check the path; nothing is written before the first frame.

        Args:
            path: ends in ``.avi`` (motion JPEG) or ``.mp4`` (MPEG-4 part 2).
            force: replace a file that is there.

        Raises:
            EdgedigitsError: another suffix, or the file exists.
        """
        if path.suffix.lower() not in CODECS:
            raise EdgedigitsError(f"cannot write a video to {path}", f"let its name end in {' or '.join(CODECS)}")
        if path.exists() and not force:
            raise EdgedigitsError(f"{path} exists", "choose another name, or add --force to replace it")
        self.path = path
        self.frames = 0
        self._partial = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix.lower()}")
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def write(self, image: Image, rate: float) -> None:
        """Append a frame.

        Args:
            image: uint8 of shape (height, width, 3), BGR.
            rate: frames per second of the video; only the first frame's counts.

        Raises:
            EdgedigitsError: the folder may not be written.
        """
        if self._writer is None:
            self._size = (image.shape[1], image.shape[0])
            self._writer = self._start(rate)
        if (image.shape[1], image.shape[0]) != self._size:
            image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        self._writer.write(image)
        self.frames += 1

    def _start(self, rate: float) -> cv2.VideoWriter:
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._partial.touch()
        codec = cv2.VideoWriter.fourcc(*CODECS[self.path.suffix.lower()])
        writer = cv2.VideoWriter(str(self._partial), codec, rate, self._size)
        if not writer.isOpened():
            self._partial.unlink(missing_ok=True)
            raise EdgedigitsError(f"OpenCV cannot write {self.path}", "choose the other of .avi and .mp4")
        return writer

    def close(self) -> None:
        """Finish the file, check that all frames are in it, and put it in its place.

        Raises:
            EdgedigitsError: the disk took less than all of it; the unfinished file is removed.
        """
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        try:
            # OpenCV does not say when a write fails.
            found = _frames_in(self._partial)
            if found < self.frames:
                raise EdgedigitsError(
                    f"only {found} of {self.frames} frames could be written to {self.path}", "free some disk space"
                )
            with disk_errors(self.path):
                with self._partial.open("rb+") as written:
                    os.fsync(written.fileno())
                self._partial.replace(self.path)
        finally:
            self._partial.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _frames_in(path: Path) -> int:
    """Frames that the header of a video tells, 0 where it cannot be opened."""
    device = cv2.VideoCapture(str(path))
    frames = int(device.get(cv2.CAP_PROP_FRAME_COUNT)) if device.isOpened() else 0
    device.release()
    return frames
