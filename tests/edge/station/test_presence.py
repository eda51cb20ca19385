"""Where pieces lie on the belt."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgedigits.edge.station.pieces.presence import Presence

HEIGHT, WIDTH = 360, 640


def belt(level=60, noise=3.0, seed=0):
    draw = np.random.default_rng(seed)
    picture = draw.normal(level, noise, (HEIGHT, WIDTH, 3))
    light = np.linspace(0.75, 1.1, WIDTH)[np.newaxis, :, np.newaxis]
    return np.clip(picture * light, 0, 255).astype(np.uint8)


def piece(picture, box, colour=(225, 225, 225)):
    x, y, width, height = box
    cv2.rectangle(picture, (x, y), (x + width - 1, y + height - 1), colour, cv2.FILLED)
    return picture


def near(box, other, tolerance=6):
    return all(abs(one - two) <= tolerance for one, two in zip(box, other, strict=True))


def boxes(presence, *frames):
    for frame in frames:
        found = presence.find(frame)
    return [blob.box for blob in found]


def test_an_empty_belt_has_nothing_on_it():
    assert boxes(Presence(), *(belt(seed=seed) for seed in range(5))) == []


def test_a_piece_is_found_where_it_lies_in_the_first_frame():
    (found,) = boxes(Presence(), piece(belt(), (200, 80, 240, 150)))
    assert near(found, (200, 80, 240, 150))


def test_two_pieces_apart_are_two():
    found = boxes(Presence(), piece(piece(belt(), (60, 80, 200, 150)), (300, 100, 220, 150)))
    assert len(found) == 2


def test_pieces_that_touch_are_told_apart_by_the_notch_between_them():
    found = boxes(Presence(), piece(piece(belt(), (60, 80, 250, 160)), (310, 140, 220, 170)))
    assert len(found) == 2
    assert near(found[0], (60, 80, 250, 160), 12)
    assert near(found[1], (310, 140, 220, 170), 12)


def test_brown_paper_is_found_on_a_grey_belt_that_is_as_bright():
    brown = (70, 110, 150)  # blue, green, red; as a grey level 118
    (found,) = boxes(Presence(), piece(belt(level=112), (200, 80, 240, 150), brown))
    assert near(found, (200, 80, 240, 150), 8)


def test_dark_print_at_the_border_of_the_picture_does_not_cut_a_piece():
    frame = piece(belt(), (400, 80, 240, 180))
    cv2.rectangle(frame, (560, 150), (640, 180), (20, 20, 20), cv2.FILLED)
    assert len(boxes(Presence(), frame)) == 1


def test_light_that_changes_slowly_is_no_piece():
    presence = Presence()
    frames = [np.clip(belt(seed=index) * (1 + index / 150), 0, 255).astype(np.uint8) for index in range(100)]
    assert boxes(presence, *frames) == []


def test_a_belt_that_is_mostly_covered_is_still_known():
    presence = Presence()
    for index in range(200):
        frame = belt(seed=index)
        for start in range(-700 + (7 * index) % 320, WIDTH, 320):
            piece(frame, (start, 60, 300, 240), (170, 170, 170))
        presence.find(frame)
    assert boxes(presence, belt(seed=999)) == []


def test_crumbs_are_no_pieces():
    assert boxes(Presence(), piece(belt(), (200, 80, 12, 12))) == []


def test_ink_on_a_white_desk_is_something():
    frame = np.full((HEIGHT, WIDTH, 3), 235, np.uint8)
    cv2.putText(frame, "12345", (200, 200), cv2.FONT_HERSHEY_SIMPLEX, 2, (30, 30, 30), 5)
    presence = Presence()
    presence.find(np.full((HEIGHT, WIDTH, 3), 235, np.uint8))
    assert boxes(presence, frame)


@pytest.mark.parametrize("level", [150, 205, 235])
@pytest.mark.parametrize("paper", [(-14, 8, -14), (12, 14, 10), (-25, -25, -25)])
def test_pale_paper_on_a_pale_belt_is_one_piece(level, paper):
    light = np.linspace(0.85, 1.05, WIDTH)[np.newaxis, :, np.newaxis]
    plain = np.random.default_rng(4).normal(level, 3, (16, HEIGHT, WIDTH, 3))
    presence = Presence()
    for frame in plain[:15]:
        presence.find((frame * light).clip(0, 255).astype(np.uint8))
    lying = piece(plain[15].copy(), (200, 80, 240, 150), tuple(level + part for part in paper))
    (found,) = boxes(presence, (lying * light).clip(0, 255).astype(np.uint8))
    assert near(found, (200, 80, 240, 150), 8)


def test_a_hard_edge_of_a_shadow_cuts_no_piece():
    light = np.where(np.arange(WIDTH) < 300, 0.45, 1.0)[np.newaxis, :, np.newaxis]
    presence = Presence()
    for seed in range(15):
        presence.find((belt(120, seed=seed) * light).astype(np.uint8))
    shaded = (piece(belt(120, seed=99), (180, 80, 240, 150)) * light).astype(np.uint8)
    (found,) = boxes(presence, shaded)
    assert near(found, (180, 80, 240, 150), 8)


def test_a_lamp_that_flickers_is_no_piece():
    presence = Presence()
    frames = [(belt(150, seed=seed) * (1 + 0.2 * (-1) ** seed)).clip(0, 255).astype(np.uint8) for seed in range(12)]
    assert all(presence.find(frame) == () for frame in frames)


def test_pieces_over_one_another_are_cut_from_notch_to_notch():
    frame = piece(belt(), (120, 60, 260, 150), (200, 215, 230))
    found = boxes(Presence(), piece(frame, (240, 150, 260, 160)))
    assert len(found) == 2


def test_pieces_one_above_the_other_are_two():
    found = boxes(Presence(), piece(piece(belt(), (120, 40, 240, 140)), (150, 180, 240, 150)))
    assert len(found) == 2


def test_pieces_that_lie_flush_are_told_apart_by_the_edge_between_them():
    frame = piece(piece(belt(), (60, 100, 230, 150), (170, 200, 220)), (290, 100, 240, 150))
    found = boxes(Presence(), frame)
    assert len(found) == 2
    assert near(found[1], (290, 100, 240, 150), 8)


def test_flush_pieces_of_one_paper_are_told_apart_by_a_step_in_their_outline():
    found = boxes(Presence(), piece(piece(belt(), (60, 100, 220, 150)), (280, 109, 210, 136)))
    assert len(found) == 2


def test_lines_on_a_piece_cut_none():
    frame = piece(belt(), (120, 90, 340, 170))
    cv2.rectangle(frame, (260, 130), (400, 220), (150, 190, 220), cv2.FILLED)
    cv2.line(frame, (250, 110), (250, 240), (30, 30, 30), 2)
    assert len(boxes(Presence(), frame)) == 1


def test_the_edge_of_a_shadow_on_a_long_piece_cuts_none():
    light = np.where(np.arange(WIDTH) < 300, 0.6, 1.0)[np.newaxis, :, np.newaxis]
    presence = Presence()
    for seed in range(15):
        presence.find((belt(seed=seed) * light).astype(np.uint8))
    assert len(boxes(presence, (piece(belt(seed=99), (120, 90, 380, 170)) * light).astype(np.uint8))) == 1


def test_a_lamp_that_shines_on_a_part_of_the_belt_from_the_first_frame_on_is_no_piece():
    across, down = np.meshgrid(np.linspace(-1, 1, WIDTH), np.linspace(-0.6, 0.6, HEIGHT))
    light = (0.6 + 0.5 * np.exp(-8 * ((across - 0.3) ** 2 + (down + 0.2) ** 2)))[:, :, np.newaxis]
    presence = Presence()
    assert all(presence.find((belt(120, seed=seed) * light).astype(np.uint8)) == () for seed in range(8))
