"""What a file is that OpenCV does not read as a picture, as far as its first and last bytes tell, and what to do."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError

_PHONES = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF", b"msf1": "HEIF", b"avif": "AVIF"}
"""Kinds of picture that phones write and OpenCV's wheels do not read, by the brand in their ninth byte."""

_CUT = "copy it again from where it came, or save it anew"
_AS_PICTURE = "save it as JPEG or PNG"
_VIDEO = rb"RIFF....AVI |\x1a\x45\xdf\xa3|....ftyp"

_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (rb"\xff\xd8\xff", "is a JPEG that is cut short or damaged", _CUT),
    (rb"\x89PNG\r\n", "is a PNG that is cut short or damaged", _CUT),
    (rb"RIFF....WEBP", "is a WebP that is cut short or damaged", _CUT),
    (rb"II\*\x00|MM\x00\*", "is a TIFF that OpenCV does not read, or it is damaged", _AS_PICTURE),
    (rb"GIF8", "is a GIF that OpenCV does not read here", _AS_PICTURE),
    (rb"%PDF", "is a PDF, not a picture", "save its pages as JPEG or PNG"),
    (rb"PK\x03\x04", "is an archive or a document, not a picture", "unpack it, or save its pictures as JPEG or PNG"),
    (_VIDEO, "is a video, not a picture", "`edgedigits camera --source FILE` reads videos"),
    (rb"\s*(<\?xml.*)?<svg", "is an SVG drawing, which OpenCV does not read", "save it as PNG"),
    (rb"\s*(<!doctype html|<html)", "is a web page, not a picture", "download the picture itself"),
)
"""How files begin, what they are then, and what to do."""

_BEGINNING = 1000


def no_picture(path: Path, data: bytes) -> EdgedigitsError:
    """What to raise of a file that OpenCV does not read.

    Args:
        path: of the file, for the message.
        data: all of it.
    """
    if phone := _phone(data):
        return EdgedigitsError(f"{path} is a {phone} picture, which OpenCV does not read", _AS_PICTURE)
    begins = data[:_BEGINNING]
    for pattern, what, remedy in _KINDS:
        if re.match(pattern, begins, re.DOTALL | re.IGNORECASE):
            return EdgedigitsError(f"{path} {what}", remedy.replace("FILE", shlex.quote(str(path))))
    if _is_text(begins):
        return EdgedigitsError(f"{path} is text, not a picture", "give a JPEG or PNG file")
    return EdgedigitsError(f"{path} is no picture that OpenCV reads, or it is damaged", "give a JPEG or PNG file")


def is_video(path: Path) -> bool:
    """Whether a file begins as a video does, whatever it is called."""
    try:
        with path.open("rb") as file:
            begins = file.read(_BEGINNING)
    except OSError:
        return False
    return not _phone(begins) and re.match(_VIDEO, begins, re.DOTALL) is not None


def _phone(data: bytes) -> str:
    """The kind of a phone's picture; empty where it is none."""
    return _PHONES.get(data[8:12], "") if data[4:8] == b"ftyp" else ""


def _is_text(begins: bytes) -> bool:
    """Whether bytes are letters of UTF-8, the last of which may be cut."""
    text = begins.decode("utf-8", errors="ignore")
    lost = len(begins) - len(text.encode())
    return lost < 4 and all(letter.isprintable() or letter.isspace() for letter in text)
