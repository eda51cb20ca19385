"""From decided pieces to the journal, also where it cannot be written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.alarms import Alarms
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.records import Audit
from edgedigits.edge.station.keeping import UNWRITABLE, Keeper
from edgedigits.edge.station.picture_health import DARK, FROZEN, PictureHealth
from edgedigits.edge.station.pieces.deciding import Decision
from edgedigits.edge.station.pieces.tracking import Track
from edgedigits.edge.station.pieces.watching import DecidedPiece

PICTURE = np.full((40, 200, 3), 200, np.uint8)


def piece(code="12345", outcome="accepted", number=0):
    decision = Decision(
        code, outcome, "" if outcome == "accepted" else "not sure enough", 0.99, ((code, 0.99),), None, 3
    )
    return DecidedPiece(Track(number, (0, 0, 300, 200), (0.0, 0.0), 1.0, 1.5), decision, 0.1, PICTURE, True)


def keeper(tmp_path, journal=None):
    alarms = Alarms()
    kept = journal or Journal(tmp_path, durable=False)
    return Keeper(kept, alarms, "north", "a" * 64, {"12345": "B7"}.get), kept, alarms


def test_an_accepted_piece_that_was_drawn_is_given_to_a_person_to_check(tmp_path):
    journal = Journal(tmp_path, durable=False)
    drawn = iter([Audit(0.97, "codes", "digits"), None])
    keep = Keeper(journal, Alarms(), "north", "a" * 64, {"12345": "B7"}.get, lambda: next(drawn))
    first, _ = (keep.keep(piece(), 0.5, 0.0, 0.0) for _ in range(2))
    assert journal.counts(0).waiting == 1
    assert journal.claim("ann", 0.0).result.id == first.id


def test_a_rejected_piece_is_never_drawn(tmp_path):
    journal = Journal(tmp_path, durable=False)
    asked = []
    keep = Keeper(journal, Alarms(), "north", "a" * 64, {}.get, lambda: asked.append(True))
    keep.keep(piece(outcome="rejected"), 0.5, 0.0, 0.0)
    assert asked == []


class FullDisk:
    """The journal of a disk that is full until there is room."""

    def __init__(self, journal):
        self.journal, self.full = journal, True

    @property
    def crops_stopped(self):
        return self.journal.crops_stopped

    def add(self, *args):
        if self.full:
            raise EdgedigitsError("no room left", "free some disk space")
        return self.journal.add(*args)


def test_an_accepted_piece_is_in_the_journal_with_its_bin(tmp_path):
    keep, journal, _ = keeper(tmp_path)
    told = keep.keep(piece(), 0.4, 0.02, 0.0)
    (event,) = journal.events(0)
    assert event.result == told
    assert (told.code, told.bin, told.station, round(told.latency, 3)) == ("12345", "B7", "north", 0.12)


def test_a_rejected_piece_has_no_bin_and_waits_for_a_person(tmp_path):
    keep, journal, _ = keeper(tmp_path)
    told = keep.keep(piece(outcome="rejected"), 0.5, 0.0, 30.0)
    assert told.bin == ""
    assert journal.events(0) == []
    assert journal.counts(0).held == 1


def test_a_piece_without_a_picture_waits_for_nobody(tmp_path):
    keep, journal, _ = keeper(tmp_path)
    keep.keep(replace(piece(outcome="rejected"), picture=np.zeros((1, 1, 3), np.uint8)), 0.5, 0.0, 30.0)
    assert [event.result.outcome for event in journal.events(0)] == ["rejected"]


def test_pieces_have_ids_of_their_own(tmp_path):
    keep, _, _ = keeper(tmp_path)
    assert len({keep.keep(piece(), 0.5, 0.0, 0.0).id for _ in range(50)}) == 50


def test_what_finds_no_room_is_written_in_its_order_once_there_is(tmp_path):
    full = FullDisk(Journal(tmp_path, durable=False))
    keep, _, alarms = keeper(tmp_path, full)
    told = [keep.keep(piece(number=number), 0.5, 0.0, 0.0).id for number in range(5)]
    assert "5 results wait in memory" in alarms.active()[UNWRITABLE] or len(keep.backlog) == 5
    full.full = False
    keep.write(again=True)
    assert [event.result.id for event in full.journal.events(0)] == told
    assert alarms.active() == {}


def test_pictures_go_before_codes_where_memory_has_to_hold_them(tmp_path):
    full = FullDisk(Journal(tmp_path, durable=False))
    keep, _, _ = keeper(tmp_path, full)
    for number in range(80):
        keep.keep(piece(number=number), 0.5, 0.0, 0.0)
        keep.write(again=True)
    assert len(keep.backlog) == 80
    assert sum(one.picture is not None for one in keep.backlog) == 50


def lively(seed):
    return np.random.default_rng(seed).integers(0, 255, (72, 128, 3)).astype(np.uint8)


def test_black_frames_are_an_alarm_after_their_time_and_not_before():
    alarms = Alarms()
    health = PictureHealth(alarms, 10)
    health.look(lively(0), 0.0, live=True)
    for second in range(1, 10):
        health.look(np.full((72, 128, 3), second % 3, np.uint8), float(second), live=True)
    assert alarms.active() == {}
    health.look(np.zeros((72, 128, 3), np.uint8), 11.0, live=True)
    assert DARK in alarms.active()
    health.look(lively(1), 12.0, live=True)
    assert alarms.active() == {}


def test_a_frozen_picture_is_an_alarm():
    alarms = Alarms()
    health = PictureHealth(alarms, 10)
    for second in range(12):
        health.look(lively(0), float(second), live=True)
    assert FROZEN in alarms.active()


def test_a_file_that_shows_one_picture_is_not_frozen():
    alarms = Alarms()
    health = PictureHealth(alarms, 10)
    for second in range(12):
        health.look(lively(0), float(second), live=False)
    assert alarms.active() == {}
