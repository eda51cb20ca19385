"""Videos that a program was still writing when it was killed: found by the next one, and kept where they play."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from pathlib import Path

import cv2

from edgedigits.core.claiming import Claim
from edgedigits.core.files import disk_errors
from edgedigits.edge.sources.opencv_logs import open_capture, opencv_quiet


def settle_interrupted(path: Path) -> Iterator[str]:
    """Put what killed programs left of the video at ``path`` where it is seen, or remove what does not play.

    Args:
        path: of a video to be written.

    Yields:
        A sentence for each file that was found.

    Raises:
        EdgedigitsError: the folder may not be written.
    """
    for left in sorted(path.parent.glob(f".{glob.escape(path.stem)}-*{path.suffix.lower()}")):
        if not left.stem.removeprefix(f".{path.stem}-").isdigit():
            continue
        try:
            claim = Claim(left)
        except OSError:  # being written, or gone meanwhile
            continue
        try:
            with disk_errors(left):
                yield _settle(left, path)
        finally:
            claim.release()


def _settle(left: Path, path: Path) -> str:
    if not readable_frames(left, most=1):
        left.unlink(missing_ok=True)
        return f"a recording of {path} was interrupted earlier; nothing of it can be played, it was removed"
    kept = _free_name(path)
    left.replace(kept)
    return f"a recording of {path} was interrupted earlier; what there is of it is now {kept}"


def _free_name(path: Path) -> Path:
    number = 1
    while (kept := path.with_name(f"{path.stem}-interrupted-{number}{path.suffix}")).exists():
        number += 1
    return kept


def readable_frames(path: Path, most: int) -> int:
    """Frames that a video has, counted up to ``most``; 0 where it cannot be opened.

    The header of a finished video tells; a video without its index is read.
    """
    device = open_capture(str(path))
    try:
        frames = int(device.get(cv2.CAP_PROP_FRAME_COUNT)) if device.isOpened() else 0
        if frames > 0:
            return min(frames, most)
        with opencv_quiet():
            while frames < most and device.isOpened() and device.read()[0]:
                frames += 1
        return max(frames, 0)
    finally:
        device.release()
