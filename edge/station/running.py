"""A whole station: what its configuration tells, put together, run, and ended."""

from __future__ import annotations

import logging
import random
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.sources.base import Source
from edgedigits.edge.sources.registry import open_source
from edgedigits.edge.station.alarms import Alarms
from edgedigits.edge.station.calibration.threshold import (
    NOT_PROVED,
    ChosenThreshold,
    KeptCalibration,
    choose_station_threshold,
)
from edgedigits.edge.station.configuration.adjustments import Adjusted, Adjustments
from edgedigits.edge.station.configuration.placing import placed, placed_source
from edgedigits.edge.station.configuration.settings import StationSettings
from edgedigits.edge.station.frame_share import FrameShare
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.records import Audit
from edgedigits.edge.station.keeping import Keeper
from edgedigits.edge.station.messages.forwarder import Forwarder
from edgedigits.edge.station.messages.metrics import StationMetrics
from edgedigits.edge.station.messages.outputs import outputs_of
from edgedigits.edge.station.one_at_a_time import StationLock
from edgedigits.edge.station.opening import open_reader
from edgedigits.edge.station.page.live import LiveState
from edgedigits.edge.station.pieces.deciding import Decider
from edgedigits.edge.station.pieces.watching import Watch
from edgedigits.edge.station.service.notify import Watchdog
from edgedigits.edge.station.station import Shift, Works, run_shift
from edgedigits.edge.station.updates.at_work import StationUpdates
from edgedigits.edge.station.updates.events import short

if TYPE_CHECKING:
    from edgedigits.edge.station.page.server import PageServer

log = logging.getLogger(__name__)

SET_ASIDE, TOO_FAST, CALIBRATION, ACCEPTS_NOTHING = (
    "journal set aside",
    "belt too fast",
    "calibration",
    "accepts nothing",
)

_MOST_SKIPPED = 0.5
"""Share of frames above which not the belt is to blame where pieces cannot be told apart."""

_TIDY_SECONDS = 3600.0
"""Seconds between two looks at what need not be kept any more."""


