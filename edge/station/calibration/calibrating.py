"""How far a station's confidence can be trusted, found out on recordings of mail whose codes are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.confidence import NEVER, RejectPoint, Threshold, choose_threshold, reject_curve
from edgedigits.core.statistics.proportions import binomial_tail
from edgedigits.edge.recordings.mail.judging import JudgedPiece, MailAnswer, judge_mail
from edgedigits.edge.recordings.mail.pieces import MailPiece
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import Image, Source
from edgedigits.edge.station.calibration.threshold import LEVEL, ChosenThreshold, StationCalibration
from edgedigits.edge.station.opening import StationReader
from edgedigits.edge.station.pieces.deciding import Decider
from edgedigits.edge.station.pieces.watching import DecidedPiece, Watch

STARTS = (0.0, 0.5, 0.7, 0.8)
"""Shares of the pieces at which the search for a threshold begins: a label that is wrong shall not end it."""

_READ = "read"


@dataclass(frozen=True)
class PieceRead:
    """A piece of a recording as it was decided.

    Attributes:
        code: the likeliest, empty where none was found.
        confidence: the greatest that it ever had, which is what a threshold is held against.
        frame: that decided it, from 0.
        box: of the piece, in pixels of the upright region.
    """

    code: str
    confidence: float
    frame: int
    box: Box


def read_pieces(
    reader: StationReader,
    frames: Iterable[Image],
    rate: float,
    *,
    rotate: int = 0,
    region: Box | None = None,
    decide_within: float = 0.2,
    threshold: float = NEVER,
) -> Iterator[PieceRead]:
    """Read all pieces of a recording, as a station would that accepts nothing before its time.

    Args:
        reader: of the codes.
        frames: uint8 (height, width, 3) BGR, one after the other.
        rate: frames a second.
        rotate: degrees by which frames are turned clockwise to stand upright.
        region: of each frame.
        decide_within: seconds within which a piece in view is decided.
        threshold: confidence from which a code is accepted early.
    """
    watch = Watch(reader.codes, lambda: Decider(threshold), rotate=rotate, decide_within=decide_within)
    index = -1
    for index, frame in enumerate(frames):
        for piece in watch.look(frame, index / rate, region):
            yield _read(piece, rate)
    for piece in watch.rest(max(index, 0) / rate):
        yield _read(piece, rate)


def _read(piece: DecidedPiece, rate: float) -> PieceRead:
    code, confidence = piece.peak
    return PieceRead(code or piece.decision.code, confidence, round(piece.track.seen * rate), piece.track.box)


@dataclass(frozen=True)
class Known:
    """A piece whose code is known, and how it was read.

    Attributes:
        truth: its code, empty where none stands on it.
        code: that was read.
        confidence: of that; 0 of a piece that was missed.
    """

    truth: str
    code: str
    confidence: float

    @property
    def is_right(self) -> bool:
        """Whether the code that was read stands on it."""
        return bool(self.truth) and self.code == self.truth


def in_order(read: Sequence[PieceRead], codes: Sequence[str]) -> list[Known]:
    """Pieces with the codes that somebody has written down in their order.

    Raises:
        EdgedigitsError: they are not as many.
    """
    if len(read) != len(codes):
        raise EdgedigitsError(
            f"{counted(len(read), 'piece')} passed in the recording, and there are {counted(len(codes), 'code')}",
            "write a line for each piece in the order in which they come into view, an empty one where no code stands",
        )
    return [Known(truth, one.code, one.confidence) for one, truth in zip(read, codes, strict=True)]


def by_place(read: Sequence[PieceRead], pieces: Sequence[MailPiece]) -> tuple[list[Known], int]:
    """Pieces of simulated mail by where they were seen, and how many answers belong to none or came twice."""
    answers = [MailAnswer(one.code, _READ, one.frame, one.box) for one in read]
    judged = judge_mail(pieces, answers)
    confidence = {id(answer): one.confidence for answer, one in zip(answers, read, strict=True)}
    known = [_known(one, confidence) for one in judged.pieces]
    return known, len(judged.doubled) + len(judged.spurious)


def _known(one: JudgedPiece, confidence: dict[int, float]) -> Known:
    if one.answer is None:
        return Known(one.piece.code, "", 0.0)
    return Known(one.piece.code, one.answer.code, confidence[id(one.answer)])


@dataclass(frozen=True)
class FoundThreshold:
    """What labelled pieces say of a station's confidence.

    Attributes:
        threshold: chosen, and what was proved of it.
        curve: what each threshold does to them.
        calibration: to keep.
        unexpected: codes of the pieces whose code is none that the station expects: they are never right.
        standing: what was proved before, and stands as these pieces prove nothing; None where ``calibration`` is kept.
        holds: what the station goes by from now on; None where it is not known.
    """

    threshold: Threshold
    curve: tuple[RejectPoint, ...]
    calibration: StationCalibration
    unexpected: tuple[str, ...] = ()
    standing: StationCalibration | None = None
    holds: ChosenThreshold | None = None


def find_threshold(known: Sequence[Known], reader: StationReader, target_error: float) -> FoundThreshold:
    """The lowest threshold that is proved to keep the share of wrong pieces among the accepted below a target.

    Args:
        known: pieces whose code is known.
        reader: that read them.
        target_error: percent.

    Raises:
        EdgedigitsError: no pieces, or a target that is no percentage.
    """
    if not known:
        raise EdgedigitsError(
            "no piece passed in the recording", "look at it: the region may be wrong, or the belt empty"
        )
    confidences = np.array([one.confidence for one in known])
    right = np.array([one.is_right for one in known], np.bool_)
    chosen = choose_threshold(confidences, right, target_error / 100, LEVEL, STARTS)
    value = NEVER if chosen.value is None else chosen.value
    kept = StationCalibration(
        value,
        target_error / 100,
        LEVEL,
        len(known),
        chosen.accepted,
        chosen.wrong,
        reader.model,
        reader.expected,
        reader.digits,
    )
    return FoundThreshold(chosen, reject_curve(confidences, right), kept)


def refutes(known: Sequence[Known], proved: StationCalibration) -> bool:
    """Whether pieces speak against a threshold that was proved by others.

    Of those that it accepts more are wrong than the target lets be, and than chance would make it in one of twenty such
    samples (one-sided exact binomial test).

    Args:
        known: pieces whose code is known.
        proved: by other pieces.
    """
    accepted = [one for one in known if one.confidence >= proved.threshold]
    wrong = sum(not one.is_right for one in accepted)
    return wrong > 0 and 1 - binomial_tail(wrong - 1, len(accepted), proved.target_error) < 1 - LEVEL


def frames_of(source: Source, progress: Callable[[int], object] | None = None) -> Iterator[Image]:
    """The frames of a source from its beginning, counted aloud.

    Raises:
        EdgedigitsError: it cannot be opened or is damaged.
    """
    with source:
        for number, image in enumerate(source, start=1):
            yield image
            if progress:
                progress(number)
