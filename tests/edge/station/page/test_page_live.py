"""The picture of the running loop."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgedigits.edge.station.page.live import LiveState


def frame(width: int = 1280, height: int = 720, grey: int = 128) -> np.ndarray:
    return np.full((height, width, 3), grey, np.uint8)


def decoded(jpeg: bytes | None) -> np.ndarray:
    assert jpeg is not None
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


def test_there_is_no_picture_before_the_first_frame():
    live = LiveState()
    assert live.jpeg(640) is None and live.size is None and live.number == 0


@pytest.mark.parametrize(("asked", "given"), [(640, 640), (1, 160), (10_000, 1280)])
def test_a_picture_has_the_width_that_is_asked_for_within_bounds(asked: int, given: int):
    live = LiveState()
    live.publish(frame(1920, 1080), [])
    assert decoded(live.jpeg(asked)).shape == (given * 1080 // 1920, given, 3)


def test_a_small_picture_is_not_made_larger():
    live = LiveState()
    live.publish(frame(200, 100), [])
    assert decoded(live.jpeg(640)).shape == (100, 200, 3)


def test_pieces_are_drawn_where_they_are_and_the_frame_stays_as_it_was():
    live, image = LiveState(), frame()
    live.publish(image, [((200, 200, 400, 300), "48213", "accepted")])
    drawn = decoded(live.jpeg(1280)).astype(int)
    assert abs(drawn[350, 200] - (60, 120, 20)).max() < 40
    assert abs(drawn[350, 400] - 128).max() < 8
    assert (image == 128).all()


def test_what_was_rejected_differs_not_by_its_colour_alone():
    pictures = []
    for outcome in ("accepted", "rejected"):
        live = LiveState()
        live.publish(frame(), [((200, 200, 400, 300), "48213", outcome)])
        pictures.append(decoded(live.jpeg(1280))[170:200, 200:320].max(axis=2) > 200)  # the white words
    assert pictures[0].sum() > 50 and (pictures[0] != pictures[1]).sum() > 50


def test_words_outside_of_the_picture_and_of_ascii_are_drawn_all_the_same():
    live = LiveState()
    live.publish(frame(), [((1200, 0, 500, 900), "żółw " * 40, "reading"), ((-50, -50, 10, 10), "", "keyed")])
    assert decoded(live.jpeg(640)).shape == (360, 640, 3)


def test_the_cameras_own_picture_is_shown_beside_the_part_that_is_looked_at():
    live = LiveState()
    live.publish(frame(400, 300, 50), [], frame(1280, 720, 200))
    assert live.size == (1280, 720)
    assert decoded(live.jpeg(320)).shape == (240, 320, 3)
    assert decoded(live.jpeg(320, whole=True)).shape == (180, 320, 3)


def test_a_frame_is_encoded_once_for_all_who_look():
    live = LiveState()
    live.publish(frame(), [])
    first = live.jpeg(640)
    assert live.jpeg(640) is first
    live.publish(frame(), [])
    assert live.jpeg(640) is not first


def test_frames_are_counted_over_the_last_seconds():
    clock = [0.0]
    live = LiveState(lambda: clock[0])
    for number in range(300):
        clock[0] = number / 30
        live.publish(frame(16, 16), [])
    assert live.rates()["frames_per_second"] == pytest.approx(30, abs=0.3)
    clock[0] += 10
    assert live.rates()["frames_per_second"] == 0
