"""Whether the camera's pictures can be read at all: black and frozen ones are an alarm, not silence."""

from __future__ import annotations

import cv2
import numpy as np

from edgedigits.edge.sources.base import Image
from edgedigits.edge.station.alarms import Alarms

DARK, FROZEN = "dark picture", "frozen picture"

_SIZE = (64, 36)
_BLACK = 12.0
"""Mean grey level below which a picture is black."""

_EVEN = 4.0
"""Standard deviation of the grey levels below which nothing shows in it."""


class PictureHealth:
    """Watches the frames of one source.

    A sensor's noise lets no two frames be the same, so frames that are equal pixel by pixel are one frame again and
    again. That says nothing of files, of which only blackness is told.
    """

    def __init__(self, alarms: Alarms, seconds: float) -> None:
        """Begin with a healthy picture.

        Args:
            alarms: that are raised and ended.
            seconds: for which pictures may be black or frozen.
        """
        self._alarms, self._seconds = alarms, seconds
        self._bright_at: float | None = None
        self._moved_at: float | None = None
        self._last: Image | None = None

    def look(self, image: Image, moment: float, live: bool) -> None:
        """Look at a frame.

        Args:
            image: uint8 (height, width, 3).
            moment: seconds of a clock that never goes back.
            live: whether it is of a camera.
        """
        small = np.asarray(cv2.resize(image, _SIZE, interpolation=cv2.INTER_NEAREST), np.uint8)
        is_black = float(small.mean()) < _BLACK and float(small.std()) < _EVEN
        self._bright_at = moment if not is_black or self._bright_at is None else self._bright_at
        is_same = live and self._last is not None and np.array_equal(small, self._last)
        self._moved_at = moment if not is_same or self._moved_at is None else self._moved_at
        self._last = small
        self._say(DARK, moment - self._bright_at, "the picture is black: look at the lens and the light")
        self._say(FROZEN, moment - self._moved_at, "the camera gives the same picture again and again: plug it in anew")

    def _say(self, name: str, spent: float, words: str) -> None:
        if spent >= self._seconds:
            self._alarms.set(name, words)
        elif spent == 0:
            self._alarms.clear(name)
