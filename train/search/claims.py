"""The trials of a study as a queue that many workers share: each is taken by one, and given up only when that one died.

A trial is a row of the database for all of its life: WAITING, RUNNING, then COMPLETE or FAIL. A worker takes it, gives
it back or finishes it by a change of that one row under a lock, so that no trial can be lost between two steps and
none can be complete twice. A worker that dies stops the heartbeat of its trial; whoever sees that puts the row back to
WAITING, with the settings that were drawn for it. One that was only asleep finds, when it comes to report, that the
trial is no longer its own, and drops what it has.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.samplers import BaseSampler
from optuna.storages import RDBStorage
from optuna.study import Study
from optuna.trial import Trial, TrialState

BEATS_OF_GRACE = 4
"""After so many heartbeats that did not come a worker counts as dead."""

LIVES = 5
"""A trial whose workers died so often is not tried again: it may be what kills them."""

WORKER, DEATHS, RUN, REASON = "worker", "deaths", "run", "reason"
"""User attributes of a trial: who has it, how many died of it, what it came to, why it failed."""

# Of Optuna's schema, which Optuna checks when it opens a storage.
_trials = sa.table("trials", *(sa.column(name) for name in ("trial_id", "study_id", "state", "datetime_complete")))
_beats = sa.table("trial_heartbeats", sa.column("trial_id"), sa.column("heartbeat", sa.DateTime))
_attributes = sa.table("trial_user_attributes", *(sa.column(name) for name in ("trial_id", "key", "value_json")))


@dataclass(frozen=True)
class Standing:
    """How many trials of a study are in which state, on whatever machine."""

    waiting: int
    running: int
    complete: int
    failed: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.waiting + self.running + self.complete + self.failed


class Claims:
    """A worker's access to the queue."""

    def __init__(
        self,
        study: Study,
        storage: RDBStorage,
        worker: str,
        heartbeat: float,
        sampler: Callable[[int], BaseSampler],
    ) -> None:
        """Join the queue.

        Args:
            study: with its trials enqueued.
            storage: that keeps it.
            worker: a name that no other worker has.
            heartbeat: seconds between two signs of life; the same for all workers of a study.
            sampler: makes the sampler of the trial with that number.
        """
        self.study, self.worker, self.heartbeat = study, worker, heartbeat
        self._storage = storage
        self._sampler = sampler

    def standing(self) -> Standing:
        """Count the trials by state."""
        states = [trial.state for trial in self.study.get_trials(deepcopy=False)]
        order = (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE, TrialState.FAIL)
        return Standing(*(states.count(state) for state in order))

    def claim(self) -> Trial | None:
        """Take the first trial that waits; None where none does."""
        for frozen in self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            # Before it runs, so that a trial that runs has a heartbeat that can lapse.
            self._storage.record_heartbeat(frozen._trial_id)
            try:
                taken = self._storage.set_trial_state_values(frozen._trial_id, TrialState.RUNNING)
            except UpdateFinishedTrialError:
                continue
            if taken:
                self.study.sampler = self._sampler(frozen.number)
                trial = Trial(self.study, frozen._trial_id)
                trial.set_user_attr(WORKER, self.worker)
                return trial
        return None

    @contextmanager
    def beating(self, trial: Trial) -> Iterator[None]:
        """Give signs of life meanwhile."""
        end = threading.Event()
        thread = threading.Thread(target=self._beat, args=(trial._trial_id, end), daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()

    def _beat(self, trial_id: int, end: threading.Event) -> None:
        while not end.wait(self.heartbeat):
            try:
                self._storage.record_heartbeat(trial_id)
            except (StorageInternalError, sa.exc.SQLAlchemyError):
                continue  # the next beat may reach the database; if none does, reporting the trial tells

    def mine(self, trial: Trial) -> bool:
        """Whether the trial still runs here; it does not where this worker was taken for dead."""
        now = self._storage.get_trial(trial._trial_id)
        return bool(now.state == TrialState.RUNNING and now.user_attrs.get(WORKER) == self.worker)

    def complete(self, trial: Trial, values: Sequence[float], run: dict[str, Any]) -> bool:
        """Report what a trial came to; False where it was taken away, and what it came to does not count."""
        return self._finish(trial, TrialState.COMPLETE, values, RUN, run)

    def fail(self, trial: Trial, reason: str) -> bool:
        """Report that a trial failed by an error of its own and need not be tried again."""
        return self._finish(trial, TrialState.FAIL, None, REASON, reason)

    def _finish(
        self, trial: Trial, state: TrialState, values: Sequence[float] | None, key: str, attribute: Any
    ) -> bool:
        try:
            if not self.mine(trial):
                return False
            trial.set_user_attr(key, attribute)
            self.study.tell(trial, values, state)
        except UpdateFinishedTrialError:
            return False
        except ValueError:
            if self.mine(trial):
                raise
            return False
        return True

    def give_back(self, trial: Trial) -> bool:
        """Put an unfinished trial back to those that wait; False where it is no longer this worker's."""
        owner = sa.select(_attributes.c.value_json).where(
            _attributes.c.trial_id == trial._trial_id, _attributes.c.key == WORKER
        )
        return self._leave(
            trial._trial_id, lambda connection: connection.scalar(owner) == json.dumps(self.worker), TrialState.WAITING
        )

    def give_up_dead(self) -> tuple[int, ...]:
        """Put the trials of dead workers back to those that wait, and return their numbers."""
        given_up = []
        for frozen in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            lapsed = partial(self._lapsed, trial_id=frozen._trial_id)
            with self._storage.engine.begin() as connection:
                if not lapsed(connection):
                    continue
            deaths = int(frozen.user_attrs.get(DEATHS, 0)) + 1
            state = TrialState.WAITING if deaths < LIVES else TrialState.FAIL
            try:
                self._storage.set_trial_user_attr(frozen._trial_id, DEATHS, deaths)
                if state == TrialState.FAIL:
                    self._storage.set_trial_user_attr(frozen._trial_id, REASON, f"{deaths} workers died during it")
            except UpdateFinishedTrialError:
                continue
            if self._leave(frozen._trial_id, lapsed, state):
                given_up.append(frozen.number)
        return tuple(given_up)

    def _lapsed(self, connection: sa.Connection, trial_id: int) -> bool:
        """Whether the last heartbeat is too long ago by the clock of the database, the only one that is looked at."""
        last = connection.scalar(sa.select(_beats.c.heartbeat).where(_beats.c.trial_id == trial_id))
        now = connection.scalar(sa.select(sa.func.now()))
        if last is None or now is None:
            return False
        return bool(now.replace(tzinfo=None) - last > timedelta(seconds=BEATS_OF_GRACE * self.heartbeat))

    def _leave(self, trial_id: int, allowed: Callable[[sa.Connection], bool], state: TrialState) -> bool:
        """End a trial's running, where it still runs and that is allowed, both looked at under the row's lock."""
        this = _trials.c.trial_id == trial_id
        # No parameter: some drivers would send it as a text, which PostgreSQL does not take for an enum.
        values: dict[str, Any] = {"state": sa.literal_column(f"'{state.name}'")}
        if state.is_finished():
            values["datetime_complete"] = sa.func.now()
        with self._storage.engine.begin() as connection:
            running = connection.scalar(sa.select(_trials.c.state).where(this).with_for_update())
            if running != TrialState.RUNNING.name or not allowed(connection):
                return False
            connection.execute(sa.update(_trials).where(this).values(values))
        return True
