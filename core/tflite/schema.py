"""The number of TFLite's schema in a file, which older tools left at 0, 1 or 2.

TFLite's runtimes refuse each number but 3. The number itself changes nothing: files whose constants stand where version
3 has them, such as ``person_detect.tflite`` of TensorFlow Lite Micro's examples, are read as it is.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

CURRENT = 3
"""Since 2017: constants stand in buffers of the model (tensorflow/lite/compiler/mlir/lite/schema/schema.fbs)."""


def schema_version(data: bytes) -> int:
    """Number of the schema that a TFLite file names; 0 where it names none, as in the schema.

    Raises:
        ValueError: the file is too short or damaged to tell.
    """
    place = _place(data)
    return int.from_bytes(data[place : place + 4], "little") if place else 0


def with_current_schema(data: bytes) -> bytes:
    """The same file with version 3, where it names an older one; else as it is.

    Raises:
        ValueError: as :func:`schema_version`.
    """
    place = _place(data)
    if not place or schema_version(data) >= CURRENT:
        return data
    return data[:place] + CURRENT.to_bytes(4, "little") + data[place + 4 :]


def model_arguments(path: Path) -> dict[str, Any]:
    """What an ``Interpreter`` of TFLite is given to load a file: its path, of one of an older schema its content."""
    data = path.read_bytes()
    try:
        changed = with_current_schema(data)
    except ValueError:  # the runtime says what is wrong with it
        changed = data
    return {"model_path": str(path)} if changed is data else {"model_content": changed}


def _place(data: bytes) -> int:
    """Where the number stands; 0 where the file leaves it out.

    It is the first field of the root table (https://flatbuffers.dev/internals): the table is named by the file's first
    word, its vtable by the table's, and a field by its place there.
    """
    try:
        (root,) = struct.unpack_from("<I", data, 0)
        (back,) = struct.unpack_from("<i", data, root)
        vtable = root - back
        length, _ = struct.unpack_from("<HH", data, vtable) if vtable >= 0 else (0, 0)
        offset = struct.unpack_from("<H", data, vtable + 4)[0] if length >= 6 else 0
    except struct.error as error:
        raise ValueError("its root lies outside of it") from error
    place = root + offset
    if place + 4 > len(data):
        raise ValueError("its root lies outside of it")
    return place if offset else 0
