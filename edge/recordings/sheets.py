"""What was read of a recording, sheet by sheet: a sheet that is held still is read alike in most of its frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from edgedigits.edge.recordings.recording import Recording
from edgedigits.edge.recordings.wrong_frames import WrongFrame


@dataclass(frozen=True)
class Misreading:
    """A text that was read in place of the truth.

    Attributes:
        read: as :attr:`WrongFrame.read` has it.
        frames: in which it was read so.
    """

    read: str | None
    frames: int


@dataclass(frozen=True)
class Sheet:
    """Neighbouring frames that show the same text.

    Attributes:
        first: frame, counted from 0.
        last: frame.
        truth: what stands there; lines joined by a newline.
        exact: frames that were read exactly.
        misreadings: of the others, the most frequent one first.
    """

    first: int
    last: int
    truth: str
    exact: int
    misreadings: tuple[Misreading, ...]

    @property
    def frames(self) -> int:
        """How many frames show it."""
        return self.last - self.first + 1


def sheets_of(recording: Recording, wrong: Sequence[WrongFrame]) -> tuple[Sheet, ...]:
    """The sheets of a recording in their order.

    Args:
        recording: that was read.
        wrong: all of its frames that were not read exactly.
    """
    misread = {frame.frame: frame.read for frame in wrong}
    found = []
    for truth, group in groupby(enumerate(recording.texts), key=lambda pair: pair[1]):
        frames = [index for index, _ in group]
        counted = Counter(misread[index] for index in frames if index in misread)
        misreadings = tuple(Misreading(read, count) for read, count in counted.most_common())
        found.append(Sheet(frames[0], frames[-1], truth, len(frames) - counted.total(), misreadings))
    return tuple(found)
