"""Trials of a study shared by workers: none is lost, none is run twice, whoever dies."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path

import optuna
import pytest
import sqlalchemy as sa

from edgedigits.core.errors import EdgedigitsError
from edgedigits.train.search.claims import DEATHS, LIVES, Claims
from edgedigits.train.search.presets import PRESETS
from edgedigits.train.search.search_request import TrialFailed, TrialTaken
from edgedigits.train.search.storage import exclusive, open_storage, url_of
from edgedigits.train.search.study import join, records_of, sampler_of, settings_for
from edgedigits.train.search.working import Outcome, work
from tests.train.queue_worker import STUDY

WORKER = Path(__file__).with_name("queue_worker.py")
BEAT = 15.0


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def address(request, tmp_path):
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/study.db"
    return request.getfixturevalue("server").new_database()


def start(address: str, trials: int, seconds: float, heartbeat: float) -> subprocess.Popen:
    command = [sys.executable, str(WORKER), address, str(trials), str(seconds), str(heartbeat)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def lines_of(worker: subprocess.Popen) -> list[str]:
    text = worker.communicate(timeout=120)[0]
    assert worker.returncode == 0
    return text.split("\n")[:-1]


def load(address: str) -> optuna.Study:
    return optuna.load_study(study_name=STUDY, storage=open_storage(url_of(address)))


def states(study: optuna.Study) -> dict[str, int]:
    return dict(Counter(trial.state.name for trial in study.get_trials()))


def test_a_killed_workers_trial_is_done_by_the_other_one_and_none_is_lost_or_run_twice(address):
    trials = 6
    doomed, other = start(address, trials, 1.0, 1.25), None
    killed_in = None
    finished = []
    for line in doomed.stdout:
        word, number = line.split()
        other = other or start(address, trials, 0.1, 1.25)  # while the first one has its first trial
        if word == "done":
            finished.append(int(number))
        elif finished:  # in the middle of its second trial
            killed_in = int(number)
            doomed.send_signal(signal.SIGKILL)
            break
    doomed.stdout.close()
    assert doomed.wait() == -signal.SIGKILL
    lines = lines_of(other)

    study = load(address)
    assert states(study) == {"COMPLETE": trials}
    done = finished + [int(line.split()[1]) for line in lines if line.startswith("done")]
    assert sorted(done) == list(range(trials))
    started = Counter(int(line.split()[1]) for line in lines if line.startswith("start"))
    assert f"done {killed_in}" in lines
    assert set(started.values()) == {1}
    assert not set(started) & set(finished)


@pytest.mark.parametrize("address", ["sqlite", "postgresql"], indirect=True)
def test_workers_that_start_at_once_make_one_study_and_share_its_trials(address):
    trials = 6
    workers = [start(address, trials, 0.05, 15) for _ in range(3)]
    lines = [line for worker in workers for line in lines_of(worker)]
    assert states(load(address)) == {"COMPLETE": trials}
    for word in ("start", "done"):
        assert sorted(int(line.split()[1]) for line in lines if line.startswith(word)) == list(range(trials))


def queue(
    address: str, trials: int | None = 3, preset: str = "separable", worker: str = "a", beat: float = BEAT
) -> Claims:
    url = url_of(address)
    with exclusive(url):
        storage = open_storage(url)
        study = join(storage, STUDY, address, {"preset": preset}, PRESETS[preset], trials)
    return Claims(study, storage, worker, beat, partial(sampler_of, 0))


def carry_out(trial):
    settings = settings_for(trial, PRESETS["separable"])
    return Outcome((settings["rate"], settings["blocks"], settings["width1"]), {})


def ignore(news, finished):
    return None


def test_workers_that_reach_out_at_the_same_moment_take_different_trials(address):
    workers, taken = [queue(address, 12, worker=str(number)) for number in range(3)], []
    together = threading.Barrier(len(workers))

    def take(claims):
        for _ in range(4):
            together.wait()
            taken.append(claims.claim().number)

    with ThreadPoolExecutor(len(workers)) as pool:
        list(pool.map(take, workers))
    assert sorted(taken) == list(range(12))


def last_beats(address: str, at: str | None = None) -> list[datetime]:
    """When the trials that run gave their last sign of life; ``at`` moves it there, as if the workers had died then."""
    engine = sa.create_engine(url_of(address))
    beats = sa.table("trial_heartbeats", sa.column("heartbeat", sa.DateTime))
    with engine.begin() as connection:
        if at:
            connection.execute(sa.update(beats).values(heartbeat=datetime.fromisoformat(at)))
        found = list(connection.scalars(sa.select(beats.c.heartbeat)))
    engine.dispose()
    return found


def let_die(address: str) -> None:
    assert last_beats(address, "2000-01-01")


def test_one_that_was_only_asleep_finds_its_trial_taken(address):
    asleep, other = queue(address), queue(address, worker="b")
    trial = asleep.claim()
    settings = settings_for(trial, PRESETS["separable"])
    assert other.give_up_dead() == ()
    let_die(address)
    assert other.give_up_dead() == (trial.number,)
    assert not asleep.mine(trial)
    assert not asleep.give_back(trial)
    again = other.claim()
    assert (again.number, settings_for(again, PRESETS["separable"])) == (trial.number, settings)
    assert not asleep.give_back(trial)
    assert not asleep.complete(trial, (0.0, 1.0, 1.0), {"by": "asleep"})
    assert other.complete(again, (9.0, 1.0, 1.0), {"by": "other"})
    assert not asleep.complete(trial, (0.0, 1.0, 1.0), {"by": "asleep"})
    assert not asleep.fail(trial, "too late")
    record = records_of(other.study)[trial.number]
    assert (record.state, record.accuracy, record.run) == ("complete", 9.0, {"by": "other"})


def test_signs_of_life_keep_a_long_trial(address):
    busy, other = queue(address, beat=0.05), queue(address, worker="b")
    trial = busy.claim()
    let_die(address)
    with busy.beating(trial):
        end = time.monotonic() + 60
        while last_beats(address)[0].year == 2000:
            assert time.monotonic() < end, "no sign of life came"
            time.sleep(0.05)
        assert other.give_up_dead() == ()
    assert busy.mine(trial)


def test_of_many_that_find_a_worker_dead_one_gives_its_trial_up(address):
    """The second one looks when the first has given it up and taken it."""
    dead, first, second = queue(address), queue(address, worker="b"), queue(address, worker="c")
    trial = dead.claim()
    let_die(address)
    assert first.give_up_dead() == (trial.number,)
    assert first.claim().number == trial.number
    assert second.give_up_dead() == ()


def test_connections_that_were_cut_between_two_uses_are_made_anew(server):
    claims = queue(server.new_database())
    trial = claims.claim()
    settings_for(trial, PRESETS["separable"])
    psql = [server.programs / "psql", "-q", server.url(), "-c"]
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name <> 'psql' AND pid IS NOT NULL"
    subprocess.run([*psql, f"{cut} AND backend_type = 'client backend'"], check=True, stdout=subprocess.DEVNULL)
    assert claims.complete(trial, (1.0, 1.0, 1.0), {})


def test_a_trial_that_kills_its_workers_is_not_tried_for_ever(tmp_path):
    address = f"sqlite:///{tmp_path}/study.db"
    claims = queue(address, 1)
    claims.claim().set_user_attr(DEATHS, LIVES - 2)
    let_die(address)
    assert claims.give_up_dead() == (0,)
    assert claims.claim()
    let_die(address)
    assert claims.give_up_dead() == (0,)
    assert claims.claim() is None
    record = records_of(claims.study)[0]
    assert (record.state, record.reason) == ("failed", f"{LIVES} workers died during it")


def test_a_trial_that_cannot_be_carried_out_is_recorded_and_not_tried_again(tmp_path):
    claims, tried = queue(f"sqlite:///{tmp_path}/study.db"), []

    def fails(trial):
        tried.append(trial.number)
        if trial.number == 1:
            raise TrialFailed("the loss is nan")
        return carry_out(trial)

    work(claims, fails, ignore)
    assert tried == [0, 1, 2]
    assert [record.state for record in records_of(claims.study)] == ["complete", "failed", "complete"]
    assert records_of(claims.study)[1].reason == "the loss is nan"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143), EdgedigitsError("disk full", "free some")])
def test_a_worker_that_stops_gives_its_trial_back_as_it_was_drawn(tmp_path, error):
    claims, drawn = queue(f"sqlite:///{tmp_path}/study.db", 5), []

    def stops(trial):
        drawn.append((trial.number, settings_for(trial, PRESETS["separable"])))
        if trial.number == 3:
            raise error
        return carry_out(trial)

    with pytest.raises(type(error)):
        work(claims, stops, ignore)
    assert [record.state for record in records_of(claims.study)] == ["complete"] * 3 + ["waiting"] * 2
    work(claims, carry_out, ignore)
    assert [record.state for record in records_of(claims.study)] == ["complete"] * 5
    assert records_of(claims.study)[3].settings == drawn[3][1]


def test_a_bug_is_recorded_and_keeps_its_traceback(tmp_path):
    claims = queue(f"sqlite:///{tmp_path}/study.db")

    def broken(trial):
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        work(claims, broken, ignore)
    assert records_of(claims.study)[0].reason == "KeyError('a bug')"


def test_a_trial_taken_while_it_ran_is_dropped_without_fuss(tmp_path):
    claims, told = queue(f"sqlite:///{tmp_path}/study.db", 1), []

    def sleeps(trial):
        assert claims.give_back(trial)
        if len(told) < 1:
            raise TrialTaken
        claims.claim()
        return carry_out(trial)

    work(claims, sleeps, lambda news, finished: told.append(finished))
    assert told == [False, True]


def test_a_study_that_was_half_made_is_completed(tmp_path):
    address = f"sqlite:///{tmp_path}/study.db"
    with exclusive(url_of(address)):
        storage = open_storage(url_of(address))
        study = optuna.create_study(study_name=STUDY, storage=storage, directions=("maximize", "minimize", "minimize"))
    assert len(queue(address, 4).study.trials) == 4
    study.enqueue_trial({})
    assert len(queue(address, 9).study.trials) == 9


def test_more_trials_may_be_asked_for_later_and_fewer_change_nothing(address):
    first = queue(address, 3)
    work(first, carry_out, ignore)
    assert len(queue(address, None).study.trials) == 3
    assert len(queue(address, 2).study.trials) == 3
    more = queue(address, 5)
    work(more, carry_out, ignore)
    assert states(more.study) == {"COMPLETE": 5}


def test_every_point_of_a_grid_is_a_trial_once(tmp_path):
    claims, preset = queue(f"sqlite:///{tmp_path}/study.db", None, "inf283"), PRESETS["inf283"]
    found = []

    def collect(trial):
        found.append(settings_for(trial, preset))
        return Outcome((1.0, 1.0, 1.0), {})

    work(claims, collect, ignore)
    assert found == preset.grid_points()
    assert len({json.dumps(point) for point in found}) == 16
    with pytest.raises(EdgedigitsError, match="has 16 points, not 17"):
        queue(f"sqlite:///{tmp_path}/study.db", 17, "inf283")


def test_one_worker_draws_the_same_from_the_same_seed_and_no_two_trials_draw_alike(tmp_path):
    drawn = []
    for name in ("a", "b"):
        claims = queue(f"sqlite:///{tmp_path}/{name}.db", 10)
        work(claims, carry_out, ignore)
        drawn.append([record.settings for record in records_of(claims.study)])
    assert drawn[0] == drawn[1]
    assert len({json.dumps(settings, sort_keys=True) for settings in drawn[0]}) == 10


def test_a_study_of_other_settings_is_not_joined(tmp_path):
    address = f"sqlite:///{tmp_path}/study.db"
    queue(address)
    with pytest.raises(EdgedigitsError, match="was started with preset separable, not inf283"):
        queue(address, preset="inf283")


def test_a_study_of_another_program_is_not_joined(tmp_path):
    address = f"sqlite:///{tmp_path}/study.db"
    study = optuna.create_study(study_name=STUDY, storage=address)
    study.enqueue_trial({})
    with pytest.raises(EdgedigitsError, match="was not made by edgedigits"):
        queue(address)
