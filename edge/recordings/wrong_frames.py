"""Which frames of a recording with a truth were read wrongly: as a list, and as a sheet of pictures for people."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgedigits.core.pictures.drawing import draw_text, text_size
from edgedigits.core.statistics.edits import edits
from edgedigits.edge.loop.loop import FrameReading
from edgedigits.edge.reading.annotation import annotate
from edgedigits.edge.recordings.recording import Recording
from edgedigits.edge.sources.base import Image

_WIDTH = 480
_CAPTION = 30
_COLUMNS = 2
_MOST_KEPT = 48
_WRONG = (0, 0, 230)
_INK = (40, 40, 40)


@dataclass(frozen=True)
class WrongFrame:
    """A frame that was not read exactly.

    Attributes:
        frame: its number, from 0.
        truth: what stands in it; lines joined by a newline.
        read: what was read, ``""`` for nothing, ``?`` for a rejected digit; None where the frame was not looked at.
    """

    frame: int
    truth: str
    read: str | None


class WrongFrames:
    """A sink that compares each frame with the truth, and keeps a picture of each kind of mistake.

    A sheet of paper that is held still is misread in the same way in many frames: these are one picture.
    """

    def __init__(self, recording: Recording) -> None:
        """Take the truth.

        Args:
            recording: that is going to be read.
        """
        self._recording = recording
        self._texts: dict[int, str] = {}
        self._pictures: dict[tuple[str, str], Image] = {}

    def take(self, frame_reading: FrameReading) -> bool:
        """Compare a frame."""
        index, text = frame_reading.frame.index, frame_reading.reading.text
        self._texts[index] = text
        truth = self._recording.texts[index] if index < len(self._recording.texts) else ""
        key = (truth, text)
        if text != truth and key not in self._pictures and len(self._pictures) < _MOST_KEPT:
            self._pictures[key] = _marked(frame_reading, truth)
        return True

    @property
    def found(self) -> tuple[WrongFrame, ...]:
        """All frames that were not read exactly, in their order."""
        return tuple(
            WrongFrame(index, truth, self._texts.get(index))
            for index, truth in enumerate(self._recording.texts)
            if self._texts.get(index) != truth
        )

    def sheet(self, most: int = 12) -> Image:
        """The most frequent mistakes, each with its first frame, its wrong digits boxed in red, and how many it has.

        Args:
            most: pictures to show.

        Returns:
            uint8 BGR; a line of text where nothing is wrong.
        """
        frames: dict[tuple[str, str], list[int]] = {}
        for wrong in self.found:
            frames.setdefault((wrong.truth, wrong.read or ""), []).append(wrong.frame)
        shown = sorted((key for key in frames if key in self._pictures), key=lambda key: -len(frames[key]))[:most]
        if not shown:
            return _caption("every frame was read exactly" if not frames else "no frame was looked at")
        cells = [np.vstack([self._pictures[key], _caption(_words(key, frames[key]))]) for key in shown]
        cells += [np.full_like(cells[0], 255)] * (-len(cells) % _COLUMNS)
        rows = [np.hstack(cells[start : start + _COLUMNS]) for start in range(0, len(cells), _COLUMNS)]
        return np.vstack(rows)


def _marked(frame_reading: FrameReading, truth: str) -> Image:
    """The frame, reduced, with its digits as they were read; those that are not the truth's in thick red boxes."""
    picture = annotate(frame_reading.frame.image, frame_reading.reading)
    places = [place for place, character in enumerate(frame_reading.reading.text) if character != "\n"]
    digits = dict(zip(places, frame_reading.reading.digits, strict=True))
    stroke = max(3, round(picture.shape[1] / 200))
    for _, place in edits(truth, frame_reading.reading.text):
        if place is not None and place in digits:
            x, y, width, height = digits[place].box
            corners = (x - stroke, y - stroke), (x + width + stroke, y + height + stroke)
            cv2.rectangle(picture, *corners, _WRONG, stroke)
    height = round(_WIDTH * picture.shape[0] / picture.shape[1])
    reduced: Image = cv2.resize(picture, (_WIDTH, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return reduced


def _words(key: tuple[str, str], frames: list[int]) -> str:
    truth, read = (text.replace("\n", " / ") for text in key)
    more = f" (+{len(frames) - 1} like it)" if len(frames) > 1 else ""
    return f"frame {frames[0]}{more}: {truth} read as {read or 'nothing'}"


def _caption(text: str) -> Image:
    """A line of text as wide as a picture."""
    field = np.full((_CAPTION, _WIDTH, 3), 255, np.uint8)
    wide, _ = text_size(text, 0.45)
    draw_text(field, text, (6, 19), 0.45 * min(1.0, (_WIDTH - 12) / max(wide, 1)), _INK)
    return field
