"""A running station and its updates."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace

import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.alarms import Alarms
from edgedigits.edge.station.configuration.settings import ReadingSettings, StationSettings, UpdateSettings
from edgedigits.edge.station.results import PieceResult
from edgedigits.edge.station.updates.at_work import TAKEN_BACK, UPDATE, StationUpdates
from edgedigits.edge.station.updates.store import MOST_STARTS, ModelStore

ACCEPTED = PieceResult("1", "one", 0, 0, 0, "12345", "accepted", "", "", 0.99, (), 2, "")
REJECTED = replace(ACCEPTED, outcome="rejected")


@pytest.fixture
def at_work(tmp_path, models, keys):
    """Makes the updates of a station that runs the first model; what it loads, is told to load or cannot load."""
    made = []

    def make(load=lambda _path: None, key=keys.public):
        reading = ReadingSettings(model=str(models[0].path))
        settings = StationSettings(reading=reading, updates=UpdateSettings(public_key=str(key)))
        updates = StationUpdates(settings, tmp_path, Alarms(), load, every=0.02)
        made.append(updates)
        return updates

    (tmp_path / "updates").mkdir()
    yield make
    for one in made:
        if one._watch._thread.is_alive():
            one.stop()


def worked(updates, done):
    """Let the loop work until something is done."""
    until = time.monotonic() + 120
    while not done():
        assert time.monotonic() < until
        updates.work()
        time.sleep(0.01)


def alarm(updates, name=UPDATE):
    return updates._alarms.active().get(name, "")


def test_an_update_is_loaded(at_work, update_of, models, tmp_path):
    loaded = []
    updates = at_work(loaded.append)
    updates.start()
    shutil.copy(update_of(), tmp_path / "updates")
    worked(updates, lambda: loaded)
    assert loaded == [updates.model]
    assert updates.store.state.current == models[1].sha256
    assert updates.counts == {"taken": 1}


def test_a_refusal_is_an_alarm_that_the_next_update_ends(at_work, update_of, tmp_path):
    updates = at_work()
    updates.start()
    shutil.copy(update_of(2, 1), tmp_path / "updates" / "a.edgeupdate")
    worked(updates, lambda: updates.counts)
    assert alarm(updates).startswith("a.edgeupdate is not taken: it was compared with model")
    assert updates.counts == {"compared": 1}
    shutil.copy(update_of(), tmp_path / "updates" / "b.edgeupdate")
    worked(updates, lambda: updates.counts["taken"])
    worked(updates, lambda: alarm(updates) == "")


def test_the_alarm_of_a_refusal_ends_when_the_file_lies_there_no_more(at_work, update_of, tmp_path):
    updates = at_work()
    updates.start()
    path = tmp_path / "updates" / "a.edgeupdate"
    shutil.copy(update_of(2, 1), path)
    worked(updates, lambda: alarm(updates))
    path.unlink()
    worked(updates, lambda: not alarm(updates))
    assert updates.counts == {"compared": 1}


def test_a_missing_key_is_an_alarm_at_the_start_that_the_key_ends(at_work, update_of, keys, tmp_path):
    key = tmp_path / "own.pub"
    updates = at_work(key=key)
    updates.start()
    shutil.copy(update_of(), tmp_path / "updates")
    worked(updates, lambda: alarm(updates))
    assert alarm(updates).startswith("an update is not taken: cannot read the key")
    shutil.copy(keys.public, key)
    worked(updates, lambda: updates.counts["taken"] and not alarm(updates))


def test_a_model_that_somebody_took_back_is_no_alarm(at_work, update_of, models, tmp_path):
    loaded = []
    updates = at_work(loaded.append)
    updates.start()
    shutil.copy(update_of(), tmp_path / "updates")
    worked(updates, lambda: loaded)
    ModelStore(updates.store.folder, updates.store.configured).rollback()
    worked(updates, lambda: loaded[-1] == models[0].path)
    assert updates._alarms.active() == {}


def test_a_model_that_does_not_load_gives_way_to_the_former_one(at_work, update_of, models, tmp_path):
    loaded = []

    def load(path):
        if path != models[0].path:
            raise EdgedigitsError("no room for it", "")
        loaded.append(path)

    updates = at_work(load)
    updates.start()
    shutil.copy(update_of(), tmp_path / "updates")
    worked(updates, lambda: loaded)
    assert updates.model == models[0].path
    assert "it does not load: no room for it" in alarm(updates, TAKEN_BACK)


def test_a_model_that_rejects_too_much_gives_way_to_the_former_one(at_work, update_of, models, tmp_path):
    loaded = []
    updates = at_work(loaded.append)
    for _ in range(100):
        updates.tell(ACCEPTED)
    updates.start()
    shutil.copy(update_of(), tmp_path / "updates")
    worked(updates, lambda: loaded)
    for _ in range(25):
        updates.tell(REJECTED)
    assert loaded[-1] == updates.model == models[0].path
    assert "it rejected 25 of its first 25 pieces" in alarm(updates, TAKEN_BACK)
    assert updates.counts == {"taken": 1, "rolled back": 1}


def test_a_station_that_dies_with_a_new_model_comes_back_with_the_former_one(at_work, update_of, models, tmp_path):
    updates = at_work()
    updates.start()
    shutil.copy(update_of(), tmp_path / "updates")
    worked(updates, lambda: updates.counts)
    updates.stop()
    for _ in range(MOST_STARTS):
        assert at_work().store.state.current == models[1].sha256
    last = at_work()
    assert last.model == models[0].path
    assert "read no piece" in alarm(last, TAKEN_BACK)


def test_without_a_key_nothing_is_looked_for(tmp_path, models):
    settings = StationSettings(reading=ReadingSettings(model=str(models[0].path)))
    updates = StationUpdates(settings, tmp_path, Alarms(), lambda _path: None)
    updates.start()
    updates.work()
    updates.stop()
    assert not (tmp_path / "updates").exists()
    assert updates.model == models[0].path


def test_a_disk_that_refuses_stops_no_station(at_work, tmp_path):
    updates = at_work()
    folder = updates.store.folder
    folder.rename(tmp_path / "aside")
    folder.write_text("in the way")
    for _ in range(600):
        updates.tell(ACCEPTED)
    assert "cannot write" in alarm(updates)
    folder.unlink()
    (tmp_path / "aside").rename(folder)


def test_each_refusal_stands_in_the_log_once(at_work, tmp_path, caplog):
    updates = at_work()
    for name in ("a", "b"):
        (tmp_path / "updates" / f"{name}.edgeupdate").mkdir()
    updates.start()
    worked(updates, lambda: updates.counts["file"] == 2)
    told = [record.getMessage() for record in caplog.records if "is not taken" in record.getMessage()]
    assert [words.count("a.edgeupdate") + 2 * words.count("b.edgeupdate") for words in told] == [1, 2]
