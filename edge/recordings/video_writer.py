"""Writing a video frame by frame so that the file appears when it is finished, and what was seen is never lost."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2

from edgedigits.core.claiming import Claim
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors, try_to_write
from edgedigits.edge.recordings.pace import Pace
from edgedigits.edge.recordings.unfinished_video import readable_frames, settle_interrupted
from edgedigits.edge.sources.base import Image
from edgedigits.edge.sources.opencv_logs import opencv_quiet, opening_quietly

_log = logging.getLogger(__name__)

CODECS = {".avi": "MJPG", ".mp4": "mp4v"}
"""Container to codec: both are in every OpenCV from PyPI and decode 1280x720 in about 2 ms."""

RESERVE = 1 << 20
"""Bytes that a disk must have left for the end of a video: its buffers and the start of its index."""

INDEX_BYTES = 64
"""Bytes of the index for each frame, more than either container takes (AVI 16 and 8, MP4 at most 28)."""

_GROWS_WITHIN = {".avi": 200, ".mp4": 4000}  # frames; FFmpeg gathers 32 kB, and a still frame takes 200 and 20 bytes


class VideoWriter:
    """Writes frames to a hidden file beside ``path`` and renames it when closed.

    The first frame sets the size; a frame of another size is scaled to it. Closing also takes place after an error,
    so that what was seen until then is kept: OpenCV does not say when a write fails, so the room on the disk is looked
    at before each frame, and the video ends while its index still fits. Without a single frame no file is made. What
    an earlier program that was killed left behind is settled first: see :func:`settle_interrupted`.

    Attributes:
        path: of the finished video.
        frames: in the video so far.
    """

    def __init__(self, path: Path, *, force: bool = False) -> None:
        """Check the path; nothing is written before the first frame.

        Args:
            path: ends in ``.avi`` (motion JPEG) or ``.mp4`` (MPEG-4 part 2).
            force: replace a file that is there.

        Raises:
            EdgedigitsError: another suffix, the file exists, or nothing may be written there.
        """
        self._suffix = path.suffix.lower()
        if self._suffix not in CODECS:
            raise EdgedigitsError(f"cannot write a video to {path}", f"let its name end in {' or '.join(CODECS)}")
        for line in settle_interrupted(path):
            _log.warning("%s", line)
        if path.exists() and not force:
            raise EdgedigitsError(f"{path} exists", "choose another name, or add --force to replace it")
        try_to_write(path.parent, path)
        self.path = path
        self.frames = 0
        self._partial = path.with_name(f".{path.stem}-{os.getpid()}{self._suffix}")
        self._claim: Claim | None = None
        self._writer: cv2.VideoWriter | None = None
        self._pace = Pace()
        self._size = (0, 0)
        self._grown = (0, 0)  # bytes of the file when it was last seen to grow, and the frames it had then

    def write(self, image: Image, rate: float, moment: float | None = None) -> None:
        """Append a frame.

        Args:
            image: uint8 of shape (height, width, 3), BGR.
            rate: frames per second of the source as it tells; only the first frame's counts.
            moment: seconds at which the frame was seen, of a source that does not wait: the video then has the rate at
                which frames really came, and lasts as long as they did
                (:class:`edgedigits.edge.recordings.pace.Pace`). None for frames that follow one another at ``rate``.

        Raises:
            EdgedigitsError: the folder may not be written, or the disk is full.
        """
        if moment is None:
            self._append(image, rate)
            return
        self._append_each(self._pace.take(image, moment, rate))

    def _append_each(self, frames: Iterator[tuple[Image, int]]) -> None:
        for image, copies in frames:
            for _ in range(copies):
                self._append(image, self._pace.rate)

    def _append(self, image: Image, rate: float) -> None:
        if self._writer is None:
            self._size = (image.shape[1], image.shape[0])
            self._writer = self._start(rate)
        else:
            self._check_room()
        if (image.shape[1], image.shape[0]) != self._size:
            image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        with opencv_quiet():
            self._writer.write(image)
        self.frames += 1

    def _check_room(self) -> None:
        """Raise while there is room left to finish the video, or where the file does not grow any more."""
        size = self._partial.stat().st_size
        if size > self._grown[0]:
            self._grown = (size, self.frames)
        free = shutil.disk_usage(self.path.parent).free
        stuck = self.frames - self._grown[1] > _GROWS_WITHIN[self._suffix]
        if stuck or free < RESERVE + INDEX_BYTES * self.frames:
            self._pace = Pace()  # what it still holds finds no room either
            raise EdgedigitsError(
                f"no room left to write {self.path}: the recording ends with its frame {self.frames}",
                "free some disk space; what was recorded until then is kept" if self.frames else "free some disk space",
            )

    def _start(self, rate: float) -> cv2.VideoWriter:
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._partial.touch()
        self._claim = Claim(self._partial)
        self._check_room()
        codec = cv2.VideoWriter.fourcc(*CODECS[self._suffix])
        with opening_quietly():
            writer = cv2.VideoWriter(str(self._partial), codec, rate, self._size)
        if not writer.isOpened():
            self._clear()
            raise EdgedigitsError(f"OpenCV cannot write {self.path}", "choose the other of .avi and .mp4")
        return writer

    def close(self) -> None:
        """Finish the file, check that all frames are in it, and put it in its place.

        Raises:
            EdgedigitsError: the disk took less than all of it; what can be read of the video is kept.
        """
        try:
            self._append_each(self._pace.rest())
        finally:
            self._finish()

    def _finish(self) -> None:
        if self._writer is None:
            self._clear()
            return
        with opencv_quiet():
            self._writer.release()
        self._writer = None
        try:
            found = readable_frames(self._partial, self.frames)
            if found:
                with disk_errors(self.path):
                    with self._partial.open("rb+") as written:
                        os.fsync(written.fileno())
                    self._partial.replace(self.path)
            if found < self.frames:
                kept = f"{found} of {self.frames} frames could be written to {self.path}"
                raise EdgedigitsError(f"only {kept}", "free some disk space")
        finally:
            self._clear()

    def _clear(self) -> None:
        self._partial.unlink(missing_ok=True)
        if self._claim is not None:
            self._claim.release()
            self._claim = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
