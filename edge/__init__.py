"""The edge: finding and reading digits in pictures, from files to cameras, with the runtime of a Raspberry Pi.

>>> from edgedigits.edge import DigitReader, load_image
>>> DigitReader("builtin").read(load_image("photo.jpg")).text
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

if TYPE_CHECKING:
    from edgedigits.core.pretrained.bundled import (
        bundled_float_line_model,
        bundled_float_model,
        bundled_line_model,
        bundled_model,
    )
    from edgedigits.edge.fields import FieldsResult, measure_fields
    from edgedigits.edge.loop.empty_frames import EmptyFrames
    from edgedigits.edge.loop.loop import JsonLines, LoopResult, Sink, Transcript, run_loop, stop_on_signals
    from edgedigits.edge.loop.preview import VideoPreview, WindowPreview
    from edgedigits.edge.reading.annotation import annotate
    from edgedigits.edge.reading.line_reader import LineReader
    from edgedigits.edge.reading.pictures import load_image
    from edgedigits.edge.reading.reader import DigitReader
    from edgedigits.edge.reading.reading import Digit, Reading
    from edgedigits.edge.recordings.recording import Recording, compose_recording, read_recording
    from edgedigits.edge.recordings.sheets import Misreading, Sheet, sheets_of
    from edgedigits.edge.recordings.wrong_frames import WrongFrame, WrongFrames
    from edgedigits.edge.sources.base import Source
    from edgedigits.edge.sources.image_folder import ImageFolder
    from edgedigits.edge.sources.pi_camera import PiCamera
    from edgedigits.edge.sources.registry import open_source
    from edgedigits.edge.sources.stream import Stream
    from edgedigits.edge.sources.usb_camera import Camera
    from edgedigits.edge.sources.video_file import VideoFile

__all__ = [
    "Camera",
    "Digit",
    "DigitReader",
    "EmptyFrames",
    "FieldsResult",
    "ImageFolder",
    "JsonLines",
    "LineReader",
    "LoopResult",
    "Misreading",
    "PiCamera",
    "Reading",
    "Recording",
    "Sheet",
    "Sink",
    "Source",
    "Stream",
    "Transcript",
    "VideoFile",
    "VideoPreview",
    "WindowPreview",
    "WrongFrame",
    "WrongFrames",
    "annotate",
    "bundled_float_line_model",
    "bundled_float_model",
    "bundled_line_model",
    "bundled_model",
    "compose_recording",
    "load_image",
    "measure_fields",
    "open_source",
    "read_recording",
    "run_loop",
    "sheets_of",
    "stop_on_signals",
]

__getattr__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(
            ("bundled_float_line_model", "bundled_float_model", "bundled_line_model", "bundled_model"),
            "edgedigits.core.pretrained.bundled",
        ),
        **dict.fromkeys(("FieldsResult", "measure_fields"), "fields"),
        **dict.fromkeys(("VideoPreview", "WindowPreview"), "loop.preview"),
        **dict.fromkeys(("Digit", "Reading"), "reading.reading"),
        **dict.fromkeys(("Recording", "compose_recording", "read_recording"), "recordings.recording"),
        "Camera": "sources.usb_camera",
        "EmptyFrames": "loop.empty_frames",
        "ImageFolder": "sources.image_folder",
        "PiCamera": "sources.pi_camera",
        "Source": "sources.base",
        "Stream": "sources.stream",
        "VideoFile": "sources.video_file",
        "open_source": "sources.registry",
        **dict.fromkeys(("JsonLines", "Sink", "LoopResult", "Transcript", "run_loop", "stop_on_signals"), "loop.loop"),
        **dict.fromkeys(("Misreading", "Sheet", "sheets_of"), "recordings.sheets"),
        **dict.fromkeys(("WrongFrame", "WrongFrames"), "recordings.wrong_frames"),
        "DigitReader": "reading.reader",
        "LineReader": "reading.line_reader",
        "annotate": "reading.annotation",
        "load_image": "reading.pictures",
    },
)
