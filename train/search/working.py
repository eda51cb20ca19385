"""A worker: takes trials until every trial of the study is finished, here or elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from optuna.exceptions import StorageInternalError
from optuna.trial import Trial

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.train.search.claims import Claims
from edgedigits.train.search.search_request import TrialFailed, TrialTaken

MOST_SECONDS_BETWEEN_LOOKS = 5.0


@dataclass(frozen=True)
class Outcome:
    """What a trial came to: a value an objective, and what else is to be kept with it, as JSON takes it."""

    values: tuple[float, ...]
    run: dict[str, Any]


def work(claims: Claims, carry_out: Callable[[Trial], Outcome], tell: Callable[[str, bool], object]) -> None:
    """Carry out trials until none waits and none runs elsewhere.

    Args:
        claims: the queue.
        carry_out: does a trial. What it may raise: :class:`TrialFailed` where the trial is to blame, which is recorded
            and not tried again; :class:`EdgedigitsError`, Ctrl-C and the like where this machine is, upon which the
            trial waits again. Anything else is a bug: recorded, and raised.
        tell: called with what happened, and whether a trial was finished.
    """
    waited = False
    while True:
        for number in claims.give_up_dead():
            tell(f"trial {number} was left by a worker that died", False)
        trial = claims.claim()
        if trial is not None:
            _do(claims, trial, carry_out, tell)
            waited = False
            continue
        standing = claims.standing()
        if not (standing.running or standing.waiting):
            return
        if not waited:
            tell(f"waiting for {counted(standing.running, 'trial')} elsewhere", False)
        waited = True
        time.sleep(min(claims.heartbeat, MOST_SECONDS_BETWEEN_LOOKS))


def _do(
    claims: Claims, trial: Trial, carry_out: Callable[[Trial], Outcome], tell: Callable[[str, bool], object]
) -> None:
    name = f"trial {trial.number}"
    try:
        with claims.beating(trial):
            outcome = carry_out(trial)
            kept = claims.complete(trial, outcome.values, outcome.run)
    except TrialFailed as failure:
        claims.fail(trial, str(failure))
        tell(f"{name} failed: {failure}", True)
    except TrialTaken:
        tell(f"{name} was given to another worker meanwhile", False)
    except (EdgedigitsError, KeyboardInterrupt, SystemExit, StorageInternalError, sa.exc.SQLAlchemyError):
        claims.give_back(trial)
        raise
    except Exception as bug:
        claims.fail(trial, repr(bug))
        raise
    else:
        tell(f"{name} is complete" if kept else f"{name} was given to another worker meanwhile", kept)
