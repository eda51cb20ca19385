"""Where pieces lie on the belt."""

from __future__ import annotations

import cv2
import numpy as np

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
