"""Calibrating a station on recordings of mail: simulated ones with their truth, or any with codes written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import refuse_no_file, sha256_of, try_to_write, write_bytes
from edgedigits.core.lines.confidence import NEVER
from edgedigits.edge.recordings.mail.truth import MailTruth, read_mail_truth
from edgedigits.edge.reject_curve import draw_reject_curve
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import Image
from edgedigits.edge.sources.video_file import VideoFile
from edgedigits.edge.station.calibration.calibrating import (
    FoundThreshold,
    Known,
    PieceRead,
    by_place,
    find_threshold,
    in_order,
    read_pieces,
    refutes,
)
from edgedigits.edge.station.calibration.threshold import (
    CALIBRATION,
    StationCalibration,
    choose_station_threshold,
    read_calibration,
    write_calibration,
)
from edgedigits.edge.station.configuration.adjustments import adjusted_of
from edgedigits.edge.station.configuration.settings import StationSettings
from edgedigits.edge.station.opening import StationReader, open_reader
from edgedigits.edge.station.updates.opening import running_model

CURVE = "rejects.png"
"""Drawn beside what is kept."""


def calibrate_station(
    settings: StationSettings,
    folder: Path,
    recordings: Sequence[Path],
    written: Path | None,
    progress: Callable[[int, int], object] | None = None,
) -> FoundThreshold:
    """Find the threshold on recordings, and keep it in the journal's folder.

    They are read as the station reads: with the model of its last update, and in the region that was drawn on its page.
    Where they prove nothing, what others proved of the same networks, codes and target stands, unless these refute it.

    Args:
        settings: of the station.
        folder: that paths in them are relative to.
        recordings: videos of mail on its belt.
        written: codes of the pieces of all recordings in their order, one a line; None: each lies beside its truth.
        progress: called with the frames that are read and those that there are.

    Raises:
        EdgedigitsError: a recording or its truth is missing or damaged, one is named twice, the codes are not as many
            as pieces, or the disk refuses.
    """
    _refuse_twice(recordings)
    where = folder / settings.journal.folder
    try_to_write(where, where)
    refuse_no_file(where / CALIBRATION, "remove it")
    reader = open_reader(settings.reading, folder, running_model(settings, folder))
    adjusted = adjusted_of(settings, folder)
    codes = None if written is None else _codes(written)
    truths = [_truth(path) for path in recordings] if codes is None else []
    if len(truths) > len({truth.pieces for truth in truths}):
        raise EdgedigitsError("two recordings have the same truth beside them", "name each recording once")
    told = _Progress(progress, sum(truth.frames for truth in truths))
    read = [list(_read(reader, settings, adjusted.region, path, told)) for path in recordings]
    if codes is None:
        known = [one for pieces, truth in zip(read, truths, strict=True) for one in by_place(pieces, truth.pieces)[0]]
    else:
        known = _ordered(read, codes)
    unexpected = _unexpected(known, reader)
    found = replace(find_threshold(known, reader, settings.reading.target_error), unexpected=unexpected)
    standing = _standing(where, reader, settings, known) if found.threshold.value is None else None
    if standing is None:
        write_calibration(where, found.calibration)
        write_bytes(where / CURVE, draw_reject_curve(found.curve, found.calibration.target_error, "pieces"))
    kept = standing or found.calibration
    holds = choose_station_threshold(settings.reading, kept, reader, adjusted.threshold)
    return replace(found, standing=standing, holds=holds)


def _refuse_twice(recordings: Sequence[Path]) -> None:
    """Raise where one recording is named twice, be it by a copy: its pieces would prove twice as much as they do."""
    seen: dict[str, Path] = {}
    for path in recordings:
        if not path.is_file():
            continue  # what that is, reading it says
        digest = sha256_of(path)
        if digest in seen:
            raise EdgedigitsError(f"{seen[digest]} and {path} are the same recording", "name each recording once")
        seen[digest] = path


def _unexpected(known: Sequence[Known], reader: StationReader) -> tuple[str, ...]:
    """Codes of pieces that the station would never accept, as they have no form or are not in its list.

    Raises:
        EdgedigitsError: no piece has a code that it expects.
    """
    codes = [one.truth for one in known if one.truth]
    found = tuple(code for code in codes if not reader.accepts(code))
    if codes and len(found) == len(codes):
        raise EdgedigitsError(
            f"none of the {len(codes)} codes of these pieces, such as {found[0]}, is one that the station expects",
            "take mail of its codes (`edgedigits simulate station --codes FILE`), or change [reading]",
        )
    return found


def _standing(
    folder: Path, reader: StationReader, settings: StationSettings, known: Sequence[Known]
) -> StationCalibration | None:
    """What was proved before, of these networks, codes and target, and is not refuted by these pieces."""
    try:
        before = read_calibration(folder)
    except EdgedigitsError:  # a damaged one, which calibrating is the remedy for
        return None
    if before is None or before.threshold >= NEVER or not before.fits(reader, settings.reading):
        return None
    return None if refutes(known, before) else before


def _truth(path: Path) -> MailTruth:
    if not path.with_suffix(".json").is_file():
        raise EdgedigitsError(f"{path} has no truth beside it", "write the codes of its pieces down and give --codes")
    return read_mail_truth(path)


def _ordered(read: Sequence[Sequence[PieceRead]], codes: Sequence[str]) -> list[Known]:
    return in_order([piece for pieces in read for piece in pieces], codes)


class _Progress:
    """Counts frames of several recordings."""

    def __init__(self, tell: Callable[[int, int], object] | None, total: int) -> None:
        self._tell, self._total, self._done = tell, total, 0

    def one_more(self) -> None:
        self._done += 1
        if self._tell:
            self._tell(self._done, self._total or self._done + 1)  # without a truth nobody knows how many come


def _read(
    reader: StationReader, settings: StationSettings, region: Box | None, path: Path, told: _Progress
) -> Iterator[PieceRead]:
    with VideoFile(path) as video:

        def frames() -> Iterator[Image]:
            for image in video:
                yield image
                told.one_more()

        yield from read_pieces(
            reader,
            frames(),
            video.rate,
            rotate=settings.camera.rotate,
            region=region,
            decide_within=settings.pieces.decide_within,
        )


def _codes(path: Path) -> list[str]:
    """The codes of a text, one a line.

    Raises:
        EdgedigitsError: it cannot be read, or a line holds something else than digits.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check the path") from None
    except UnicodeDecodeError:
        raise EdgedigitsError(f"{path} is no text in UTF-8", "save it as UTF-8") from None
    for number, line in enumerate(lines, start=1):
        code = line.strip()
        if code and not (code.isascii() and code.isdigit()):
            raise EdgedigitsError(
                f'line {number} of {path} holds "{code[:40]}" in place of a code', "leave only digits, or an empty line"
            )
    return [line.strip() for line in lines]
