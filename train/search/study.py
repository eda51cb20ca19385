"""A study in its database: made or joined, its trials enqueued exactly once, read as records."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.samplers import BaseSampler, TPESampler
from optuna.storages import RDBStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from edgedigits.core.errors import EdgedigitsError
from edgedigits.train.search.claims import REASON, RUN
from edgedigits.train.search.presets import Categorical, Parameter, Preset, Settings, Whole
from edgedigits.train.search.search_request import State, TrialRecord

OBJECTIVES = ("validation accuracy", "int8 bytes", "MACs")
DIRECTIONS = ("maximize", "minimize", "minimize")
IDENTITY = "edgedigits"
"""User attribute of a study: what every worker that joins it must agree on."""

STARTED_AT_RANDOM = 8
_STATES: dict[TrialState, State] = {
    TrialState.WAITING: "waiting",
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "complete",
    TrialState.FAIL: "failed",
}


def join(
    storage: RDBStorage, name: str, where: str, identity: Mapping[str, Any], preset: Preset, trials: int | None
) -> Study:
    """Load the study, or make it, and enqueue the trials that it lacks; to be called by one worker at a time.

    A worker that was killed half way through leaves a study with too few trials, to which the next one adds the rest.

    Args:
        storage: of the study.
        name: of the study.
        where: the storage, for messages.
        identity: what makes it this study, as JSON takes it.
        preset: that is searched.
        trials: how many there shall be at least; None: as there are, or the preset's number.

    Raises:
        EdgedigitsError: a study of that name is there and is another one; a number of trials that the preset lacks.
    """
    try:
        study = optuna.load_study(study_name=name, storage=storage)
    except KeyError:
        points = preset.points(preset.trials if trials is None else trials)
        study = optuna.create_study(study_name=name, storage=storage, directions=DIRECTIONS)
    else:
        count = len(study.get_trials(deepcopy=False))
        if IDENTITY in study.user_attrs or count:
            _check(name, where, study.user_attrs.get(IDENTITY), identity)
        points = preset.points(trials if trials is not None else count or preset.trials)
    study.set_user_attr(IDENTITY, dict(identity))
    for point in points[len(study.get_trials(deepcopy=False)) :]:
        study.enqueue_trial(dict(point))
    return study


def _check(name: str, where: str, before: Any, now: Mapping[str, Any]) -> None:
    other = "choose another --study"
    if not isinstance(before, dict):
        raise EdgedigitsError(f"the study {name!r} in {where} was not made by edgedigits", other)
    for key, value in json.loads(json.dumps(now)).items():
        if before.get(key) != value:
            raise EdgedigitsError(
                f"the study {name!r} in {where} was started with {key} {_short(before.get(key))}, not {_short(value)}",
                f"{other}, or join it with what it was started with",
            )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."


def sampler_of(seed: int, number: int) -> BaseSampler:
    """The sampler of one trial.

    The tree-structured Parzen estimator for several objectives (Ozaki et al., "Multiobjective tree-structured Parzen
    estimator", JAIR 73, 2022) learns from the first trials on, where NSGA-II needs generations of dozens, and it keeps
    away from what runs on other workers at the time. Each trial has a seed of its own, so that neither the number of
    workers nor a resumption makes two trials draw the same.
    """
    lot = hashlib.sha256(f"{seed} {number}".encode()).digest()
    return TPESampler(seed=int.from_bytes(lot[:4], "big"), n_startup_trials=STARTED_AT_RANDOM, constant_liar=True)


def settings_for(trial: Trial, preset: Preset) -> Settings:
    """A value for each parameter: that which was enqueued or drawn before, else one that the sampler draws."""
    settings: dict[str, Any] = {}
    for parameter in preset.parameters:
        place = parameter.name.removeprefix("width")
        if place.isdigit() and int(place) > settings["blocks"]:
            continue
        settings[parameter.name] = _suggest(trial, parameter)
    return settings


def _suggest(trial: Trial, parameter: Parameter) -> float:
    value: float
    if isinstance(parameter, Categorical):
        value = trial.suggest_categorical(parameter.name, parameter.values)
    elif isinstance(parameter, Whole):
        value = trial.suggest_int(parameter.name, parameter.low, parameter.high, step=parameter.step)
    else:
        value = trial.suggest_float(parameter.name, parameter.low, parameter.high, log=True)
    return value


def records_of(study: Study) -> tuple[TrialRecord, ...]:
    """Every trial of a study, by number."""
    return tuple(_record(trial) for trial in study.get_trials(deepcopy=False))


def front_of(study: Study) -> tuple[TrialRecord, ...]:
    """Complete trials that no other one beats: as good in every objective and better in one. The smallest first."""
    records = [_record(trial) for trial in study.best_trials]
    return tuple(sorted(records, key=lambda record: (record.int8_bytes or 0, record.number)))


def _record(trial: FrozenTrial) -> TrialRecord:
    accuracy, size, macs = trial.values if trial.state == TrialState.COMPLETE else (None, None, None)
    return TrialRecord(
        trial.number,
        _STATES[trial.state],
        dict(trial.params),
        accuracy,
        None if size is None else int(size),
        None if macs is None else int(macs),
        dict(trial.user_attrs.get(RUN, {})),
        str(trial.user_attrs.get(REASON, "")),
    )
