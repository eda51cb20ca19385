"""What every source of pictures has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.sources.opencv_logs import opencv_quiet

Image = NDArray[np.uint8]
"""A picture: uint8 of shape (height, width, 3), channels blue, green, red."""

SIZE = (1280, 720)
"""Width and height asked of cameras; one that cannot gives its nearest."""

SILENCE_SECONDS = 5.0
"""A stream or camera that gives no frame for so long counts as lost."""

USUAL_RATE = 30.0
"""Frames per second assumed where a source does not tell."""


class SourceAway(EdgedigitsError):
    """A camera or stream is not there now, and may come: what ``edgedigits camera --wait`` waits for."""


class FrameUnreadable(EdgedigitsError):
    """One picture of a source cannot be read; the next one may be, and :meth:`Source.read` goes on with it."""


class Source(ABC):
    """Pictures one after the other.

    A source is made without touching its device or file; :meth:`open` (or ``with source:``) does that, and may be
    called again after :meth:`close`.

    Attributes:
        name: what the user called it, without a password.
        live: the world does not wait: a frame not read in time is stale, and a source that falls silent may come
            back. False for files, which are read frame by frame to their end.
        rate: frames per second as the source tells, known once it is open.
        ended: a live one that has no more frames to give, and is not lost.
    """

    live: ClassVar[bool]

    def __init__(self, name: str) -> None:
        self.name = name
        self.rate = USUAL_RATE
        self.ended = False

    @abstractmethod
    def open(self) -> None:
        """Get hold of the device, file or connection.

        Raises:
            SourceAway: a live one is not there; tells what was found instead.
            EdgedigitsError: it does not exist or cannot be read.
        """

    @abstractmethod
    def read(self) -> Image | None:
        """The next picture, uint8 (height, width, 3) BGR; None at the end, or where a live source fell silent.

        Raises:
            FrameUnreadable: this one cannot be read; called again, it gives the one after it.
        """

    @abstractmethod
    def close(self) -> None:
        """Give the device, file or connection back; harmless when it is not open."""

    @property
    def position(self) -> float | None:
        """Seconds from the start of the recording to the picture read last; None where there is no such time."""
        return None

    @property
    def file(self) -> Path | None:
        """Of the picture read last, where each is a file of its own, which says nothing of the next; else None."""
        return None

    def __iter__(self) -> Iterator[Image]:
        """The pictures from here to the end."""
        while (image := self.read()) is not None:
            yield image

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class OpenCvSource(Source):
    """A source that ``cv2.VideoCapture`` reads: what :meth:`open` gets hold of stands in ``_device``."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._device: cv2.VideoCapture | None = None

    def read(self) -> Image | None:
        """Wait for the next frame; None where there is none."""
        if self._device is None:
            return None
        with opencv_quiet():
            found, image = self._device.read()
        return image if found else None  # type: ignore[return-value]

    def close(self) -> None:
        """Give the device, file or connection back."""
        if self._device is not None:
            with opencv_quiet():
                self._device.release()
            self._device = None


def rate_of(device: cv2.VideoCapture) -> float:
    """Frames per second that an open OpenCV capture tells, or the usual 30 where it tells nothing sensible."""
    rate = float(device.get(cv2.CAP_PROP_FPS))
    return rate if 0 < rate <= 1000 else USUAL_RATE


@dataclass(frozen=True)
class SourceKind:
    """A kind of source, as the registry knows it.

    Attributes:
        named: what a user gives for it, in words.
        of: the source that a word names; None where the word means none of this kind.
    """

    named: str
    of: Callable[[str], Source | None]
