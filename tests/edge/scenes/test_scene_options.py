"""Regions, turns and single digits, and the way back to pixels of the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from composing import Page

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.scenes.finding import find_strips
from edgedigits.edge.scenes.scene import SceneOptions, rotated, rotation


@pytest.fixture
def picture(mnist_training_digits):
    page = Page(1280, 720, mnist_training_digits[0], 2).write(200, 150, 6, 90).write(300, 450, 4, 90)
    return page.photo(), page.boxes


def test_a_region_is_searched_alone_and_boxes_are_those_of_the_picture(picture):
    grey, boxes = picture

    (line,) = find_strips(grey, SceneOptions(region=(100, 400, 1000, 300))).lines

    x, y, _, _ = line.box_in_picture(line.pieces[0])
    assert (x, y) == pytest.approx(boxes[1][:2], abs=20)


@pytest.mark.parametrize("region", [(0, 0, 1281, 720), (-1, 0, 10, 10), (5, 5, 0, 10), (1280, 0, 1, 1)])
def test_a_region_outside_the_picture_is_an_error_that_names_its_size(picture, region):
    with pytest.raises(EdgedigitsError, match="1280x720"):
        find_strips(picture[0], SceneOptions(region=region))


def test_other_turns_than_quarters_are_an_error():
    with pytest.raises(EdgedigitsError, match="0, 90, 180 or 270"):
        SceneOptions(rotate=45)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_page_is_turned_back_and_boxes_are_those_of_the_picture(picture, turns):
    grey, _ = picture
    upright = find_strips(grey)

    scene = find_strips(rotated(grey, -turns), SceneOptions(rotate=90 * turns))

    assert [len(line.pieces) for line in scene.lines] == [6, 4]
    assert np.array_equal(scene.lines[0].picture, upright.lines[0].picture)
    x, y, width, height = scene.lines[0].box_in_picture(scene.lines[0].pieces[0])
    there = rotation(720, 1280, -turns) @ [x + width / 2, y + height / 2, 1]
    left, top, across, down = upright.lines[0].box_in_picture(upright.lines[0].pieces[0])
    assert there == pytest.approx([left + across / 2, top + down / 2], abs=2)


@pytest.mark.parametrize("turns", range(4))
def test_a_rotation_leads_back(turns):
    grey = np.zeros((6, 9), np.uint8)
    grey[1, 7] = 255

    y, x = np.argwhere(rotated(grey, turns))[0]

    assert rotation(6, 9, turns) @ [x + 0.5, y + 0.5, 1] == pytest.approx([7.5, 1.5])


def test_a_single_digit_is_cut_to_its_ink_whatever_lies_around(mnist_training_digits):
    page = Page(400, 300, mnist_training_digits[0], 4).write(120, 60, 1, 160)
    grey = page.photo()
    cv2.rectangle(grey, (5, 5), (25, 12), 100, -1)

    (line,) = find_strips(grey, SceneOptions(single=True)).lines

    assert len(line.pieces) == 1
    x, y, width, height = line.box_in_picture(line.pieces[0])
    assert (x, y, width, height) == pytest.approx(page.boxes[0], abs=14)


def test_an_empty_picture_says_why():
    scene = find_strips(np.full((480, 640), 200, np.uint8))

    assert not scene.lines
    assert "no ink" in scene.why
