"""From a decided piece to the journal, and what becomes of it where the journal cannot be written."""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import Image
from edgedigits.edge.station.alarms import Alarms
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.records import Audit
from edgedigits.edge.station.pieces.watching import DecidedPiece
from edgedigits.edge.station.results import PieceResult

UNWRITABLE, NO_PICTURES = "journal", "pictures"

_MOST_PICTURES = 50
"""Pictures that are kept in memory while the journal cannot be written; codes are kept without end."""

_RETRY = 1.0
"""Seconds between tries to write what is kept in memory."""


@dataclass(frozen=True)
class Unwritten:
    """A result that is to be written into the journal.

    Attributes:
        result: of the piece.
        picture: of it, or None.
        digits: boxes of the marks of its code in the picture, where they are known.
        hold: seconds that it waits for a person; 0 where it is final.
        audit: why it is to be checked although it was accepted.
    """

    result: PieceResult
    picture: Image | None
    digits: tuple[Box, ...]
    hold: float
    audit: Audit | None


class Keeper:
    """Writes results into the journal in their order; where that cannot be done now, as soon as it can.

    Attributes:
        backlog: results that could not be written yet.
        model: sha256 of the network that reads; it may be changed.
    """

    def __init__(
        self,
        journal: Journal,
        alarms: Alarms,
        station: str,
        model: str,
        bin_of: Callable[[str], str],
        draw: Callable[[], Audit | None] = lambda: None,
    ) -> None:
        """Keep the results of one station.

        Args:
            journal: that is written.
            alarms: told of a journal that cannot be written, and of pictures that are not.
            station: its name.
            model: sha256 of the network that reads.
            bin_of: where a code goes.
            draw: asked for each accepted piece whether it is to be checked.
        """
        self._journal, self._alarms = journal, alarms
        self._station, self.model, self._bin_of = station, model, bin_of
        self.backlog: deque[Unwritten] = deque()
        self._draw = draw
        self._tried = 0.0

    def keep(self, piece: DecidedPiece, in_view: float, waited: float, hold_seconds: float) -> PieceResult:
        """Keep a piece.

        Args:
            piece: that was decided.
            in_view: seconds since its first frame, of this machine's clock: a recording's own may go faster.
            waited: seconds from its last frame to now.
            hold_seconds: for which it waits for a person, if it is rejected.

        Returns:
            its result.
        """
        decision, now = piece.decision, time.time()
        accepted = decision.outcome == "accepted"
        latency = piece.since + waited
        result = PieceResult(
            id=uuid.uuid4().hex,
            station=self._station,
            entered=now - in_view,
            decided=now,
            latency=latency,
            code=decision.code,
            outcome=decision.outcome,
            why=decision.why,
            bin=self._bin_of(decision.code) if accepted else "",
            confidence=decision.confidence,
            alternatives=decision.alternatives,
            frames=decision.frames,
            model=self.model,
        )
        picture = piece.picture if min(piece.picture.shape[:2]) > 1 else None
        nobody_can_key_it = accepted or picture is None
        hold = 0.0 if nobody_can_key_it else hold_seconds
        audit = self._draw() if accepted else None
        self.backlog.append(Unwritten(result, picture, piece.digits, hold, audit))
        self.write()
        return result

    def write(self, *, again: bool = False) -> None:
        """Write what is in memory; after a failure only once a second, unless ``again`` is set."""
        if not self.backlog or (not again and len(self.backlog) > 1 and time.monotonic() - self._tried < _RETRY):
            return
        while self.backlog:
            first = self.backlog[0]
            try:
                if first.hold:
                    self._journal.hold(first.result, first.picture, time.time() + first.hold, first.digits)
                else:
                    self._journal.add(first.result, first.picture, first.digits, first.audit)
            except EdgedigitsError as error:
                self._tried = time.monotonic()
                self._alarms.set(UNWRITABLE, f"{error}; {len(self.backlog)} results wait in memory")
                self._let_pictures_go()
                return
            self.backlog.popleft()
        self._alarms.clear(UNWRITABLE)
        if self._journal.crops_stopped:
            self._alarms.set(NO_PICTURES, self._journal.crops_stopped)
        else:
            self._alarms.clear(NO_PICTURES)

    def _let_pictures_go(self) -> None:
        for place in range(len(self.backlog) - _MOST_PICTURES):
            self.backlog[place] = replace(self.backlog[place], picture=None)
