"""Showing what is read while it is read: in a window, or in a video."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.edge.loop.loop import FrameReading
from edgedigits.edge.reading.annotation import annotate
from edgedigits.edge.recordings.video_writer import VideoWriter

_TITLE = "edgedigits"
_QUIT = {ord("q"), 27}


WINDOW = "window"


def open_preview(where: StrPath, *, force: bool = False) -> VideoPreview | WindowPreview:
    """The sink that ``where`` names; use it with ``with``.

    Args:
        where: ``window``, or the path of a video that ends in ``.avi`` or ``.mp4``.
        force: replace a video that is there.

    Raises:
        EdgedigitsError: no window can be opened, or the path will not do.
    """
    return WindowPreview() if where == WINDOW else VideoPreview(where, force=force)


class VideoPreview:
    """A sink that writes each frame with its digits marked to a video; use it with ``with``.

    The video of a live source lasts as long as what it shows (:class:`edgedigits.edge.recordings.pace.Pace`).
    """

    def __init__(self, path: StrPath, *, force: bool = False) -> None:
        """Check the path.

        Args:
            path: ends in ``.avi`` or ``.mp4``.
            force: replace a file that is there.

        Raises:
            EdgedigitsError: another suffix, or the file exists.
        """
        path = Path(path)
        self._writer = VideoWriter(path, force=force)

    def take(self, frame_reading: FrameReading) -> bool:
        """Append a frame."""
        frame = frame_reading.frame
        moment = frame.started + frame.fetch_seconds if frame.live else None
        self._writer.write(annotate(frame.image, frame_reading.reading), frame.rate, moment)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()


class WindowPreview:
    """A sink that shows each frame with its digits marked in a window; ``q``, Escape or closing it ends the loop."""

    def __init__(self) -> None:
        """Open the window.

        Raises:
            EdgedigitsError: this OpenCV has no windows, or there is no screen.
        """
        if "GUI:                           NONE" in cv2.getBuildInformation():
            raise EdgedigitsError(
                "this OpenCV is the headless one, which opens no window",
                '`pip uninstall opencv-python-headless`, then `pip install "edgedigits[desktop]"` (never both at '
                "once); or write the preview to a video",
            )
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            # Qt inside OpenCV ends the whole program here instead of raising.
            raise EdgedigitsError("there is no screen to open a window on", "write the preview to a video")
        cv2.namedWindow(_TITLE, cv2.WINDOW_NORMAL)

    def take(self, frame_reading: FrameReading) -> bool:
        """Show a frame; False once the user closed the window or pressed ``q`` or Escape."""
        cv2.imshow(_TITLE, annotate(frame_reading.frame.image, frame_reading.reading))
        if cv2.waitKey(1) & 0xFF in _QUIT:
            return False
        return cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) >= 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        cv2.destroyAllWindows()
