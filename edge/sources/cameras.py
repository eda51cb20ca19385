"""Sources that are live: USB cameras, network streams and the Raspberry Pi's own camera."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import cv2

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.sources.base import USUAL_RATE, Image, OpenCvSource, Source, SourceAway, rate_of
from edgedigits.edge.sources.opencv_logs import open_capture, opencv_quiet

SIZE = (1280, 720)
"""Width and height asked of cameras; one that cannot gives its nearest."""

SILENCE_SECONDS = 5.0
"""A stream or camera that gives no frame for so long counts as lost."""

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
