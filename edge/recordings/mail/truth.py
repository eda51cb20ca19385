"""The truth of a recording of simulated mail, as JSON beside the video."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import read_json, write_json
from edgedigits.core.paths import StrPath
from edgedigits.edge.recordings.mail.belt import BeltPlan
from edgedigits.edge.recordings.mail.pieces import MailPiece, passing
from edgedigits.edge.sources.base import SIZE

FORMAT = 1

_PLAN_FIELDS = {field.name for field in fields(BeltPlan)}
_PIECE_FIELDS = {field.name for field in fields(MailPiece)}
_REMEDY = "write the recording again with `edgedigits simulate station`"


@dataclass(frozen=True)
class MailTruth:
    """What stands on the mail of a recording, and where.

    Attributes:
        plan: what made the belt.
        digits: whose digits were written, in words.
        rate: frames per second.
        size: width and height of the picture in pixels.
        frames: of the recording.
        pieces: in the order in which they come into view.
    """

    plan: BeltPlan
    digits: str
    rate: float
    size: tuple[int, int]
    frames: int
    pieces: tuple[MailPiece, ...]


def write_mail_truth(path: Path, truth: MailTruth) -> None:
    """Write the truth, whole or not at all.

    Raises:
        EdgedigitsError: the disk refuses.
    """
    write_json(path, {"format": FORMAT} | asdict(truth))


def read_mail_truth(path: StrPath) -> MailTruth:
    """Read the truth of a recording.

    Args:
        path: of the JSON file, or of the video that it lies beside.

    Raises:
        EdgedigitsError: there is none, it is damaged, or a later version wrote it.
    """
    path = Path(path).with_suffix(".json")
    content = read_json(path, _REMEDY)
    if isinstance(content, dict) and isinstance(content.get("format"), int) and content["format"] > FORMAT:
        raise EdgedigitsError(
            f"{path} has the format {content['format']}, and this version reads up to {FORMAT}", "update edgedigits"
        )
    try:
        if content["format"] != FORMAT:
            raise ValueError("another format")
        plan = content["plan"] | {"codes": tuple(str(code) for code in content["plan"]["codes"])}
        if set(plan) != _PLAN_FIELDS:
            raise ValueError("another plan")
        width, height = content["size"]
        return MailTruth(
            BeltPlan(**plan),
            str(content["digits"]),
            float(content["rate"]),
            (int(width), int(height)),
            int(content["frames"]),
            tuple(_piece(row, index) for index, row in enumerate(content["pieces"])),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise EdgedigitsError(f"{path} is not the truth of simulated mail", _REMEDY) from error


def _piece(row: dict[str, Any], index: int) -> MailPiece:
    """A piece of the file.

    Raises:
        ValueError: its fields are others, or contradict one another.
        TypeError: a field is of another type.
    """
    if set(row) != _PIECE_FIELDS:
        raise ValueError(f"piece {index} has other fields")
    wide, high = (int(side) for side in row["size"])
    x, y, field_wide, field_high = (int(side) for side in row["field"])
    start, step, top, code = float(row["start"]), float(row["step"]), int(row["top"]), row["code"]
    frames = tuple(row[name] for name in ("first", "first_whole", "last_whole", "last"))
    if not isinstance(code, str) or (code and not (code.isascii() and code.isdigit())):
        raise ValueError(f"piece {index} has no code of digits")
    possible = 1 <= abs(step) <= SIZE[0] and 1 <= wide <= SIZE[0]
    if row["index"] != index or not possible or frames != passing(start, step, wide):
        raise ValueError(f"piece {index} contradicts itself")
    return MailPiece(index, code, *frames, start, step, top, (wide, high), (x, y, field_wide, field_high))
