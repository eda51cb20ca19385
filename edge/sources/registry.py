"""Where pictures come from: one word of the user names it."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.edge.sources.base import Source, SourceKind
from edgedigits.edge.sources.usb_camera import cameras_found
from edgedigits.edge.sources.video_file import videos_beside

MODULES = ("usb_camera", "pi_camera", "stream", "simulated_mail", "image_folder", "video_file")
"""Modules beside this one, each with a ``KIND``; the first that knows a word takes it."""

KINDS: tuple[SourceKind, ...] = tuple(import_module(f"{__package__}.{module}").KIND for module in MODULES)


def open_source(spec: StrPath) -> Source:
    """Choose the source that ``spec`` names. Use it with ``with``, or hand it to ``run_loop``, which opens it.

    Args:
        spec: a camera's number (``0``) or device (``/dev/video0``); a video file; a folder of pictures; the address
            of a stream (``http://…``, ``rtsp://…``); ``picamera`` or ``picamera:1`` for a Raspberry Pi's own camera;
            ``mail:ordinary`` for simulated mail (module :mod:`edgedigits.edge.sources.simulated_mail`).

    Raises:
        EdgedigitsError: it is none of these, or no such file exists; lists what was found. Whether a device or
            stream answers shows when it is opened.
    """
    word = os.fspath(spec)
    found = next((source for kind in KINDS if (source := kind.of(word)) is not None), None)
    if found is not None:
        return found
    *others, last = (kind.named for kind in KINDS)
    raise EdgedigitsError(
        f"no source {word!r}: neither file nor folder, {cameras_found()}, {videos_beside(Path(word))}",
        f"give {', '.join(others)} or {last}",
    )
