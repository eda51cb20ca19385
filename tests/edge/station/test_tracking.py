"""Which thing on the belt is which piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgedigits.edge.station.pieces.presence import Blob
from edgedigits.edge.station.pieces.tracking import Tracker

WIDTH, HEIGHT = 1000, 500


def blob(x, width=300, y=100, height=200):
    """What of a piece at x lies in the region; None where nothing does."""
    left, right = max(0, x), min(WIDTH, x + width)
    share = (right - left) * height / (WIDTH * HEIGHT)
    return Blob((left, y, right - left, height), share) if right - left > 5 else None


def frames(tracker, *paths, step=1 / 30):
    """Run pieces along paths (x of each frame); the tracks of each frame, and the numbers of those that left."""
    seen, left = [], []
    for index, places in enumerate(zip(*paths, strict=True)):
        gone = tracker.update([one for x in places if (one := blob(x)) is not None], index * step)
        left += [track.number for track in gone]
        seen.append(tracker.tracks)
    return seen, left


def test_a_piece_that_crosses_is_one_piece():
    seen, left = frames(Tracker(WIDTH, HEIGHT), range(-300, 1300, 25))
    assert {track.number for tracks in seen for track in tracks} == {0}
    assert left == [0]


def test_a_piece_is_whole_once_it_touches_no_border():
    seen, _ = frames(Tracker(WIDTH, HEIGHT), range(-300, 1300, 25))
    first = next(index for index, tracks in enumerate(seen) if tracks and tracks[0].is_whole)
    assert -300 + 25 * first == 25  # at 0 it touches
    track = seen[-10][0] if seen[-10] else seen[40][0]
    assert track.whole_since == first / 30


def test_the_speed_is_known_before_a_piece_is_whole():
    seen, _ = frames(Tracker(WIDTH, HEIGHT), range(-300, 0, 25))
    assert abs(seen[-1][0].velocity[0] - 25 * 30) < 40


def test_pieces_one_behind_the_other_are_two():
    seen, left = frames(Tracker(WIDTH, HEIGHT), range(-300, 1700, 25), range(-700, 1300, 25))
    assert {track.number for tracks in seen for track in tracks} == {0, 1}
    assert left == [0, 1]


def test_pieces_that_come_to_touch_stay_two():
    tracker = Tracker(WIDTH, HEIGHT)
    for index in range(12):  # apart by 60 pixels, both move by 10
        tracker.update([blob(10 + 10 * index), blob(370 + 10 * index)], index / 30)
    numbers = [track.number for track in tracker.tracks]
    for index in range(12, 20):  # a shadow joins them
        left = 10 + 10 * index
        tracker.update([Blob((left, 100, 660, 200), 0.26)], index / 30)
    merged = tracker.tracks
    tracker.update([blob(210), blob(570)], 20 / 30)
    assert [track.number for track in merged] == numbers
    assert all(track.is_merged for track in merged)
    assert abs(merged[1].box[0] - (370 + 190)) < 20
    assert [track.number for track in tracker.tracks] == numbers


def test_what_comes_apart_is_two_pieces():
    tracker = Tracker(WIDTH, HEIGHT)
    for index in range(6):
        tracker.update([Blob((100 + 10 * index, 100, 620, 200), 0.25)], index / 30)
    tracker.update([blob(160), blob(480)], 6 / 30)
    assert len(tracker.tracks) == 2


def test_a_scrap_beside_a_piece_is_none():
    tracker = Tracker(WIDTH, HEIGHT)
    for index in range(6):
        tracker.update([Blob((100, 100, 620, 200), 0.25)], index / 30)
    tracker.update([Blob((100, 100, 560, 200), 0.25), Blob((670, 120, 50, 60), 0.006)], 6 / 30)
    assert len(tracker.tracks) == 1


def test_a_piece_lost_for_a_moment_is_the_same_piece():
    tracker = Tracker(WIDTH, HEIGHT)
    for index in range(6):
        tracker.update([blob(100 + 25 * index)], index / 30)
    tracker.update([], 6 / 30)
    tracker.update([], 7 / 30)
    tracker.update([blob(300)], 8 / 30)
    assert [track.number for track in tracker.tracks] == [0]


def test_frames_that_were_skipped_lose_no_piece():
    seen, left = frames(Tracker(WIDTH, HEIGHT), range(-300, 1300, 100), step=4 / 30)
    assert {track.number for tracks in seen for track in tracks} == {0}
    assert left == [0]


def test_a_piece_that_lies_still_stays_one_for_ever():
    tracker = Tracker(WIDTH, HEIGHT)
    for index in range(3000):
        tracker.update([blob(100)], index / 30)
    assert [track.number for track in tracker.tracks] == [0]


def test_on_a_belt_that_moves_to_the_right_the_upper_border_hides_nothing():
    tracker = Tracker(WIDTH, HEIGHT)
    for x in range(20, 400, 25):
        tracker.update([blob(x)], x / 25 / 30)
    for index, x in enumerate(range(20, 400, 25)):
        tracker.update([blob(x, y=0, height=300)], 10 + index / 30)
    assert tracker.tracks[0].is_whole


def looking(x, seed, width=300):
    """A piece at x that looks like no other but those of the same seed."""
    plain = blob(x, width)
    draw = np.random.default_rng(seed)
    return replace(plain, look=draw.uniform(60, 220, (32, 48)).astype(np.float32))


@pytest.mark.parametrize("empty", [1, 3, 8])
def test_another_piece_where_one_lay_a_moment_ago_is_another_one(empty):
    tracker = Tracker(WIDTH, HEIGHT)
    for index in range(6):
        tracker.update([looking(100, seed=1)], index / 30)
    gone = [one.number for index in range(empty) for one in tracker.update([], (6 + index) / 30)]
    gone += [one.number for one in tracker.update([looking(140, seed=2)], (6 + empty) / 30)]
    assert gone == [0]
    assert [track.number for track in tracker.tracks] == [1]


@pytest.mark.parametrize("empty", [1, 3, 8])
def test_the_same_piece_out_of_sight_for_a_moment_is_the_same(empty):
    tracker = Tracker(WIDTH, HEIGHT)
    for index in range(6):
        tracker.update([looking(100, seed=1)], index / 30)
    for index in range(empty):
        tracker.update([], (6 + index) / 30)
    tracker.update([looking(110, seed=1)], (6 + empty) / 30)
    assert [track.number for track in tracker.tracks] == [0]


def test_a_piece_in_another_light_is_the_same():
    tracker = Tracker(WIDTH, HEIGHT)
    tracker.update([looking(100, seed=1)], 0.0)
    dim = looking(100, seed=1)
    tracker.update([replace(dim, look=dim.look * np.float32(0.6) + 5)], 1 / 30)
    assert [track.number for track in tracker.tracks] == [0]


def test_a_piece_of_a_known_size_keeps_it_where_another_one_touches_it():
    tracker = Tracker(WIDTH, HEIGHT)
    for index in range(12):
        tracker.update([blob(300 - 10 * index)], index / 30)
    for index in range(12, 20):  # another one follows flush, and comes into view
        left = 300 - 10 * index
        tracker.update([Blob((left, 100, 300 + 20 * (index - 6), 200), 0.2)], index / 30)
    first, second = tracker.tracks
    assert abs(first.box[2] - 300) <= 5
    assert abs(second.box[0] - (300 - 190 + 300)) < 20


def test_a_wrong_cut_doubles_no_piece():
    tracker = Tracker(WIDTH, HEIGHT)
    for index in range(8):
        tracker.update([blob(100 + 10 * index)], index / 30)
    for index in range(8, 12):
        left = 100 + 10 * index
        halves = [Blob((left, 100, 130, 200), 0.05, None, True), Blob((left + 130, 100, 170, 200), 0.07, None, True)]
        tracker.update(halves, index / 30)
    assert [track.number for track in tracker.tracks] == [0]
    assert abs(tracker.tracks[0].box[2] - 300) <= 5


def alike(x, seed):
    """A piece that has much in common with all others, as print and stamp in the same places."""
    draw = np.random.default_rng(99).uniform(60, 220, (32, 48)) + np.random.default_rng(seed).uniform(60, 220, (32, 48))
    return replace(blob(x), look=draw.astype(np.float32))


def test_a_piece_in_the_very_place_of_another_one_of_its_kind_is_another_one():
    tracker = Tracker(WIDTH, HEIGHT)
    for index in range(20):
        tracker.update([alike(100, seed=1)], index / 30)
    gone = [one.number for index in range(20, 26) for one in tracker.update([alike(100, seed=2)], index / 30)]
    assert gone == [0]
    assert [track.number for track in tracker.tracks] == [1]


def test_what_passes_over_a_piece_that_lies_still_makes_it_no_other():
    tracker = Tracker(WIDTH, HEIGHT)
    for index in range(60):
        tracker.update([alike(100, seed=2 if index in {20, 40} else 1)], index / 30)
    assert [track.number for track in tracker.tracks] == [0]
