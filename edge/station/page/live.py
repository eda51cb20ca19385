"""The picture of the running loop, as the page shows it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2

from edgedigits.core.pictures.drawing import draw_text, text_size
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import Image

NARROWEST, WIDEST = 160, 1280
"""Pixels that a picture for the page is wide."""

RATE_OVER = 5.0
"""Seconds over which frames are counted for their rate."""

_QUALITY = 80
_INK = (255, 255, 255)
_COLOURS = {"accepted": (60, 120, 20), "keyed": (150, 80, 20), "rejected": (40, 40, 190)}  # BGR, 4.5:1 against white
_OTHER = (90, 90, 90)
_MARKS = {"rejected": "? "}
_SCALE = 0.55


@dataclass(frozen=True)
class _Shown:
    """What was published last, with its number."""

    number: int
    image: Image
    boxes: tuple[tuple[Box, str, str], ...]
    whole: Image


class LiveState:
    """The newest frame and the pieces in view; drawn and encoded only when somebody looks.

    Args:
        now: clock of the rates, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._shown: _Shown | None = None
        self._times: deque[float] = deque(maxlen=1000)
        self._times_lock = threading.Lock()  # the loop appends while a page counts
        self._encoding = threading.Lock()  # several pages want one picture: the first encodes it
        self._encoded: dict[tuple[int, bool], tuple[int, bytes]] = {}

    def publish(self, image: Image, boxes: Sequence[tuple[Box, str, str]], whole: Image | None = None) -> None:
        """Take over a frame; costs next to nothing. Nobody changes the pictures afterwards.

        Args:
            image: the part that is looked at, upright.
            boxes: of each piece in view: where in ``image``, words, and its outcome or ``reading``.
            whole: the camera's own picture, in whose pixels the region is given; ``image`` where it is not told.
        """
        before = self._shown
        whole = image if whole is None else whole
        self._shown = _Shown(before.number + 1 if before else 1, image, tuple(boxes), whole)
        with self._times_lock:
            self._times.append(self._now())

    @property
    def number(self) -> int:
        """Of the newest frame, from 1; 0 before the first."""
        return self._shown.number if self._shown else 0

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the camera's picture in pixels; None before the first."""
        if self._shown is None:
            return None
        height, width = self._shown.whole.shape[:2]
        return width, height

    def rates(self) -> dict[str, float]:
        """Frames a second over the last seconds."""
        now = self._now()
        with self._times_lock:
            recent = [one for one in self._times if one > now - RATE_OVER]
        if len(recent) < 2:
            return {"frames_per_second": 0.0}
        return {"frames_per_second": round((len(recent) - 1) / max(1e-6, now - recent[0]), 1)}

    def jpeg(self, width: int, *, whole: bool = False) -> bytes | None:
        """The newest picture as JPEG.

        Args:
            width: in pixels, moved to 160 to 1,280 and never more than the camera's.
            whole: the camera's own picture, in place of the part that is looked at with the pieces drawn into it.

        Returns:
            None before the first frame.
        """
        shown = self._shown
        if shown is None:
            return None
        image = shown.whole if whole else shown.image
        width = min(max(width, NARROWEST), WIDEST, image.shape[1])
        with self._encoding:
            number, data = self._encoded.get((width, whole), (0, b""))
            if number < shown.number:
                data = _encoded(image, () if whole else shown.boxes, width)
                if len(self._encoded) >= 4:  # windows of many widths must not keep a picture each
                    self._encoded.clear()
                self._encoded[width, whole] = (shown.number, data)
            return data


def _encoded(image: Image, boxes: Sequence[tuple[Box, str, str]], width: int) -> bytes:
    scale = width / image.shape[1]
    height = max(1, round(image.shape[0] * scale))
    canvas = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) if scale < 1 else image.copy()
    for box, words, outcome in boxes:
        _draw(canvas, [round(side * scale) for side in box], words, outcome)  # type: ignore[arg-type]
    return bytes(cv2.imencode(".jpg", canvas, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))[1])


def _draw(canvas: Image, box: list[int], words: str, outcome: str) -> None:
    """A frame around a piece and its words on a plate; what was rejected has a question mark, not just a colour."""
    x, y, width, height = box
    colour = _COLOURS.get(outcome, _OTHER)
    cv2.rectangle(canvas, (x, y), (x + width - 1, y + height - 1), colour, 2)
    text = (_MARKS.get(outcome, "") + words).encode("ascii", "replace").decode()
    if not text:
        return
    wide, high = text_size(text, _SCALE)
    left = min(max(0, x - 1), max(0, canvas.shape[1] - wide - 12))
    bottom = min(max(high + 12, y), canvas.shape[0] - 1)
    cv2.rectangle(canvas, (left, bottom - high - 12), (left + wide + 12, bottom), colour, cv2.FILLED)
    draw_text(canvas, text, (left + 6, bottom - 6), _SCALE, _INK)
