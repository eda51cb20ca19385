"""The station at work: frames in, results into the journal, until it is told to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.loop.capture import Capture, Frame
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import Image, Source
from edgedigits.edge.station.alarms import Alarms
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.keeping import Keeper
from edgedigits.edge.station.picture_health import PictureHealth
from edgedigits.edge.station.pieces.watching import DecidedPiece, Watch
from edgedigits.edge.station.results import PieceResult

log = logging.getLogger(__name__)

CAMERA, REGION, HELD, COUNTS = "camera", "region", "held pieces", "counts"

_PATIENCE = 0.1
"""Seconds after which a loop that waits for a frame looks what else there is to do."""

_SILENCE = 3.0
"""Seconds without a frame after which a live source is said to be away."""


_LOOKS_AT_A_PICTURE, _APART = 5, 0.03
"""A picture of a folder shows pieces that no other does: it is looked at so often, as frames so many seconds apart."""


class Display(Protocol):
    """What shows the running station, as the page does."""

    def publish(self, image: Image, boxes: Sequence[tuple[Box, str, str]], whole: Image | None = None) -> None:
        """Show a frame (upright, of the region) with the pieces in it: box, words, outcome or ``reading``.

        ``whole`` is the camera's own picture, in whose pixels the region is given.
        """


class Gauge(Protocol):
    """What counts frames and pieces, as the metrics do."""

    def frame(self, seconds: float) -> None:
        """A frame was looked at in so many seconds."""

    def skipped(self, total: int) -> None:
        """So many frames were not looked at since the start."""

    def piece(self, result: PieceResult) -> None:
        """A piece has its final result: that of the network, or what a person keyed in time."""


@dataclass(frozen=True)
class Shift:
    """What a station did from start to stop.

    Attributes:
        frames: looked at.
        given: by the source: those, the skipped ones, and one or two that came as the station was stopped.
        skipped: not looked at because a newer one had come.
        reopened: times that the camera was lost and came back.
        outcomes: pieces by outcome, where that is final.
        held: pieces that still wait for a person.
        seconds: from the first frame to the last.
        unwritten: results that never found room in the journal.
    """

    frames: int
    given: int
    skipped: int
    reopened: int
    outcomes: dict[str, int]
    held: int
    seconds: float
    unwritten: int

    @property
    def pieces(self) -> int:
        """Pieces that were decided."""
        return sum(self.outcomes.values()) + self.held + self.unwritten


@dataclass(frozen=True)
class Works:
    """What a station is made of.

    Attributes:
        watch: tells pieces apart and reads them.
        journal: keeps them.
        keeper: writes them there.
        alarms: what is wrong.
        region: of the picture, asked for each frame.
        hold_seconds: for which a rejected piece waits for a person.
        dark_alarm: seconds of black or frozen frames that are an alarm.
        displays: show each frame.
        gauges: count.
        told: called with each result as the network has it, whether it is final or may still be keyed.
        often: called several times a second.
    """

    watch: Watch
    journal: Journal
    keeper: Keeper
    alarms: Alarms
    region: Callable[[], Box | None]
    hold_seconds: float = 0.0
    dark_alarm: float = 10.0
    displays: Sequence[Display] = ()
    gauges: Sequence[Gauge] = ()
    told: Sequence[Callable[[PieceResult], object]] = ()
    often: Sequence[Callable[[], object]] = ()


def run_shift(
    works: Works, source: Source, *, stop: threading.Event | None = None, limit: int | None = None, wait: bool = False
) -> Shift:
    """Read mail pieces from a source until it ends, or until ``stop`` is set.

    Args:
        works: what the station is made of.
        source: opened and closed here.
        stop: end soon after this is set; the pieces in view are decided by what was seen of them. Where the source ends
            by itself, held pieces are waited for.
        limit: end after so many frames.
        wait: for a camera that is not there yet.

    Raises:
        EdgedigitsError: the source cannot be opened, or is damaged.
    """
    run = _Run(works)
    with Capture(source, wait=wait) as capture:
        while not (stop is not None and stop.is_set()) and (limit is None or run.frames < limit):
            frame = capture.take(_PATIENCE)
            run.keep_house()
            if frame is None:
                if capture.ended:
                    break
                run.miss(source)
                continue
            run.take(frame)
            for gauge in works.gauges:
                gauge.skipped(capture.skipped)
        run.end()
        if capture.ended:
            run.wait_for_held(stop)
    return Shift(
        run.frames,
        capture.given,
        capture.skipped,
        capture.reopened,
        dict(run.outcomes),
        run.held,
        run.seconds,
        len(works.keeper.backlog),
    )


class _Run:
    """One shift in progress."""

    def __init__(self, works: Works) -> None:
        self.works = works
        self.frames = 0
        self.outcomes: Counter[str] = Counter()
        self._came: dict[int, float] = {}  # of the pieces in view, when by this machine's clock
        self._open: set[str] = set()  # pieces of this run whose result is not final yet
        self._counted = works.journal.last_sequence()
        self._health = PictureHealth(works.alarms, works.dark_alarm)
        self._begun = time.perf_counter()
        self._first = self._last = 0.0
        self._moment = 0.0
        self._house = 0.0

    @property
    def seconds(self) -> float:
        return self._last - self._first

    @property
    def held(self) -> int:
        return len(self._open) - len(self.works.keeper.backlog)

    def take(self, frame: Frame) -> None:
        """Look at a frame."""
        begun = time.perf_counter()
        works = self.works
        works.alarms.clear(CAMERA)
        at_hand = frame.started + frame.fetch_seconds
        moment = at_hand if frame.live or frame.position is None else frame.position
        self._moment = max(self._moment, moment)
        self._health.look(frame.image, self._moment, frame.live)
        region = self._region(frame.image)
        came = at_hand if frame.live else begun
        for piece in self._look(frame, region):
            self._keep(piece, came)
        self._came = {track.number: self._came.get(track.number, came) for track in works.watch.tracks}
        self._count_final()
        self._show(frame, region)
        self.frames += 1
        self._first, self._last = self._first or begun, time.perf_counter()
        for gauge in works.gauges:
            gauge.frame(self._last - begun)

    def _region(self, image: Image) -> Box | None:
        """The part of this picture to look at; an alarm where the region does not lie in it."""
        told = self.works.region()
        region = _within(told, image)
        if told is None or tuple(told) == region:
            self.works.alarms.clear(REGION)
        else:
            height, width = image.shape[:2]
            where = f"the region {list(told)} is not inside the picture of {width}x{height} pixels"
            self.works.alarms.set(REGION, f"{where}: draw it on the page")
        return region

    def _look(self, frame: Frame, region: Box | None) -> list[DecidedPiece]:
        """The pieces that a frame decides; those of a picture that stands for itself are all decided by it."""
        watch = self.works.watch
        if frame.file is None:
            return watch.look(frame.image, self._moment, region)
        decided: list[DecidedPiece] = []
        for _ in range(_LOOKS_AT_A_PICTURE):
            self._moment += _APART
            decided += watch.look(frame.image, self._moment, region)
        decided += watch.rest(self._moment)
        watch.forget()
        return decided

    def _keep(self, piece: DecidedPiece, came: float) -> None:
        """Write a piece that is decided by a frame which came at a moment of this machine's clock."""
        now = time.perf_counter()
        in_view = now - self._came.get(piece.track.number, came)
        self._tell(self.works.keeper.keep(piece, in_view, now - came, self.works.hold_seconds))

    def _tell(self, result: PieceResult) -> None:
        self._open.add(result.id)
        for tell in self.works.told:
            tell(result)

    def _count_final(self) -> None:
        """Count the results that became final since the last time, by the network or by a person who keyed."""
        journal, alarms = self.works.journal, self.works.alarms
        try:
            while (last := journal.last_sequence()) > self._counted:
                events = journal.events(self._counted)
                self._counted = events[-1].sequence if events else last  # none: they went with a damaged file
                for event in events:
                    self._count(event.result)
            alarms.clear(COUNTS)
        except EdgedigitsError as error:
            alarms.set(COUNTS, f"results cannot be counted: {error}")

    def _count(self, result: PieceResult) -> None:
        for gauge in self.works.gauges:
            gauge.piece(result)
        if result.id in self._open:  # others are of a run before this one
            self._open.remove(result.id)
            self.outcomes[result.outcome] += 1

    def _show(self, frame: Frame, region: Box | None) -> None:
        if not self.works.displays:
            return
        watch = self.works.watch
        boxes = [(track.box, *watch.words.get(track.number, ("", "reading"))) for track in watch.tracks]
        upright = watch.upright(frame.image, region)
        for display in self.works.displays:
            display.publish(upright, boxes, frame.image)

    def keep_house(self) -> None:
        """What has to be done several times a second, frames or none."""
        now = time.monotonic()
        if now - self._house < _PATIENCE:
            return
        self._house = now
        self.works.keeper.write()
        self._settle_held()
        self._count_final()
        for task in self.works.often:
            task()

    def _settle_held(self) -> None:
        """Make held pieces final that nobody keyed; what the disk refuses now is tried again."""
        try:
            self.works.journal.settle(time.time())
            self.works.alarms.clear(HELD)
        except EdgedigitsError as error:
            self.works.alarms.set(HELD, f"held pieces cannot be settled: {error}")

    def miss(self, source: Source) -> None:
        """No frame has come for a while, or none at all yet."""
        if source.live and time.perf_counter() - (self._last or self._begun) > _SILENCE:
            self.works.alarms.set(CAMERA, f"no frame of {source.name} for {_SILENCE:.0f} seconds")

    def wait_for_held(self, stop: threading.Event | None) -> None:
        """Until the last held piece is keyed, or its time is over: the recording is at its end, people may not be."""
        if self.held:
            words = "the recording is at its end; %d pieces wait up to %g s for somebody to key them"
            log.info(words, self.held, self.works.hold_seconds)
        stop = stop or threading.Event()
        while self.held and not stop.wait(_PATIENCE):
            self.keep_house()

    def end(self) -> None:
        """Decide what is still in view, and write what is still in memory."""
        for piece in self.works.watch.rest(self._moment):
            self._keep(piece, time.perf_counter())
        self.works.keeper.write(again=True)
        self._count_final()


def _within(region: Box | None, image: Image) -> Box | None:
    """The part of a region that a picture has; None where it has none of it."""
    if region is None:
        return None
    height, width = image.shape[:2]
    x, y = min(region[0], width - 1), min(region[1], height - 1)
    return x, y, min(region[2], width - x), min(region[3], height - y)
