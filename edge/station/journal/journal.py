"""The journal of a station: every piece is in it before anybody is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Literal

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import Image
from edgedigits.edge.station.journal import review, storing
from edgedigits.edge.station.journal.crops import Crops, encoded
from edgedigits.edge.station.journal.records import Audit, Counts, Event, Keyed, Waiting, result_of
from edgedigits.edge.station.journal.replacing import JournalFile
from edgedigits.edge.station.journal.retention import Retention, Tidied
from edgedigits.edge.station.results import PieceResult

Kept = Literal["all", "doubtful", "none"]
"""Of which pieces pictures are kept."""


def no_bin(_code: str) -> str:
    """The bin of every code where there is no list of them."""
    return ""


class Journal:
    """Keeps pieces and their pictures, the events that outputs deliver, and the queue of those to review.

    What a method has written when it returns is there after the program is killed, and with ``durable`` after a loss of
    power. Threads may share it, and other programs may read the file meanwhile. Order is by sequence, never by time.

    Args:
        folder: made where it is missing; the file in it is ``journal.sqlite``.
        durable: flush to the disk before a method returns.
        bin_of: where a code goes that a person keys; empty where none is told.
        crops: of which pieces pictures are kept; ``doubtful`` is of those that are to be reviewed.
        doubtful_below: confidence below which an accepted piece is to be reviewed, too.
        least_free_megabytes: of the disk, with less of which no pictures are written.

    Raises:
        EdgedigitsError: folder or file cannot be made, read or written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        bin_of: Callable[[str], str] = no_bin,
        crops: Kept = "all",
        doubtful_below: float = 0.99,
        least_free_megabytes: int = 200,
    ) -> None:
        self.folder = Path(folder)
        self._file = JournalFile(self.folder, durable=durable)
        self._crops = Crops(self.folder, least_free_megabytes, durable=durable)
        self._bin_of, self._kept, self._doubtful_below = bin_of, crops, doubtful_below
        self._retention = Retention(self._file, self.folder)
        self._changed = threading.Condition()  # guards what follows
        self._changes = 0
        self._unwritten: dict[str, bytes] = {}

    @property
    def set_aside(self) -> Path | None:
        """Where the file lies that was damaged or no journal, when this was opened or since; None if all is well."""
        return self._file.set_aside

    @property
    def crops_stopped(self) -> str:
        """Why pictures are not written now, in words; empty where they are."""
        return self._crops.stopped

    @property
    def changes(self) -> int:
        """A number that grows with every event, and with every piece that is held, keyed, claimed or given back."""
        with self._changed:
            return self._changes

    def add(
        self, result: PieceResult, crop: Image | None, boxes: Sequence[Box] = (), audit: Audit | None = None
    ) -> Event:
        """Write a piece whose result is final, and its event.

        Args:
            result: of the piece.
            crop: its picture, or None.
            boxes: of the digits in the picture, where they are known.
            audit: why an accepted piece is to be checked; None where it was not drawn.

        Returns:
            The event; again the same one where this very result is there already.

        Raises:
            JournalUnwritable: the disk is full, or anything else that may pass; nothing was written.
        """
        doubtful = result.outcome == "accepted" and result.confidence < self._doubtful_below
        kept = self._kept == "all" or (self._kept == "doubtful" and (doubtful or audit or result.outcome == "rejected"))
        picture = self._crops.write(result, encoded(crop)) if crop is not None and kept else None
        event = self._file.write(lambda at: storing.insert_final(at, result, picture, boxes, doubtful, audit))
        self._tell(event.sequence)
        return event

    def hold(self, result: PieceResult, crop: Image | None, until: float, boxes: Sequence[Box] = ()) -> None:
        """Write a rejected piece that a person may still key; it has no event yet.

        Its picture can be seen meanwhile even where none is kept.

        Args:
            result: of the piece as it will be where nobody keys it.
            crop: its picture, or None.
            until: seconds since 1970 to which it waits.
            boxes: of the digits in the picture, where they are known.

        Raises:
            JournalUnwritable: as :meth:`add`.
        """
        png = None if crop is None else encoded(crop)
        picture = self._crops.write(result, png) if png is not None and self._kept != "none" else None
        self._file.write(lambda at: storing.insert_held(at, result, picture, boxes, until))
        with self._changed:
            if png is not None and picture is None:
                self._unwritten[result.id] = png
        self._tell()

    def settle(self, now: float) -> list[Event]:
        """Make held pieces final as rejected whose deadline passed.

        Where the clock was set back, none waits longer from now than it was to wait at first; where it was set forward,
        those that are due by it are settled at once.
        """
        if not self._file.read(storing.any_held):
            return []
        events = self._file.write(lambda at: storing.settle(at, now))
        for event in events:
            self._finished(event)
        return events

    def key(self, piece: str, code: str, person: str, now: float, claimant: str = "") -> Keyed:
        """Take the code that a person read on a piece.

        Before the piece's deadline it becomes the result: outcome ``keyed``, or still rejected where the code is empty.
        Later, and for pieces that are not held, it is a label only. The first person's code stands.

        Args:
            piece: its id.
            code: digits; empty where nobody can read it.
            person: who says so.
            now: seconds since 1970.
            claimant: who has to have the piece, if anybody has, by the name of :meth:`claim`; empty where that is no
                matter.

        Raises:
            ClaimedByAnother: somebody else has it.
            EdgedigitsError: no such piece, not digits, no name; or as :meth:`add`.
        """
        keyed = self._file.write(lambda at: review.key(at, piece, code, person, now, self._bin_of, claimant))
        if keyed.event:
            self._finished(keyed.event)
        else:
            self._tell()
        return keyed

    def claim(self, person: str, now: float, lease: float = 30.0) -> Waiting | None:
        """Give a person the next piece to review that nobody has: held ones by deadline, then rejected, then doubtful.

        Args:
            person: who reviews.
            now: seconds since 1970.
            lease: seconds for which nobody else is given it.

        Returns:
            The piece; None where there is none.
        """
        waiting = self._file.write(lambda at: review.claim(at, person, now, lease), flush=False)
        if waiting:
            self._tell()
        return waiting

    def release(self, piece: str, person: str) -> None:
        """Give a piece back unkeyed; others are given out before it."""
        self._file.write(lambda at: review.release(at, piece, person), flush=False)
        self._tell()

    def release_all(self, person: str) -> None:
        """Give all pieces back that a person has, as where their page is opened anew."""
        self._file.write(lambda at: review.release(at, None, person), flush=False)
        self._tell()

    def tidy(self, now: float, *, keep_days: int, keep_megabytes: int, outputs: Collection[str] = ()) -> Tidied:
        """Delete what is older, or more, than is kept; meant for a thread of its own, every few minutes.

        Never deleted is what waits to be keyed, what somebody was given to key, and what an output has not delivered.
        After the clock was set forward by more than an hour, nothing is deleted for its age for a day.

        Args:
            now: seconds since 1970.
            keep_days: age at which pieces are deleted with their pictures; 0 keeps them.
            keep_megabytes: of pictures, the oldest of which are deleted first. Their pieces stay.
            outputs: names of those that must have delivered a piece before it is deleted.

        Returns:
            What was deleted.
        """
        return self._retention.tidy(now, keep_days, keep_megabytes, outputs)

    def events(self, after: int, limit: int = 100) -> list[Event]:
        """The events that follow a sequence, in order, at most ``limit`` of them."""
        return self._file.read(lambda at: storing.events(at, after, limit))

    def delivered(self, output: str) -> int:
        """The sequence up to which an output has delivered; that before the oldest event where it has nothing yet.

        That is 0 in a journal of which nothing was deleted, and which took no damaged one's place.
        """
        return self._file.read(lambda at: storing.delivered(at, output))

    def mark_delivered(self, output: str, sequence: int) -> None:
        """Keep that an output has delivered up to a sequence; it never goes back.

        This may be lost with the power, and is then delivered again.
        """
        self._file.write(lambda at: storing.mark_delivered(at, output, sequence), flush=False)

    def last_sequence(self) -> int:
        """Of the newest event; 0 where there was none."""
        with self._changed:
            return self._file.last

    def latest(self, limit: int) -> list[PieceResult]:
        """The last final results, the newest first."""
        return self._file.read(lambda at: storing.latest(at, limit))

    def piece(self, id: str) -> PieceResult | None:
        """What is known of a piece, held ones included."""
        row = self._file.read(lambda at: storing.row(at, id))
        return None if row is None else result_of(row)

    def crop(self, id: str) -> bytes | None:
        """A piece's picture as PNG; None where there is none.

        Raises:
            EdgedigitsError: the disk does not give it.
        """
        with self._changed:
            if id in self._unwritten:
                return self._unwritten[id]
        row = self._file.read(lambda at: storing.row(at, id))
        try:
            return None if row is None or row["crop"] is None else (self.folder / row["crop"]).read_bytes()
        except FileNotFoundError:  # retention was faster
            return None
        except OSError as error:
            raise EdgedigitsError(
                f"cannot read the picture of {id} ({error.strerror})", "look after the disk"
            ) from error

    def counts(self, since: float) -> Counts:
        """How many pieces were decided since a time (seconds since 1970), and how many wait."""
        return self._file.read(lambda at: storing.counts(at, since))

    def wait(self, after: int, timeout: float, changes: int | None = None) -> bool:
        """Wait until there is an event after a sequence, or anything else of :attr:`changes` happened.

        Args:
            after: the last sequence that the caller knows.
            timeout: seconds to wait at most.
            changes: what :attr:`changes` was when the caller looked; as it is now where it is not given.

        Returns:
            Whether there is something new.
        """
        with self._changed:
            seen = self._changes if changes is None else changes
            return self._changed.wait_for(lambda: self._file.last > after or self._changes != seen, timeout)

    def close(self) -> None:
        """Close the file. What waits in :meth:`wait` is woken."""
        self._tell()
        self._file.close()

    def _finished(self, event: Event) -> None:
        with self._changed:
            self._unwritten.pop(event.result.id, None)
        self._tell(event.sequence)

    def _tell(self, sequence: int = 0) -> None:
        with self._changed:
            self._file.last = max(self._file.last, sequence)
            self._changes += 1
            self._changed.notify_all()
