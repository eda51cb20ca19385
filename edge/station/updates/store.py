"""The models of a station: the one to load now, the former one to go back to, and the switch between them."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.paths import StrPath
from edgedigits.edge.station.results import moment
from edgedigits.edge.station.updates.arrivals import Arrival, Arrivals
from edgedigits.edge.station.updates.bundle import NoUpdate, Update, read_update
from edgedigits.edge.station.updates.events import BY_HAND, RolledBack, UpdateEvent, UpdateRefused, UpdateTaken, short
from edgedigits.edge.station.updates.keys import key_name
from edgedigits.edge.station.updates.placing import first_whole, model_in, place, remove_others
from edgedigits.edge.station.updates.rejects import LOOKS, NONE, rejects_more
from edgedigits.edge.station.updates.state import (
    Became,
    ModelState,
    StateDamaged,
    UpdateRecord,
    locked,
    read_state,
    set_aside,
    write_state,
)

MODELS = "models"
"""The folder of a station's models, in that of its journal."""

MOST_STARTS = 5
"""So often the station is started with a new model that reads no piece, before the former one is tried again."""

_KEPT_EVERY = 500
"""Pieces after which a tally is written where nothing hangs on it: a kill loses so many, and the disk is spared."""


class ModelStore:
    """Keeps the models of a station: a folder ``<sha256>/`` for each, and ``models.json`` that names the current one.

    Whatever moment a process is killed at, that file names a model that is whole. The configured model is neither
    copied nor changed; where the configuration names another one than before, that one runs, and updates begin anew.

    Safe to share between threads. :meth:`look` takes seconds where it tries a model: not for a loop over frames.

    Attributes:
        folder: of the models.
        configured: the model that the configuration names.
        notes: what was found amiss in the folder, in words.
    """

    def __init__(self, folder: StrPath, configured: StrPath) -> None:
        """Open the store, or begin one.

        Raises:
            EdgedigitsError: no configured model, or the folder cannot be written.
        """
        self.folder, self.configured = Path(folder), Path(configured)
        if not self.configured.is_file():
            raise EdgedigitsError(f"no model at {self.configured}", "check the path, or name the word builtin")
        self.notes: tuple[str, ...] = ()
        self._looking = threading.Lock()  # guards what was seen of the folder of updates, while a model is tried
        self._arrivals = Arrivals()
        self._refused: set[str] = set()
        self._told: set[tuple[str, UpdateRefused]] = set()  # a file is judged anew when another model runs
        self._lock = threading.Lock()  # guards the state, never for long; taken after the other one
        with locked(self.folder):
            self._state = self._opened(sha256_of(self.configured))

    @property
    def current(self) -> Path:
        """The model to load now, its card beside it."""
        with self._lock:
            state = self._state
        return self.configured if state.current == state.configured else model_in(self.folder, state.current)

    @property
    def state(self) -> ModelState:
        """Which models there are, and what became of updates."""
        with self._lock:
            return self._state

    @property
    def refused(self) -> frozenset[str]:
        """Names of what lies in the folder of updates and was refused."""
        return frozenset(self._refused)

    def start(self) -> RolledBack | None:
        """Say that the station starts, before it loads the model; models that nobody needs any more are removed.

        Returns:
            That the former model is current again, as the station was started :data:`MOST_STARTS` times with the new
            one and read no piece; else None.
        """
        with self._lock, locked(self.folder):
            self._reread()
            remove_others(self.folder, {self._state.current, self._state.former})
            if self._state.before is None:
                return None
            if self._state.starts >= MOST_STARTS:
                return self._back(f"the station was started {self._state.starts} times with it and read no piece")
            self._change(replace(self._state, starts=self._state.starts + 1))
            return None

    def look(self, updates: StrPath, public_key: StrPath) -> list[UpdateEvent]:
        """Take what is new and good in the folder of updates.

        Files are looked at in the order of their names, each once while the same model runs and the same key is given.
        Nothing is deleted there.

        Args:
            updates: the folder; made where there is none.
            public_key: by which updates have to be signed.

        Returns:
            What happened; of what is refused each reason once. After an :class:`UpdateTaken` or a :class:`RolledBack`
            another model is :attr:`current`, and to be loaded.

        Raises:
            EdgedigitsError: there is no public key.
        """
        with self._looking:
            if events := self._changed_by_others():
                return events
            key = key_name(public_key)
            taken = True
            while taken:  # what was proved against a model that is taken here comes next, whatever its name
                arrived = self._arrivals.unseen(Path(updates), f"{self.state.current} {key}")
                found = [event for one in arrived if (event := self._judged(one, Path(public_key)))]
                taken = any(isinstance(event, UpdateTaken) for event in found)
                events += found
            self._refused &= self._arrivals.names
            return events

    def rollback(self, why: str = BY_HAND) -> Path:
        """Go back to the former model; the current one is never taken again.

        Returns:
            The model to load now.

        Raises:
            EdgedigitsError: there is none to go back to.
        """
        with self._lock, locked(self.folder):
            self._reread()
            self._back(why)
        return self.current

    def judge(self, accepted: int, rejected: int) -> RolledBack | None:
        """Count pieces of the current model since the last call, and take a new one back that rejects much more.

        Args:
            accepted: pieces.
            rejected: pieces.

        Returns:
            That the former model is current again; else None.
        """
        if accepted + rejected <= 0:
            return None
        with self._lock:
            state, seen = self._state, self._state.tally.total
            now, before = state.tally.plus(accepted, rejected), state.before
            self._state = replace(state, tally=now, starts=0)
            if before is None:
                keep = now.total // _KEPT_EVERY != seen // _KEPT_EVERY
            else:
                looked = any(seen < look <= now.total for look in LOOKS)
                if looked and rejects_more(now, before):
                    why = f"it rejected {now.rejected} of its first {now.total} pieces, the former model"
                    with locked(self.folder):
                        return self._back(f"{why} {before.rejected} of {before.total}")
                if now.total >= LOOKS[-1]:
                    self._state = replace(self._state, before=None)
                keep = looked or state.starts > 0
            if keep:
                self._keep_tally()
            return None

    def end(self) -> None:
        """Say that the station ends in order: what it counted is kept, and this start speaks against no model.

        Raises:
            EdgedigitsError: the disk refuses.
        """
        with self._lock:
            self._state = replace(self._state, starts=0)
            self._keep_tally()

    def _opened(self, configured: str) -> ModelState:
        """The state of the folder, mended where something is amiss."""
        state = self._kept()
        if state is None or state.configured != configured:
            state = ModelState(configured, configured, records=state.records if state else ())
            write_state(self.folder, state)
        whole, notes = first_whole(self.folder, state)
        self.notes += notes
        if whole != state.current:
            state = replace(state, current=whole, former="", tally=NONE, before=None, starts=0)
            write_state(self.folder, state)
        return state

    def _judged(self, one: Arrival | UpdateRefused, public_key: Path) -> UpdateEvent | None:
        """Take or refuse a file; None where there is nothing new to say of it."""
        event = self._taken_or_refused(one, public_key)
        self._refused.discard(one.name)
        if not isinstance(event, UpdateRefused):
            return event
        self._refused.add(one.name)
        told = (one.sha256 if isinstance(one, Arrival) else "", event)
        if told in self._told:
            return None
        self._told.add(told)
        return event

    def _taken_or_refused(self, one: Arrival | UpdateRefused, public_key: Path) -> UpdateEvent | None:
        state = self.state
        if isinstance(one, UpdateRefused):
            return one
        if state.took(one.sha256, one.came):
            return None
        try:
            update = read_update(one.data, public_key)
            if update.model == state.current:
                return None
            check_against(update, state)
            place(self.folder, update)
        except NoUpdate as error:
            return self._refuse(one, error)
        except EdgedigitsError as error:  # nothing is wrong with the update: it is looked at again after a start
            return UpdateRefused(one.name, "station", error.what, error.remedy)
        return self._switch(update, one, state.current)

    def _refuse(self, one: Arrival, error: NoUpdate) -> UpdateRefused | None:
        if error.kind == "damaged" and one.may_be_on_its_way:
            self._arrivals.forget(one)
            return None
        with self._lock, locked(self.folder):
            self._reread()
            if not self._state.has_refused(one.sha256, error.what):
                self._change(self._state.with_record(self._record("refused", one, "", error.what)))
        return UpdateRefused(one.name, error.kind, error.what, error.remedy)

    def _switch(self, update: Update, one: Arrival, compared_with: str) -> UpdateTaken | None:
        """Let the new model be current, from one rename on."""
        with self._lock, locked(self.folder):
            self._reread()
            state = self._state
            if state.current != compared_with:  # somebody rolled back while it was tried
                self._arrivals.forget(one)
                return None
            fresh = ModelState(
                state.configured, update.model, former=state.current, before=state.tally, records=state.records
            )
            self._change(fresh.with_record(self._record("taken", one, update.model, "")))
        return UpdateTaken(one.name, update.model, state.current, update.proof.verdict)

    def _back(self, why: str) -> RolledBack:
        state = self._state
        if not state.former:
            raise EdgedigitsError(
                "there is no former model to go back to", "name another model in the configuration, under [reading]"
            )
        record = UpdateRecord(moment(time.time()), "rolled back", "", "", state.current, state.current, why)
        back = ModelState(state.configured, state.former, tally=state.before or NONE, records=state.records)
        self._change(back.with_record(record))
        return RolledBack(state.current, state.former, why)

    def _record(self, became: Became, one: Arrival, model: str, why: str) -> UpdateRecord:
        return UpdateRecord(moment(time.time()), became, one.sha256, one.name, model, self._state.current, why)

    def _change(self, state: ModelState) -> None:
        write_state(self.folder, state)
        self._state = state

    def _reread(self) -> None:
        """Take what another process wrote; where the current model is the same, what was counted here stands."""
        kept = self._kept()
        if kept is not None and kept.current != self._state.current:
            self._state = kept

    def _kept(self) -> ModelState | None:
        """The state as it is written; None where there is none, or what is there is damaged: it is set aside."""
        try:
            return read_state(self.folder)
        except StateDamaged as error:
            self.notes += (f"{error.what}: it is set aside as {set_aside(self.folder).name}",)
            return None

    def _changed_by_others(self) -> list[UpdateEvent]:
        """What another process, such as `edgedigits station rollback`, did to the state."""
        with self._lock, locked(self.folder):
            left = self._state.current
            self._reread()
            state = self._state
        if state.current == left:
            return []
        record = state.withdrawn(left)
        return [RolledBack(left, state.current, record.why if record else "another program changed it")]

    def _keep_tally(self) -> None:
        with locked(self.folder):
            kept = self._kept()
            if kept is None or kept.current == self._state.current:  # else look() will tell who changed it
                write_state(self.folder, self._state)


def check_against(update: Update, state: ModelState) -> None:
    """Refuse what was not proved against the model that runs, or was taken back before.

    Raises:
        NoUpdate: it was not, or it was.
    """
    back = state.withdrawn(update.model)
    if back:
        told = f"its model was taken back on {back.when}: {back.why}"
        raise NoUpdate("withdrawn", told, "train another one with `edgedigits station retrain`")
    if update.compared_with != state.current:
        raise NoUpdate(
            "compared",
            f"it was compared with model {short(update.compared_with)}, and {short(state.current)} runs here",
            "make it with `edgedigits station retrain --model` of the model that runs here",
        )
    if update.proof.verdict == "worse":
        raise NoUpdate("worse", f"it is not proved better or equal: {update.proof.why}")
