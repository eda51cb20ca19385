"""The Raspberry Pi's own camera."""

from __future__ import annotations

import re
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.sources.base import SILENCE_SECONDS, SIZE, USUAL_RATE, Image, Source, SourceAway, SourceKind


class PiCamera(Source):
    """A camera on the Raspberry Pi's ribbon connector, through picamera2.

    Since Raspberry Pi OS Bookworm these do not open with OpenCV. picamera2 comes from Debian's packages (it needs
    the system's libcamera), so the environment must see the system's packages.
    """

    live = True

    def __init__(self, index: int) -> None:
        super().__init__(f"picamera:{index}")
        self._index = index
        self._device: Any = None

    def open(self) -> None:
        """Start the camera at 1280x720.

        Raises:
            SourceAway: there is no such camera; lists the cameras found.
            EdgedigitsError: picamera2 is missing.
        """
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise EdgedigitsError(
                f"the package picamera2, which reads {self.name}, is missing",
                "on a Raspberry Pi: `sudo apt install python3-picamera2`, and make the environment with "
                "`python3 -m venv --system-site-packages`",
            ) from error
        found = [str(info.get("Model", "no name")) for info in Picamera2.global_camera_info()]
        if self._index >= len(found):
            raise SourceAway(
                f"no Pi camera {self._index}; found {', '.join(found) or 'none'}",
                "check the ribbon cable (power off first) and `rpicam-hello --list-cameras`",
            )
        try:
            self._device = Picamera2(self._index)
            # picamera2's RGB888 lies in memory as blue, green, red: what OpenCV takes.
            self._device.configure(
                self._device.create_video_configuration(main={"size": SIZE, "format": "RGB888"}, buffer_count=4)
            )
            self._device.start()
        except RuntimeError as error:
            self.close()
            raise SourceAway(f"{self.name} does not start ({error})", "close other programs that use it") from error
        self.rate = USUAL_RATE

    def read(self) -> Image | None:
        """Wait for the next frame; None where the camera gives none for 5 seconds."""
        if self._device is None:
            return None
        try:
            job = self._device.capture_array("main", wait=False)
            image: Image = self._device.wait(job, timeout=SILENCE_SECONDS)
        except (TimeoutError, RuntimeError):
            return None
        return image

    def close(self) -> None:
        """Stop the camera and let it go."""
        if self._device is not None:
            self._device.close()
            self._device = None


def _named(word: str) -> Source | None:
    found = re.fullmatch(r"picamera(?::(\d+))?", word)
    return PiCamera(int(found[1] or 0)) if found else None


KIND = SourceKind("`picamera`", _named)
