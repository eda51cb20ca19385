"""Two models on the same pieces, each read as a station reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.lines.decoding import greedy
from edgedigits.core.lines.labelled import Lines
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.edge.reading.pictures import grey_of, load_image
from edgedigits.edge.station.opening import StationReader
from edgedigits.edge.station.pieces.deciding import Decider
from edgedigits.edge.station.pieces.fusing import Evidence
from edgedigits.edge.station.updates.proving import Paired, UpdateProof, paired
from edgedigits.edge.station.updates.queues import QueuedLine


@dataclass(frozen=True)
class HeldOutReading:
    """What a model says of one held-out piece.

    Attributes:
        code: the likeliest; empty where none was found.
        accepted: by the threshold.
    """

    code: str
    accepted: bool


def read_held_out(
    reader: StationReader,
    lines: Sequence[QueuedLine],
    threshold: float,
    progress: Callable[[int], object] | None = None,
) -> list[HeldOutReading]:
    """Read the pictures of pieces as a station reads one frame of them.

    Raises:
        EdgedigitsError: a picture that is missing or unreadable.
    """
    decider = Decider(threshold)
    read = []
    for number, line in enumerate(lines, start=1):
        evidence = Evidence()
        evidence.add(reader.codes.read(grey_of(load_image(line.picture))))
        decision = decider.final(evidence)
        read.append(HeldOutReading(decision.code, decision.outcome == "accepted"))
        if progress:
            progress(number)
    return read


def compare_pieces(
    lines: Sequence[QueuedLine], before: Sequence[HeldOutReading], after: Sequence[HeldOutReading], composed: Paired
) -> UpdateProof:
    """What was proved of a new model by held-out pieces and by composed lines.

    Args:
        lines: the held-out pieces.
        before: what the model that runs says of each.
        after: what the new one says.
        composed: lines of many hands that each reads right.
    """
    truths = [line.text for line in lines]
    return UpdateProof(
        paired(*([one.code == truth for one, truth in zip(read, truths, strict=True)] for read in (before, after))),
        composed,
        paired(*([_slips(one, truth) for one, truth in zip(read, truths, strict=True)] for read in (before, after))),
    )


def _slips(read: HeldOutReading, truth: str) -> bool:
    return read.accepted and read.code != truth


def compare_composed(
    before: Path, after: Path, lines: Lines, progress: Callable[[int], object] | None = None
) -> Paired:
    """How many composed lines two line networks read right, greedily decoded."""
    done = 0

    def right(path: Path) -> list[bool]:
        nonlocal done
        model, found = LineModel(path), []
        for strip, text in zip(lines.strips, lines.texts, strict=True):
            found.append(greedy(model.logits(strip)) == text)
            done += 1
            if progress and done % 50 == 0:
                progress(done)
        return found

    return paired(right(before), right(after))
