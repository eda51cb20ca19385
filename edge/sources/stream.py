"""Network streams that FFmpeg reads."""

from __future__ import annotations

import re

import cv2

from edgedigits.edge.sources.base import SILENCE_SECONDS, OpenCvSource, Source, SourceAway, SourceKind, rate_of
from edgedigits.edge.sources.opencv_logs import open_capture


class Stream(OpenCvSource):
    """A network stream that FFmpeg reads: ``http://`` (motion JPEG, HLS), ``rtsp://``, ``udp://`` and others."""

    live = True

    def __init__(self, url: str) -> None:
        super().__init__(_without_password(url))
        self._url = url

    def open(self) -> None:
        """Connect.

        Raises:
            SourceAway: nobody answers within 5 seconds, or what answers is no video.
        """
        milliseconds = int(SILENCE_SECONDS * 1000)
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, milliseconds, cv2.CAP_PROP_READ_TIMEOUT_MSEC, milliseconds]
        device = open_capture(self._url, cv2.CAP_FFMPEG, limits)
        if not device.isOpened():
            raise SourceAway(
                f"no video stream at {self.name}", "check the address, and that the camera is on and in this network"
            )
        self._device = device
        self.rate = rate_of(device)


def _without_password(url: str) -> str:
    """The address as it may be printed: cameras often carry their password in it."""
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", url)


def _named(word: str) -> Source | None:
    return Stream(word) if re.match(r"[a-z][a-z0-9+.-]*://", word, re.IGNORECASE) else None


KIND = SourceKind("a stream's address", _named)
