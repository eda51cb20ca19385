"""``edgedigits simulate station``: a video of simulated mail, its truth, and the code fields as a data set of lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import csv_text, whole_folder, write_bytes, write_text
from edgedigits.core.paths import StrPath
from edgedigits.core.stages import StageCallback, untold
from edgedigits.edge.recordings.mail.belt import MOST_PIECES, RATE, Belt, BeltPlan
from edgedigits.edge.recordings.mail.pieces import MailPiece
from edgedigits.edge.recordings.mail.source import LabelledDigits
from edgedigits.edge.recordings.mail.truth import MailTruth, write_mail_truth
from edgedigits.edge.recordings.video_writer import VideoWriter
from edgedigits.edge.sources.base import SIZE, Image

VIDEO, TRUTH, FIELDS = "mail.avi", "mail.json", "pieces"
IMAGES, TABLE = "images", "truth.csv"

_MOST_IN_VIEW = 8
"""Pieces that may show at the same time, and more."""


@dataclass(frozen=True)
class SimulatedStation:
    """A recording of simulated mail that was written.

    Attributes:
        folder: with ``mail.avi``, ``mail.json`` and the folder ``pieces``.
        truth: of the recording.
    """

    folder: Path
    truth: MailTruth

    def summary(self) -> dict[str, int]:
        """Pieces, frames, and pieces without a code."""
        pieces = self.truth.pieces
        without = sum(not piece.code for piece in pieces)
        return {"pieces": len(pieces), "frames": self.truth.frames, "without_code": without}


def simulate_station(
    out: StrPath,
    digits: LabelledDigits,
    digits_name: str,
    plan: BeltPlan,
    *,
    force: bool = False,
    progress: StageCallback = untold,
) -> SimulatedStation:
    """Write a video of mail on a belt with its truth, whole or not at all. The same plan gives the same files.

    Args:
        out: folder to make: ``mail.avi``, its truth ``mail.json``, and ``pieces`` with the code field of each piece
            that carries a code, cut out in the middle of its way: a data set ``lines:OUT/pieces``.
        digits: that are written.
        digits_name: what they are, in words.
        plan: of the belt, which must end.
        force: replace what was written there before.
        progress: told how many pieces have passed.

    Raises:
        EdgedigitsError: the plan or the digits make no sense, ``out`` has content, or the disk refuses.
    """
    out = Path(out)
    if plan.pieces is None:
        raise EdgedigitsError("a belt that never ends does not fit into a file", f"ask for 1 to {MOST_PIECES:,} pieces")
    belt = Belt(*digits, plan)
    with whole_folder(out, force) as work:
        pieces: list[MailPiece] = []

        def passes(piece: MailPiece) -> None:
            progress("pieces", len(pieces), belt.plan.pieces or 0)
            pieces.append(piece)

        rows: list[tuple[str, str]] = []
        frames = 0
        with VideoWriter(work / VIDEO) as video:
            for picture in belt.frames(passes):
                video.write(picture, RATE)
                for piece in pieces[-_MOST_IN_VIEW:]:
                    if piece.code and frames == (piece.first_whole + piece.last_whole) // 2:
                        rows.append((f"piece-{piece.index + 1:06}.png", piece.code))
                        _write_field(work / FIELDS / IMAGES / rows[-1][0], picture, piece, frames)
                frames += 1
        progress("pieces", len(pieces), plan.pieces)
        write_text(work / FIELDS / TABLE, csv_text(("image", "text"), rows))
        truth = MailTruth(plan, digits_name, RATE, SIZE, frames, tuple(pieces))
        write_mail_truth(work / TRUTH, truth)
    return SimulatedStation(out, truth)


def _write_field(path: Path, picture: Image, piece: MailPiece, frame: int) -> None:
    """The code field of a piece as a picture of its own."""
    box = piece.field_at(frame)
    assert box is not None, "a field of a piece that is wholly in view"
    x, y, wide, high = box
    write_bytes(path, cv2.imencode(".png", picture[y : y + high, x : x + wide])[1].tobytes())
