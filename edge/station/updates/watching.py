"""Looking for updates in a thread of its own, so that the loop over frames never waits for one."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.edge.station.updates.events import UpdateEvent, UpdateRefused
from edgedigits.edge.station.updates.store import ModelStore

LOOK_EVERY = 10.0
"""Seconds between two looks into the folder."""


class UpdateWatch:
    """Looks into the folder of updates again and again; the loop asks for what happened.

    Attributes:
        store: of the models; after an event other than a refusal, its ``current`` is to be loaded.
    """

    def __init__(self, store: ModelStore, updates: StrPath, public_key: StrPath, every: float = LOOK_EVERY) -> None:
        """Be ready to :meth:`start`.

        Args:
            store: that takes the updates.
            updates: the folder that is looked into.
            public_key: by which they have to be signed.
            every: seconds between two looks.
        """
        self.store = store
        self._updates, self._key, self._every = Path(updates), Path(public_key), every
        self._events: deque[UpdateEvent] = deque()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="updates", daemon=True)
        self._said = ""

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; an update that is being tried is tried to its end."""
        self._over.set()
        self._thread.join()

    def events(self) -> list[UpdateEvent]:
        """What happened since the last call; quick."""
        found = []
        while self._events:
            found.append(self._events.popleft())
        return found

    @property
    def amiss(self) -> bool:
        """Whether something is not taken that lies in the folder, or none can be."""
        return bool(self._said or self.store.refused)

    def _run(self) -> None:
        while True:
            self._look()
            if self._over.wait(self._every):
                return

    def _look(self) -> None:
        try:
            self._events.extend(self.store.look(self._updates, self._key))
            self._said = ""
        except EdgedigitsError as error:  # such as a full disk: said once, tried again
            if self._said != error.what:
                self._events.append(UpdateRefused("", "station", error.what, error.remedy))
            self._said = error.what
