"""How a picture file says that it is to be turned: the orientation tag of its EXIF data.

OpenCV obeys it in some formats and not in others (never in WebP, never where it keeps transparency or 16 bits), so that
it is read here. The tag stands in a small TIFF file inside the picture: CIPA DC-008 (EXIF 2.32), TIFF 6.0.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

ORIENTATION = 0x0112
PHOTOMETRIC = 0x0106
"""Tag of a TIFF file that says what its channels are; 5 are cyan, magenta, yellow and black."""

_SHORT = 3
_INTRODUCTION = b"Exif\0\0"


def orientation_of(data: bytes) -> int:
    """The orientation, 1 to 8, that a JPEG, PNG or WebP file asks for; 1 (as it is) where it says nothing.

    OpenCV turns TIFF files itself, whatever it is asked for.
    """
    if data[:2] == b"\xff\xd8":
        exif = _in_jpeg(data)
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        exif = _in_chunks(data, 8, b"eXIf", ">", length_first=True)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        exif = _in_chunks(data, 12, b"EXIF", "<", length_first=False)
    else:
        return 1
    value = tiff_tag(exif.removeprefix(_INTRODUCTION), ORIENTATION)
    return value if 1 <= value <= 8 else 1


def turned(pictures: NDArray[Any], orientation: int, rows: int = 0) -> NDArray[Any]:
    """A picture upright, or several, that were stored in one of EXIF's eight orientations.

    Args:
        pictures: (height, width) or (height, width, channels), or with axes before these.
        orientation: 1 to 8, as EXIF counts them; 6 is a phone that was held upright.
        rows: the axis of the height; the next one is that of the width.
    """
    if orientation >= 5:
        pictures = np.swapaxes(pictures, rows, rows + 1)
    if orientation in {3, 4, 7, 8}:
        pictures = np.flip(pictures, rows)
    if orientation in {2, 3, 6, 7}:
        pictures = np.flip(pictures, rows + 1)
    return np.ascontiguousarray(pictures)


def tiff_tag(data: bytes, tag: int) -> int:
    """A tag of 16 bits in the first directory of a TIFF file; 0 where it is not there or the file is cut short."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    try:
        if order is None:
            return 0
        start = struct.unpack_from(f"{order}I", data, 4)[0]
        for number in range(struct.unpack_from(f"{order}H", data, start)[0]):
            name, kind, _, value = struct.unpack_from(f"{order}HHIH", data, start + 2 + 12 * number)
            if name == tag and kind == _SHORT:
                return int(value)
    except struct.error:
        return 0
    return 0


def _in_jpeg(data: bytes) -> bytes:
    """The EXIF segment of a JPEG file, which stands before its picture."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker, length = struct.unpack_from(">BH", data, place + 1)
        body = data[place + 4 : place + 2 + length]
        if marker == 0xE1 and body.startswith(_INTRODUCTION):
            return body
        if marker == 0xDA:
            break
        place += 2 + length
    return b""


def _in_chunks(data: bytes, start: int, name: bytes, order: str, *, length_first: bool) -> bytes:
    """A chunk of a PNG file (length, name, body, checksum) or of a WebP file (name, length, body of even length)."""
    place = start
    while place + 8 <= len(data):
        fields = struct.unpack_from(f"{order}I4s" if length_first else f"{order}4sI", data, place)
        found, length = (fields[1], fields[0]) if length_first else fields
        if found == name:
            return data[place + 8 : place + 8 + length]
        place += 8 + length + (4 if length_first else length % 2)
    return b""


def is_cmyk_tiff(data: bytes) -> bool:
    """Whether a file is a TIFF whose four channels are printing inks, which OpenCV would give out for transparency."""
    return tiff_tag(data, PHOTOMETRIC) == 5
