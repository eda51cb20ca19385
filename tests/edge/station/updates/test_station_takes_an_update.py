"""A whole station over simulated mail that is given an update while it reads."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from edgedigits.edge.recordings.mail.belt import BeltPlan
from edgedigits.edge.recordings.mail.simulating import simulate_station
from edgedigits.edge.recordings.mail.source import SimulatedMail, package_digits
from edgedigits.edge.station.calibration.recorded import calibrate_station
from edgedigits.edge.station.checking import try_station
from edgedigits.edge.station.configuration.settings import (
    PageSettings,
    ReadingSettings,
    StationSettings,
    UpdateSettings,
)
from edgedigits.edge.station.running import Station
from edgedigits.edge.station.updates.opening import running_model
from edgedigits.edge.station.updates.state import read_state, write_state
from edgedigits.edge.station.updates.store import ModelStore


class MailUntil(SimulatedMail):
    """Mail that ends some pieces after something happened."""

    def __init__(self, happened, more: int) -> None:
        super().__init__(BeltPlan(pieces=None, frames_in_view=4))
        self._happened, self._more = happened, more
        self._end = 0

    def read(self):
        if not self._end and self._happened():
            self._end = len(self.passed) + self._more
        return None if self._end and len(self.passed) > self._end else super().read()


@pytest.fixture
def settings(models, keys):
    return StationSettings(
        reading=ReadingSettings(model=str(models[0].path)),
        page=PageSettings(listen=""),
        updates=UpdateSettings(public_key=str(keys.public)),
    )


def test_pieces_that_come_later_are_read_by_the_new_model(settings, update_of, models, tmp_path: Path):
    (tmp_path / "updates").mkdir()
    shutil.copy(update_of(), tmp_path / "updates")
    source = MailUntil(lambda: station.updates.counts["taken"], 4)
    with Station(settings, tmp_path, source=source) as station:
        shift = station.run()
        read = station.journal.latest(shift.pieces)
    assert read[0].model == models[1].sha256
    assert {one.model for one in read} <= {models[0].sha256, models[1].sha256}
    assert len(read) == shift.pieces


def test_the_next_start_reads_by_it_at_once(settings, update_of, models, keys, tmp_path: Path):
    (tmp_path / "updates").mkdir()
    shutil.copy(update_of(), tmp_path / "updates")
    with Station(settings, tmp_path, source=SimulatedMail(BeltPlan(pieces=1))) as station:
        station.updates.store.look(tmp_path / "updates", keys.public)
    with Station(settings, tmp_path, source=SimulatedMail(BeltPlan(pieces=2, frames_in_view=4))) as station:
        shift = station.run()
        assert {one.model for one in station.journal.latest(shift.pieces)} == {models[1].sha256}


def test_checking_and_calibrating_read_with_the_model_of_the_update_too(settings, update_of, models, keys, tmp_path):
    (tmp_path / "updates").mkdir()
    shutil.copy(update_of(), tmp_path / "updates")
    assert running_model(settings, tmp_path) == models[0].path
    with Station(settings, tmp_path, source=SimulatedMail(BeltPlan(pieces=1))) as station:
        station.updates.store.look(tmp_path / "updates", keys.public)
    simulate_station(tmp_path / "mail", package_digits(), "drawn by code", BeltPlan(pieces=1, frames_in_view=4))
    found = calibrate_station(settings, tmp_path, [tmp_path / "mail" / "mail.avi"], None)
    assert found.calibration.model == models[1].sha256
    (told,) = [one.words for one in try_station(settings, tmp_path) if one.name == "model"]
    assert "of an update" in told


def test_a_model_of_an_update_that_is_damaged_is_not_read_with(settings, update_of, models, keys, tmp_path: Path):
    (tmp_path / "updates").mkdir()
    shutil.copy(update_of(), tmp_path / "updates")
    with Station(settings, tmp_path, source=SimulatedMail(BeltPlan(pieces=1))) as station:
        station.updates.store.look(tmp_path / "updates", keys.public)
        taken = station.updates.model
    assert running_model(settings, tmp_path) == taken
    taken.write_bytes(taken.read_bytes()[:-1])
    assert running_model(settings, tmp_path) == models[0].path


def test_checking_reads_with_the_former_update_where_the_station_would(
    settings, update_of, models, keys, tmp_path: Path
):
    (tmp_path / "updates").mkdir()
    shutil.copy(update_of(), tmp_path / "updates")
    with Station(settings, tmp_path, source=SimulatedMail(BeltPlan(pieces=1))) as station:
        station.updates.store.look(tmp_path / "updates", keys.public)
        folder, former = station.updates.store.folder, station.updates.model
    state = read_state(folder)
    assert state is not None
    write_state(folder, replace(state, current="f" * 64, former=state.current))
    assert running_model(settings, tmp_path) == former
    assert ModelStore(folder, models[0].path).current == former
