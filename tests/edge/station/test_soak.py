"""A moment of the half hour that `make soak` takes: what it claims holds, and it can tell what does not."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from soak_station import Soak, soak


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Soak:
    return soak(tmp_path_factory.mktemp("soak"), 15.0)


@pytest.mark.slow
def test_two_minutes_hold_all_that_half_an_hour_has_to(tmp_path: Path):
    """Memory too: of what is kept for good, two minutes show a fifteenth."""
    seen = soak(tmp_path, 120.0)
    assert failed(seen) == []
    assert seen.growth < 20


def failed(seen: Soak) -> list[str]:
    return [words for words, _, held in seen.claims() if not held and not words.startswith("memory")]


def test_every_frame_and_every_piece_of_a_station_at_work_is_accounted_for(seen: Soak):
    assert len(seen.events) > 5
    assert seen.pictures > 5
    assert seen.page_events > 5
    assert failed(seen) == []


def test_memory_stays_where_it_was(seen: Soak):
    """Ten seconds are too short for the 5 MB of the half hour; a frame that is kept a second would be 25 MB."""
    assert seen.growth < 20


def test_frames_that_nobody_counted_are_told(seen: Soak):
    assert failed(replace(seen, told=replace(seen.told, skipped=seen.told.skipped - 3))) == [
        "every frame was looked at or counted as skipped"
    ]


def test_pieces_that_a_subscriber_missed_or_got_in_another_order_are_told(seen: Soak):
    claim = ["the subscriber has every event, in order, each with its id"]
    assert failed(replace(seen, heard=seen.heard[:-1])) == claim
    assert failed(replace(seen, heard=[*seen.heard[1:], seen.heard[0]])) == claim
    assert failed(replace(seen, heard=[(number, "other") for number, _ in seen.heard])) == claim


def test_a_piece_that_is_not_in_the_journal_is_told(seen: Soak):
    assert "the journal has every piece of the station, without a gap" in failed(replace(seen, events=seen.events[:-1]))


def test_files_that_are_left_open_are_told(seen: Soak):
    leaking = [replace(one, files=one.files + int(one.at)) for one in seen.samples]
    assert failed(replace(seen, samples=leaking)) == ["open files do not grow"]
