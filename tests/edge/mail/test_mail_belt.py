"""Mail on a belt: the same for the same seed, where its truth says, and as hard as its level says."""

from __future__ import annotations

from itertools import islice, pairwise

import cv2
import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.recordings.mail.levels import LEVELS
from edgedigits.edge.recordings.mail.pieces import passing


def middle_of(piece) -> int:
    return (piece.first_whole + piece.last_whole) // 2


def frame_at(belt, index: int) -> np.ndarray:
    return next(islice(belt.frames(), index, None))


def test_frames_are_pictures_of_their_own_in_the_camera_s_size(belt_of):
    first, second = islice(belt_of().frames(), 2)

    assert first.shape == (720, 1280, 3) and first.dtype == np.uint8
    assert not np.shares_memory(first, second)


@pytest.mark.parametrize("level", LEVELS)
def test_one_seed_gives_one_belt_and_another_another(belt_of, level):
    frames = [frame_at(belt_of(level, seed), 15) for seed in (3, 3, 4)]

    assert np.array_equal(frames[0], frames[1])
    assert not np.array_equal(frames[0], frames[2])


def test_readers_of_one_belt_do_not_disturb_each_other(belt_of):
    belt = belt_of()
    ahead = belt.frames()
    for _ in range(30):
        next(ahead)

    assert np.array_equal(frame_at(belt, 30), next(ahead))


def test_the_truth_is_what_is_told_while_the_frames_are_made(belt_of):
    belt, told = belt_of("hard", 2, 5), []
    frames = sum(1 for _ in belt.frames(told.append))

    assert tuple(told) == belt.truth()
    assert frames > told[-1].last


def test_pieces_come_in_the_order_of_their_numbers(belt_of):
    pieces = belt_of("extreme", 1, 12).truth()

    assert [piece.index for piece in pieces] == list(range(12))
    assert all(one.first <= other.first and one.last <= other.last for one, other in pairwise(pieces))


@pytest.mark.parametrize("seed", range(4))
def test_the_frames_of_a_piece_are_those_in_which_its_box_shows(belt_of, seed):
    for piece in belt_of("ordinary", seed).truth():
        assert piece.box_at(piece.first - 1) is None and piece.box_at(piece.last + 1) is None
        assert piece.box_at(piece.first) and piece.box_at(piece.last)
        whole = [frame for frame in range(piece.first, piece.last + 1) if piece.box_at(frame)[2:] == piece.size]
        assert (whole[0], whole[-1]) == (piece.first_whole, piece.last_whole)


def test_frames_in_which_a_box_passes_are_counted_by_hand():
    assert passing(-100.0, 50.0, 100) == (1, 2, 25, 27)
    assert passing(1280.0, -50.0, 100) == (1, 2, 25, 27)


@pytest.mark.parametrize("seed", range(4))
def test_the_box_of_a_piece_is_around_its_paper(belt_of, seed):
    piece = belt_of("easy", seed, 1).truth()[0]
    frame = frame_at(belt_of("easy", seed, 1), middle_of(piece))
    grey = cv2.blur(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), (3, 3))

    found = cv2.boundingRect((grey > 95).astype(np.uint8))

    assert np.abs(np.array(found) - piece.box_at(middle_of(piece))).max() <= 6


def test_nothing_lies_on_the_belt_before_the_first_piece_and_after_the_last(belt_of):
    frames = list(belt_of("easy", 1, 1, frames_in_view=5).frames())

    assert cv2.blur(frames[0], (3, 3)).max() < 110 and cv2.blur(frames[-1], (3, 3)).max() < 110


def test_ink_stands_in_the_code_field_and_in_that_of_an_empty_piece_none(belt_of):
    belt = belt_of("hard", 0, 60, frames_in_view=3)
    written, empty = [], []
    pieces = []
    for index, frame in enumerate(belt.frames(pieces.append)):
        for piece in pieces[-8:]:
            if index == middle_of(piece):
                x, y, wide, high = piece.field_at(index)
                grey = cv2.cvtColor(frame[y : y + high, x : x + wide], cv2.COLOR_BGR2GRAY)
                (written if piece.code else empty).append(float(np.median(grey) - np.percentile(grey, 2)))

    assert len(empty) >= 2
    assert min(empty) < np.median(written)
    assert np.percentile(written, 5) > 15


