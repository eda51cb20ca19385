"""Cameras that the operating system numbers: USB cameras, and what else Video4Linux offers."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import cv2

from edgedigits.edge.sources.base import SIZE, OpenCvSource, Source, SourceAway, SourceKind, rate_of
from edgedigits.edge.sources.opencv_logs import open_capture, opencv_quiet

_DEVICES = Path("/sys/class/video4linux")
_CSI_HINT = "the Raspberry Pi's own camera is `--source picamera`, not a number"


def cameras(devices: Path = _DEVICES) -> list[str]:
    """Video devices that Linux knows, as ``/dev/video0 (its name)``, in order of their numbers.

    Args:
        devices: the folder where the kernel lists them.
    """
    if not devices.is_dir():
        return []
    entries = sorted(
        (int(entry.name.removeprefix("video")), entry)
        for entry in devices.iterdir()
        if re.fullmatch(r"video\d+", entry.name)
    )
    return [f"/dev/video{number} ({_device_name(entry)})" for number, entry in entries]


def _device_name(entry: Path) -> str:
    name = entry / "name"
    return name.read_text(encoding="utf-8", errors="replace").strip() if name.is_file() else "no name"


def cameras_found(devices: Path = _DEVICES) -> str:
    """What to tell a user whose camera is not there: the devices that are."""
    found = cameras(devices)
    return f"found {', '.join(found)}" if found else "found no video device at all"


class Camera(OpenCvSource):
    """A camera that the operating system numbers: USB cameras, and what else Video4Linux offers."""

    live = True

    def __init__(self, index: int) -> None:
        super().__init__(f"camera {index}")
        self._index = index

    def open(self) -> None:
        """Open the camera and ask it for 1280x720 as motion JPEG, which USB 2 carries at 30 frames a second.

        Raises:
            SourceAway: there is no such camera, or another program holds it; lists the cameras found.
        """
        linux = sys.platform == "linux"
        if linux and not Path(f"/dev/video{self._index}").exists():
            raise SourceAway(f"no camera {self._index}; {cameras_found()}", f"plug one in; {_CSI_HINT}")
        device = open_capture(self._index, cv2.CAP_V4L2 if linux else cv2.CAP_ANY)
        if not device.isOpened():
            raise SourceAway(
                f"camera {self._index} does not open; {cameras_found()}",
                f"close other programs that use it, and check that you may read /dev/video{self._index}; {_CSI_HINT}",
            )
        with opencv_quiet():
            device.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            device.set(cv2.CAP_PROP_FRAME_WIDTH, SIZE[0])
            device.set(cv2.CAP_PROP_FRAME_HEIGHT, SIZE[1])
            device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._device = device
        self.rate = rate_of(device)


def _named(word: str) -> Source | None:
    number = re.fullmatch(r"(?:/dev/video)?(\d+)", word)
    return Camera(int(number[1])) if number and not Path(word).is_dir() else None


KIND = SourceKind("a camera's number", _named)
