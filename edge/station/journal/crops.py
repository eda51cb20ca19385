"""The pieces' pictures: PNG files beside the journal's file, by the day on which the piece came."""

from __future__ import annotations

import logging
import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import cv2

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors, write_bytes
from edgedigits.edge.sources.base import Image
from edgedigits.edge.station.journal.storing import Crop
from edgedigits.edge.station.results import PieceResult

CROPS = "crops"
"""Folder of the pictures in the journal's folder."""

MEGABYTE = 1_000_000

_log = logging.getLogger(__name__)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}")


class Crops:
    """Writes pictures, and stops where the disk gets full.

    Args:
        folder: of the journal.
        least_free_megabytes: none are written where the disk has less.
        durable: whether they are flushed to the disk.

    Attributes:
        stopped: why the last one was not written, in words; empty where it was.
    """

    def __init__(self, folder: Path, least_free_megabytes: int, *, durable: bool) -> None:
        self.stopped = ""
        self._folder = folder
        self._least_free = least_free_megabytes * MEGABYTE
        self._durable = durable

    def write(self, result: PieceResult, png: bytes) -> Crop | None:
        """Write a piece's picture whole; None where there is no room for it, which is logged as it begins and ends."""
        path = path_of(result)
        try:
            why = self._no_room()
            if not why:
                self._write(self._folder / path, png)
        except EdgedigitsError as error:
            why = str(error)
        if why and not self.stopped:
            _log.warning("pictures of pieces are not written any more, their codes are: %s", why)
        elif self.stopped and not why:
            _log.info("pictures of pieces are written again")
        self.stopped = why
        return None if why else Crop(path, len(png))

    def _no_room(self) -> str:
        free = shutil.disk_usage(self._folder).free
        if free >= self._least_free:
            return ""
        return f"the disk has {free // MEGABYTE:,} MB free, and {self._least_free // MEGABYTE:,} are kept free"

    def _write(self, path: Path, png: bytes) -> None:
        if self._durable:
            write_bytes(path, png)
            return
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}")
            try:
                part.write_bytes(png)
                part.replace(path)
            except OSError:
                part.unlink(missing_ok=True)
                raise


def path_of(result: PieceResult) -> str:
    """Where a piece's picture lies in the journal's folder.

    Raises:
        ValueError: its id cannot be the name of a file.
    """
    if not _ID.fullmatch(result.id):
        raise ValueError(f"the id {result.id!r} cannot be the name of a file")
    return os.path.join(CROPS, f"{datetime.fromtimestamp(result.entered, UTC):%Y-%m-%d}", f"{result.id}.png")  # noqa: PTH118


def encoded(crop: Image) -> bytes:
    """A picture, uint8 BGR, as PNG."""
    return bytes(cv2.imencode(".png", crop)[1])