class Station:
    """A station from its configuration on; a context that ends its threads.

    Attributes:
        settings: of the configuration file.
        journal: that it keeps.
        alarms: what is wrong.
        adjustments: what was changed on the page.
        updates: of its model.
        page: its server; None where the configuration asks for none.
    """

    def __init__(self, settings: StationSettings, folder: Path, *, source: Source | None = None) -> None:
        """Open all that the configuration names; nothing runs yet.

        Args:
            settings: of the configuration file.
            folder: that paths in it are relative to.
            source: of frames in place of the one that is told.

        Raises:
            EdgedigitsError: something of it cannot be had, with what to do.
        """
        self.settings, self._folder = settings, folder
        self._source = source or open_source(placed_source(settings.camera.source, folder))
        where = folder / settings.journal.folder
        self._lock = StationLock(where)
        kept = settings.journal
        self.alarms = Alarms()
        self._watch: Watch | None = None
        self._keeper: Keeper | None = None
        self._told: ChosenThreshold | None = None
        self.updates = StationUpdates(settings, folder, self.alarms, self._read_with)
        self._read_with(self.updates.model)
        self.journal = Journal(
            where,
            durable=kept.durable,
            bin_of=self._reader.bin_of,
            crops=kept.crops,  # type: ignore[arg-type]  # the settings allow no other word
            least_free_megabytes=kept.least_free_megabytes,
        )
        self.adjustments = Adjustments(where, Adjusted(settings.camera.region, None))
        self._calibration = KeptCalibration(where)
        self._watchdog = Watchdog()
        self._metrics = StationMetrics(
            settings.name, self.alarms.active, lambda: self.updates.counts, lambda: self._reader.model
        )
        self._live = LiveState()
        self._frames = FrameShare()
        self._outputs = [
            Forwarder(self.journal, output, self._metrics, self.alarms) for output in outputs_of(settings, folder)
        ]
        self.page = self._page()
        self._ending = threading.Event()
        self._tidying = threading.Thread(target=self._tidy, name="tidy", daemon=True)

    @property
    def threshold(self) -> ChosenThreshold:
        """The confidence from which codes are accepted now."""
        return self._threshold(self.adjustments.current.threshold)

    def _threshold(self, changed: float | None) -> ChosenThreshold:
        return choose_station_threshold(self.settings.reading, self._calibration.current, self._reader, changed)

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.callback(self._lock.release)
            started.callback(self.journal.close)
            if self.page is not None:
                self.page.start()
                started.callback(self.page.stop)
            for output in self._outputs:
                output.start()
                started.callback(output.stop)
            self.updates.start()
            started.callback(self.updates.stop)
            self._tidying.start()
            self._started = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._started.close()

    def run(self, stop: threading.Event | None = None, *, limit: int | None = None) -> Shift:
        """Read mail until ``stop`` is set or the source ends. A camera that is away is waited for.

        Args:
            stop: ends the shift.
            limit: frames after which it ends.

        Raises:
            EdgedigitsError: a source that is no camera cannot be opened, or is damaged.
        """
        pieces = self.settings.pieces
        self._watch = Watch(
            self._reader.codes,
            lambda: Decider(self.threshold.value),
            rotate=self.settings.camera.rotate,
            decide_within=pieces.decide_within,
        )
        name, reader = self.settings.name, self._reader
        self._keeper = Keeper(self.journal, self.alarms, name, reader.model, reader.bin_of, self._drawn)
        works = Works(
            self._watch,
            self.journal,
            self._keeper,
            self.alarms,
            region=lambda: self.adjustments.current.region,
            hold_seconds=pieces.hold_seconds,
            dark_alarm=pieces.dark_alarm,
            displays=(self._live,),
            gauges=(self._metrics, self._frames),
            told=(self.updates.tell,),
            often=(self._say_alive, self._say_threshold, self._say_speed, self.updates.work),
        )
        return run_shift(works, self._source, stop=stop, limit=limit, wait=self._source.live)

    def _read_with(self, model: Path) -> None:
        """Read with a model from now on.

        Raises:
            EdgedigitsError: it does not load; the station reads on as before.
        """
        self._reader = open_reader(self.settings.reading, self._folder, model)
        if self._watch is not None and self._keeper is not None:
            self._watch.reader = self._reader.codes
            self._keeper.model = self._reader.model

    def _drawn(self) -> Audit | None:
        """Whether the piece that was accepted just now is to be checked: by chance alone, not by anything about it."""
        if random.random() * 100 >= self.settings.pieces.audit_percent:
            return None
        return Audit(self.threshold.value, self._reader.expected, self._reader.digits)

    def _page(self) -> PageServer | None:
        if not self.settings.page.listen:
            return None
        from edgedigits.edge.station.page.parts import PageParts
        from edgedigits.edge.station.page.server import PageServer

        parts = PageParts(
            self.settings.name,
            self.journal,
            self._live,
            self.adjustments,
            self.alarms,
            self._metrics,
            self._outputs,
            self._reader.accepts,
            self.settings.reading.forms,
            self._told_threshold,
            lambda: min(self._threshold(None).value, 1.0),
            lambda: short(self._reader.model),
        )
        page, folder = self.settings.page, self._folder
        page = replace(page, certificate=placed(page.certificate, folder), key=placed(page.key, folder))
        return PageServer(page, parts)

    def _told_threshold(self) -> tuple[float, str]:
        chosen = self.threshold
        return chosen.value, chosen.words

    def _say_alive(self) -> None:
        self._watchdog.beat(time.monotonic())
        if self.journal.set_aside:
            self.alarms.set(SET_ASIDE, f"the journal was damaged and set aside as {self.journal.set_aside}")

    def _follow_calibration(self) -> None:
        """Go by what `edgedigits station calibrate` kept meanwhile."""
        try:
            if self._calibration.look():
                self.alarms.clear(CALIBRATION)
        except EdgedigitsError as error:
            self.alarms.set(CALIBRATION, f"{error}; the calibration of before holds")

    def _say_threshold(self) -> None:
        self._follow_calibration()
        chosen = self.threshold
        if chosen != self._told:
            log.info("model %s; %s: %s", short(self._reader.model), chosen.effect, chosen.words)
            self._told = chosen
        not_proved = chosen.accepts and not chosen.is_wanted
        for name, is_on in ((NOT_PROVED, not_proved), (ACCEPTS_NOTHING, not chosen.accepts)):
            if is_on:
                self.alarms.set(name, chosen.words)
            else:
                self.alarms.clear(name)

    def _say_speed(self) -> None:
        if self._watch is not None and self._watch.is_too_fast:
            words = "pieces pass too fast to be told apart: raise the camera's frame rate or slow the belt"
            if (share := self._frames.of_skipped) > _MOST_SKIPPED:
                words = (
                    f"this machine is too slow: {share:.0%} of the frames are skipped, and pieces are not told apart"
                )
                words += "; stop other programs, lower the camera's size or frame rate, or slow the belt"
            self.alarms.set(TOO_FAST, words)
        else:
            self.alarms.clear(TOO_FAST)

    def _tidy(self) -> None:
        """Delete what need not be kept any more, now and every hour."""
        kept = self.settings.journal
        names = [output.output.name for output in self._outputs]
        while True:
            try:
                self.journal.tidy(
                    time.time(), keep_days=kept.keep_days, keep_megabytes=kept.keep_megabytes, outputs=names
                )
                self.alarms.clear("tidying")
            except EdgedigitsError as error:
                if self._ending.is_set():
                    return
                self.alarms.set("tidying", str(error))
            if self._ending.wait(_TIDY_SECONDS):
                return
