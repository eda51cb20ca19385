"""Updates of a running station: looked for, loaded, watched, and told of."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.alarms import Alarms
from edgedigits.edge.station.configuration.settings import StationSettings
from edgedigits.edge.station.results import PieceResult
from edgedigits.edge.station.updates.events import BY_HAND, ROLLED_BACK, TAKEN, RolledBack, UpdateEvent, UpdateRefused
from edgedigits.edge.station.updates.opening import store_of
from edgedigits.edge.station.updates.watching import LOOK_EVERY, UpdateWatch

UPDATE, TAKEN_BACK, DAMAGED = "update", "update taken back", "models"
"""Names of alarms. What lies in the folder of updates and is not taken raises the first, until it lies there no more;
a model that the station took back by itself the second, until another one is taken; what is damaged in the folder of
models the third, until the station is started again."""

_log = logging.getLogger(__name__)


class StationUpdates:
    """What a station does about updates while it reads mail.

    ``model`` is what it loads first; :meth:`tell` goes with what is told of each result, :meth:`work` with what is done
    often, both in the thread that reads.

    Attributes:
        store: of the models.
        counts: what happened since the start: ``taken``, ``rolled back``, and refusals by their kind.
    """

    def __init__(
        self,
        settings: StationSettings,
        folder: Path,
        alarms: Alarms,
        load: Callable[[Path], object],
        every: float = LOOK_EVERY,
    ) -> None:
        """Open the store; a new model with which the station does not live is taken back here.

        Args:
            settings: of the station.
            folder: that their paths are relative to.
            alarms: told of what is refused or taken back.
            load: lets the station read with another model from now on; raises EdgedigitsError where it does not load.
            every: seconds between two looks into the folder of updates.

        Raises:
            EdgedigitsError: no configured model, or the folder of models cannot be written.
        """
        self.store = store_of(settings, folder)
        self.counts: Counter[str] = Counter()
        self._alarms, self._load = alarms, load
        self._refusing = False
        self._noted = 0
        self._say_notes()
        with self._never_stopping():
            back = self.store.start()
            if back:
                self._say(back)
        told = settings.updates
        self._watch = (
            UpdateWatch(self.store, folder / told.folder, folder / told.public_key, every) if told.public_key else None
        )

    @property
    def model(self) -> Path:
        """The model to load now."""
        return self.store.current

    def start(self) -> None:
        """Begin to look for updates, where the configuration names a key."""
        if self._watch:
            self._watch.start()

    def stop(self) -> None:
        """End in order."""
        if self._watch:
            self._watch.stop()
        with self._never_stopping():
            self.store.end()

    def tell(self, result: PieceResult) -> None:
        """Count a result of the current model; a new one that rejects too much is taken back."""
        rejected = result.outcome == "rejected"
        with self._never_stopping():
            back = self.store.judge(not rejected, rejected)
            if back:
                self._say(back)
                self._load(self.model)

    def work(self) -> None:
        """Load what was taken since the last call."""
        if self._watch is None:
            return
        events = self._watch.events()
        self._say_notes()
        for event in events:
            self._say(event)
        if any(not isinstance(event, UpdateRefused) for event in events):
            with self._never_stopping():
                self._load_or_go_back()
        if self._refusing and not events and not self._watch.amiss:
            self._refusing = False
            self._alarms.clear(UPDATE)

    def _say_notes(self) -> None:
        """Raise an alarm of what was found amiss in the folder of models since the last call."""
        for note in self.store.notes[self._noted :]:
            self._alarms.set(DAMAGED, note)
        self._noted = len(self.store.notes)

    @contextmanager
    def _never_stopping(self) -> Iterator[None]:
        """Turn what the disk refuses into an alarm: the station reads on with the model that it has."""
        try:
            yield
        except EdgedigitsError as error:
            self._alarms.set(UPDATE, str(error))

    def _load_or_go_back(self) -> None:
        try:
            self._load(self.model)
        except EdgedigitsError as error:
            left = self.store.state.current
            self.store.rollback(f"it does not load: {error.what}")
            self._say(RolledBack(left, self.store.state.current, f"it does not load: {error.what}"))
            self._load(self.model)

    def _say(self, event: UpdateEvent) -> None:
        if isinstance(event, UpdateRefused):
            self.counts[event.kind] += 1
            if UPDATE in self._alarms.active():
                _log.warning("%s", event.words)  # an alarm that is on already is not logged anew
            self._alarms.set(UPDATE, event.words)
            self._refusing = True
        elif isinstance(event, RolledBack):
            self.counts[ROLLED_BACK] += 1
            if event.why == BY_HAND:
                _log.warning("%s", event.words)
            else:
                self._alarms.set(TAKEN_BACK, event.words)
        else:
            self.counts[TAKEN] += 1
            self._alarms.clear(TAKEN_BACK)
            _log.info("%s", event.words)