def test_belts_move_to_either_side(belt_of):
    assert {belt_of(seed=seed).step > 0 for seed in range(8)} == {True, False}


def test_pieces_are_wholly_in_view_for_about_the_frames_that_were_asked_for(belt_of):
    usual = [piece.last_whole - piece.first_whole + 1 for piece in belt_of("ordinary", 0, 30).truth()]
    fewer = [piece.last_whole - piece.first_whole + 1 for piece in belt_of("ordinary", 0, 30, frames_in_view=8).truth()]

    assert 17 <= np.median(usual) <= 23 and min(usual) >= 12
    assert 7 <= np.median(fewer) <= 9 and min(fewer) >= 4


def test_a_faster_belt_carries_the_same_mail(belt_of):
    slow, fast = (belt_of("ordinary", 5, frames_in_view=frames).truth() for frames in (30, 6))

    assert [(piece.code, piece.size, piece.top) for piece in slow] == [
        (piece.code, piece.size, piece.top) for piece in fast
    ]


@pytest.mark.parametrize("level", LEVELS)
def test_pieces_lie_between_the_edges_of_the_picture_and_fields_on_their_pieces(belt_of, level):
    for piece in belt_of(level, 7, 30).truth():
        x, y, wide, high = piece.field
        assert piece.top >= 0 and piece.top + piece.size[1] <= 720
        assert x >= 0 and y >= 0 and x + wide <= piece.size[0] and y + high <= piece.size[1]
        assert wide > 40 and high > 15


@pytest.mark.parametrize("level", ["easy", "ordinary"])
def test_pieces_of_the_easier_levels_lie_apart_and_all_carry_a_code(belt_of, level):
    pieces = belt_of(level, 3, 40).truth()

    assert all(len(piece.code) == 5 for piece in pieces)
    for one, other in pairwise(pieces):
        lefts = sorted((piece.left_at(0), piece.size[0]) for piece in (one, other))
        assert lefts[1][0] - lefts[0][0] - lefts[0][1] >= 45


@pytest.mark.parametrize("level", ["hard", "extreme"])
def test_pieces_of_the_harder_levels_overlap_and_some_carry_no_code(belt_of, level):
    pieces = belt_of(level, 3, 60).truth()
    gaps = []
    for one, other in pairwise(pieces):
        (left, wide), (right, _) = sorted((piece.left_at(0), piece.size[0]) for piece in (one, other))
        gaps.append(right - left - wide)

    assert min(gaps) < -10 and max(gaps) > 10
    assert 0 < sum(not piece.code for piece in pieces) < 20


def test_no_piece_covers_the_code_of_another(belt_of):
    for seed in range(4):
        for one, other in pairwise(belt_of("extreme", seed, 40).truth()):
            frame = one.first_whole
            x, _, wide, _ = one.field
            field = (one.left_at(frame) + x, one.left_at(frame) + x + wide)
            assert other.left_at(frame) >= field[1] or other.left_at(frame) + other.size[0] <= field[0]


def test_codes_of_a_list_are_the_only_ones(belt_of):
    codes = {piece.code for piece in belt_of(pieces=20, codes=("10115", "80331")).truth()}

    assert codes == {"10115", "80331"}


@pytest.mark.parametrize(("form", "lengths"), [("4", {4}), ("5+4", {9}), ("4,5", {4, 5})])
def test_codes_have_the_form_that_is_asked_for(belt_of, form, lengths):
    assert {len(piece.code) for piece in belt_of(pieces=16, form=form).truth()} == lengths


def test_a_belt_without_a_number_of_pieces_never_ends(belt_of):
    endless = belt_of("extreme", pieces=None, frames_in_view=3)

    assert sum(1 for _ in islice(endless.frames(), 150)) == 150
    with pytest.raises(EdgedigitsError, match="never ends"):
        endless.truth()


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"level": "ordinry"}, "did you mean ordinary"),
        ({"hand": "left"}, "no hand is called 'left'"),
        ({"seed": -1}, "the seed is -1"),
        ({"pieces": 0}, "0 pieces"),
        ({"frames_in_view": 1}, "in view for 1 frames"),
        ({"form": "five"}, 'no form of codes "five"'),
        ({"codes": ("12a45",)}, '"12a45" is no code'),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(belt_of, plan, words):
    with pytest.raises(EdgedigitsError, match=words):
        belt_of(**plan)
