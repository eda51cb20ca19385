"""Where pictures come from: one word of the user names it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.edge.sources.base import Image, Source
from edgedigits.edge.sources.cameras import Camera, PiCamera, Stream, cameras, cameras_found
from edgedigits.edge.sources.files import IMAGE_SUFFIXES, ImageFolder, VideoFile, videos_beside

__all__ = ["Camera", "Image", "ImageFolder", "PiCamera", "Source", "Stream", "VideoFile", "cameras", "open_source"]


def open_source(spec: StrPath) -> Source:
    """Choose the source that ``spec`` names. Use it with ``with``, or hand it to ``run_station``, which opens it.

    Args:
        spec: a camera's number (``0``) or device (``/dev/video0``); a video file; a folder of pictures; the address
            of a stream (``http://…``, ``rtsp://…``); ``picamera`` or ``picamera:1`` for a Raspberry Pi's own camera.

    Raises:
        EdgedigitsError: it is none of these, or no such file exists; lists what was found. Whether a device or
            stream answers shows when it is opened.
    """
    path, spec = Path(spec), os.fspath(spec)
    device = re.fullmatch(r"(?:/dev/video)?(\d+)", spec)
    if device and not path.is_dir():
        return Camera(int(device[1]))
    pi = re.fullmatch(r"picamera(?::(\d+))?", spec)
    if pi:
        return PiCamera(int(pi[1] or 0))
    if re.match(r"[a-z][a-z0-9+.-]*://", spec, re.IGNORECASE):
        return Stream(spec)
    if path.is_dir():
        return ImageFolder(path)
    if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
        raise EdgedigitsError(
            f"{path} is one picture", "`edgedigits predict` reads pictures; as a source, give its folder"
        )
    if path.is_file():
        return VideoFile(path)
    raise EdgedigitsError(
        f"no source {spec!r}: neither file nor folder, {cameras_found()}, {videos_beside(path)}",
        "give a camera's number, a video, a folder of pictures, a stream's address or `picamera`",
    )
