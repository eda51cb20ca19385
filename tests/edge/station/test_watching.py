"""From frames to decided pieces, on simulated mail."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgedigits.edge.recordings.mail.belt import BeltPlan
from edgedigits.edge.recordings.mail.source import SimulatedMail
from edgedigits.edge.station.calibration.calibrating import by_place, read_pieces
from edgedigits.edge.station.configuration.settings import ReadingSettings
from edgedigits.edge.station.opening import open_reader
from edgedigits.edge.station.pieces.deciding import Decider
from edgedigits.edge.station.pieces.watching import Watch

RATE = 30


@pytest.fixture(scope="module")
def reader():
    return open_reader(ReadingSettings(), Path())


@pytest.fixture(scope="module")
def mail():
    source = SimulatedMail(BeltPlan(level="easy", seed=3, pieces=6, frames_in_view=10))
    with source:
        frames = list(source)
    return frames, tuple(source.passed)


def watched(reader, frames, threshold=0.9, **settings):
    watch = Watch(reader.codes, lambda: Decider(threshold), **settings)
    decided = [(index, piece) for index, frame in enumerate(frames) for piece in watch.look(frame, index / RATE)]
    return decided + [(len(frames), piece) for piece in watch.rest(len(frames) / RATE)]


def test_each_piece_has_one_result_with_its_code(reader, mail):
    frames, pieces = mail
    decided = watched(reader, frames)
    assert [piece.decision.code for _, piece in decided] == [piece.code for piece in pieces]


def test_a_sure_piece_is_decided_by_two_frames_and_soon(reader, mail):
    frames, _ = mail
    _, first = watched(reader, frames)[0]
    assert first.decision.outcome == "accepted"
    assert first.decision.frames == 2
    assert first.since <= 0.1


def said_of(reader, code, **settings):
    """What is said of a piece with a code."""
    source = SimulatedMail(BeltPlan(level="easy", seed=4, pieces=1, codes=(code,), frames_in_view=10))
    with source:
        ((_, piece),) = watched(reader, list(source), **settings)
    return piece.decision


def test_a_code_that_can_be_read_both_ways_is_accepted_from_a_piece_that_lies_upright(reader):
    decision = said_of(reader, "66018")
    assert (decision.outcome, decision.code) == ("accepted", "66018")


def test_a_piece_that_lies_upside_down_is_not_taken_for_one_with_another_code(reader):
    decision = said_of(reader, "66018", rotate=180)
    assert (decision.outcome, decision.code) == ("rejected", "81099")
    assert decision.why == "it may lie upside down: 81099, or 66018 when it is turned"


def test_a_code_that_is_the_same_upside_down_is_accepted_either_way(reader):
    assert said_of(reader, "19861", rotate=180).outcome == "accepted"


def test_no_piece_waits_longer_than_it_may(reader, mail):
    frames, _ = mail
    decided = watched(reader, frames, threshold=2.0, decide_within=0.2)
    assert all(piece.decision.outcome == "rejected" and piece.since <= 0.2 for _, piece in decided)
    assert all(piece.decision.frames >= 3 for _, piece in decided)


def test_the_picture_of_a_piece_is_of_its_code(reader, mail):
    frames, _ = mail
    _, piece = watched(reader, frames)[0]
    height, width = piece.picture.shape[:2]
    assert piece.shows_code
    assert width > 2 * height


def test_the_picture_shows_what_stands_beside_the_code(reader, mail):
    frames, _ = mail
    index, piece = watched(reader, frames)[0]
    x, _, width, height = piece.decision.box
    left = piece.track.box[0] + x
    room = min(left, height) + min(frames[index].shape[1] - left - width, height)
    assert piece.picture.shape[1] >= width + room


def test_skipped_frames_cost_no_piece_and_double_none(reader, mail):
    frames, pieces = mail
    watch = Watch(reader.codes, lambda: Decider(0.9))
    kept = [index for index in range(len(frames)) if index % 3 == 0]
    codes = [piece.decision.code for index in kept for piece in watch.look(frames[index], index / RATE)]
    codes += [piece.decision.code for piece in watch.rest(len(frames) / RATE)]
    assert codes == [piece.code for piece in pieces]


@pytest.mark.parametrize("turn", [90, 180, pytest.param(270, marks=pytest.mark.slow)])
def test_a_camera_that_hangs_turned_reads_the_same(reader, mail, turn):
    frames, pieces = mail
    turned = [np.ascontiguousarray(np.rot90(frame, turn // 90)) for frame in frames]
    decided = watched(reader, turned, rotate=turn)
    assert [piece.decision.code for _, piece in decided] == [piece.code for piece in pieces]


def test_a_region_is_all_that_is_looked_at(reader, mail):
    frames, pieces = mail
    wider = [cv2.copyMakeBorder(frame, 60, 40, 0, 0, cv2.BORDER_CONSTANT, value=(250, 250, 250)) for frame in frames]
    watch = Watch(reader.codes, lambda: Decider(0.9))
    region = (0, 60, 1280, 720)
    codes = [
        piece.decision.code for index, frame in enumerate(wider) for piece in watch.look(frame, index / RATE, region)
    ]
    assert codes == [piece.code for piece in pieces]


def test_an_empty_belt_has_no_piece(reader, mail):
    frames, _ = mail
    assert watched(reader, [frames[0]] * 60) == []


def test_a_piece_that_lies_still_has_one_result(reader, mail):
    frames, pieces = mail
    still = [frames[0]] * 5 + [frames[pieces[0].first_whole + 2]] * 200
    decided = watched(reader, still)
    assert [piece.decision.code for _, piece in decided][:1] == [pieces[0].code]
    assert len(decided) <= 2  # the one behind it may be in view, and is never whole


def test_what_passes_and_never_is_wholly_in_view_is_not_accepted_by_the_part_that_is_seen(reader):
    """It may be several pieces that lie over one another, of which only the first code is in view by then."""
    source = SimulatedMail(BeltPlan(level="easy", seed=3, pieces=3, frames_in_view=60))
    with source:
        frames = list(source)
    watch = Watch(reader.codes, lambda: Decider(0.5))
    region = (400, 0, 520, 720)
    decided = [piece for index, frame in enumerate(frames) for piece in watch.look(frame, index / RATE, region)]
    assert {piece.decision.outcome for piece in decided} == {"rejected"}
    assert any("too long for one piece" in piece.decision.why for piece in decided)


@pytest.mark.parametrize("frames_in_view", [50, pytest.param(100, marks=pytest.mark.slow)])
def test_pieces_that_come_slowly_are_waited_for_until_they_are_whole(reader, frames_in_view):
    source = SimulatedMail(BeltPlan(level="easy", seed=3, pieces=3, frames_in_view=frames_in_view))
    with source:
        frames = list(source)
    decided = watched(reader, frames)
    assert [piece.decision.code for _, piece in decided] == [piece.code for piece in source.passed]
    assert all(piece.since <= 0.2 for _, piece in decided)


@pytest.fixture(scope="module")
def slow():
    """Mail on a slow belt, and the frame in which the second piece is half in view."""
    source = SimulatedMail(BeltPlan(level="easy", seed=3, pieces=3, frames_in_view=50))
    with source:
        frames = list(source)
    second = source.passed[1]
    return frames, tuple(source.passed), second.first_whole - 12


def test_a_belt_that_stops_with_a_piece_half_in_view_costs_none(reader, slow):
    frames, pieces, half = slow
    stopped = [*frames[:half], *[frames[half]] * (4 * RATE), *frames[half:]]
    decided = watched(reader, stopped)
    assert [piece.decision.code for _, piece in decided] == [piece.code for piece in pieces]


def test_a_belt_that_goes_back_with_a_piece_half_in_view_has_one_result_for_it(reader, slow):
    frames, pieces, half = slow
    back = frames[half - 45 : half]
    decided = watched(reader, [*frames[:half], *back[::-1], *back, *frames[half:]])
    assert [piece.decision.code for _, piece in decided] == [piece.code for piece in pieces]


def test_what_is_half_in_view_at_the_end_was_never_wholly_in_view(reader, slow):
    frames, _, half = slow
    *_, (_, last) = watched(reader, frames[:half])
    assert (last.decision.outcome, last.decision.why) == ("rejected", "it never was wholly in view")


def test_a_piece_that_stays_half_in_view_is_decided_in_the_end(reader, slow):
    frames, _, half = slow
    watch = Watch(reader.codes, lambda: Decider(0.9))
    for index, frame in enumerate(frames[: half + 1]):
        watch.look(frame, index / RATE)
    begun, decided = half / RATE, []
    for second in range(1, 80):
        decided += [(second, piece) for piece in watch.look(frames[half], begun + second)]
    ((second, piece),) = decided
    assert piece.decision.outcome == "rejected"
    assert 60 <= second <= 70


def test_what_is_longer_than_any_letter_is_not_accepted_by_one_code_on_it(reader, mail):
    """Such as two pieces of one paper that lie over one another, the code of one covered."""
    frames, pieces = mail
    at = pieces[0].first_whole + 2
    x, y, wide, high = pieces[0].field_at(at)
    code = frames[at][y : y + high, x : x + wide]
    longer = frames[0].copy()
    longer[220:480, 20:760] = np.percentile(code, 30)
    field = longer[300 : 300 + high, 200 : 200 + wide]
    field[:] = np.minimum(field, code)
    decided = watched(reader, [frames[0]] * 5 + [longer] * 30, threshold=0.5)
    assert [piece.decision.outcome for _, piece in decided] == ["rejected"]
    assert "too long for one piece" in decided[0][1].decision.why


def test_what_is_still_in_view_at_the_end_is_decided(reader, mail):
    frames, pieces = mail
    (one,) = watched(reader, frames[: pieces[0].first_whole + 1])
    assert one[1].decision.code in {"", pieces[0].code}


def test_pieces_of_a_belt_are_held_against_their_truth(reader, mail):
    frames, pieces = mail
    known, others = by_place(list(read_pieces(reader, frames, RATE)), pieces)
    assert [one.truth for one in known] == [piece.code for piece in pieces]
    assert all(one.is_right and one.confidence > 0.5 for one in known)
    assert others == 0


def test_pieces_that_overlap_have_a_result_each(reader):
    source = SimulatedMail(BeltPlan(level="hard", seed=5, pieces=12, frames_in_view=14))
    with source:
        frames = list(source)
    known, others = by_place(list(read_pieces(reader, frames, RATE)), source.passed)
    assert len(known) == 12
    assert others <= 1


def test_digits_that_are_no_valid_code_are_told(tmp_path, mail):
    frames, pieces = mail
    other = open_reader(ReadingSettings(forms=(r"\d{4}",)), tmp_path)
    decided = watched(other, frames)
    why = [piece.decision.why for _, piece in decided]
    assert sum(f"{piece.code} stands on it, which is no valid code" == word for piece, word in zip(pieces, why)) >= 3


def lying(seed, x=400):
    """A piece on a dark belt that has marks of its own."""
    draw = np.random.default_rng(seed)
    frame = np.clip(draw.normal(45, 3, (720, 1280, 3)), 0, 255).astype(np.uint8)
    cv2.rectangle(frame, (x, 200), (x + 400, 440), (225, 230, 235), cv2.FILLED)
    for left, top in draw.integers((x + 30, 230), (x + 300, 390), (8, 2)).tolist():
        cv2.rectangle(frame, (left, top), (left + 60, top + 25), (40, 40, 40), cv2.FILLED)
    return frame


def test_a_belt_that_moves_by_a_whole_pitch_between_two_frames_is_said_to_be_too_fast(reader):
    watch = Watch(reader.codes, lambda: Decider(0.9))
    decided = [one for index in range(48) for one in watch.look(lying(seed=index // 6), index / RATE)]
    decided += watch.rest(48 / RATE)
    assert len(decided) == 8
    assert watch.is_too_fast


def test_a_belt_whose_pieces_can_be_followed_is_not(reader, mail):
    frames, _ = mail
    watch = Watch(reader.codes, lambda: Decider(0.9))
    for index, frame in enumerate(frames):
        watch.look(frame, index / RATE)
    assert not watch.is_too_fast
