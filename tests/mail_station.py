"""A station over simulated mail: what it says of each piece, its journal, and people who key what it rejected."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.edge.recordings.mail.belt import RATE, BeltPlan
from edgedigits.edge.recordings.mail.judging import MailAnswer, MailJudgement, judge_mail
from edgedigits.edge.recordings.mail.source import SimulatedMail
from edgedigits.edge.station.alarms import Alarms
from edgedigits.edge.station.calibration.threshold import UNCALIBRATED
from edgedigits.edge.station.configuration.settings import ReadingSettings
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.keeping import Keeper
from edgedigits.edge.station.opening import open_reader
from edgedigits.edge.station.pieces.deciding import Decider
from edgedigits.edge.station.pieces.watching import DecidedPiece, Watch
from edgedigits.edge.station.results import PieceResult

FRAMES_IN_VIEW = 8


def simulated_mail(part: str, hand: str, pieces: int, seed: int) -> SimulatedMail:
    """Mail of the ordinary level, its codes written with the digits of a part of MNIST."""
    digits = getattr(split_dataset(load_dataset("mnist"), "default"), part)
    plan = BeltPlan("ordinary", seed, pieces, hand, frames_in_view=FRAMES_IN_VIEW)
    return SimulatedMail(plan, (digits.images, digits.labels))


def read_mail(
    source: SimulatedMail, model: Path | None = None, told: Callable[[DecidedPiece, MailAnswer], object] | None = None
) -> MailJudgement:
    """Read all of a belt as a station does, and hold what it says against the truth."""
    watch = Watch(open_reader(ReadingSettings(), Path(), model).codes, lambda: Decider(UNCALIBRATED))
    answers: list[MailAnswer] = []

    def take(pieces: list[DecidedPiece], frame: int) -> None:
        for piece in pieces:
            answers.append(MailAnswer(piece.decision.code, piece.decision.outcome, frame, piece.track.box))
            if told:
                told(piece, answers[-1])

    frame = 0
    source.open()
    while (image := source.read()) is not None:
        take(watch.look(image, frame / RATE), frame)
        frame += 1
    take(watch.rest(frame / RATE), frame)
    return judge_mail(tuple(source.passed), answers)


def keyed_journal(folder: Path, source: SimulatedMail, model: Path | None = None) -> tuple[MailJudgement, int]:
    """Read a belt into a journal; then somebody keys every rejected piece that carries a code, by its truth.

    Returns:
        What the station said, and how many pieces were keyed.
    """
    reader = open_reader(ReadingSettings(), Path(), model)
    journal = Journal(folder, durable=False)
    keeper = Keeper(journal, Alarms(), "simulated", reader.model, lambda _code: "")
    results: dict[int, PieceResult] = {}

    def keep(piece: DecidedPiece, answer: MailAnswer) -> None:
        results[id(answer)] = keeper.keep(piece, 0.0, 0.0, 0.0)

    judged = read_mail(source, model, keep)
    keyed = 0
    for one in judged.pieces:
        result = results.get(id(one.answer))
        if result is not None and result.outcome == "rejected" and one.piece.code:
            journal.key(result.id, one.piece.code, "somebody", time.time())
            keyed += 1
    journal.close()
    return judged, keyed


def read_right(judged: MailJudgement) -> int:
    """Pieces whose likeliest code is right, accepted or not."""
    return sum(
        bool(one.piece.code) and one.answer is not None and one.answer.code == one.piece.code for one in judged.pieces
    )
