"""The handed pictures: how many lines and pieces each has, and what is given whole."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest

from edgedigits.core.pictures.loading import read_picture
from edgedigits.edge.reading.pictures import grey_of
from edgedigits.edge.scenes.finding import find_strips

PHOTOS = {
    "cases/photos/12_comb_boxes.png": [2],
    "cases/photos/1_full_bleed.png": [1],
    "cases/photos/425_white_on_transparent.png": [3],
    "cases/photos/42_thin_large.png": [2],
    "cases/photos/dim_column.jpg": [1] * 9,
    "cases/photos/score_row_21121271.jpg": [8],
    "cases/photos/score_row_2112153734.jpg": [10],
    "photos/pen_13540.jpg": [5],
    "photos/pencil_05221859.jpg": [8],
}


def grey(path):
    return grey_of(read_picture(path))


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_has_its_lines_and_pieces(data_folder, name):
    scene = find_strips(grey(data_folder / name))

    assert [len(line.pieces) for line in scene.lines] == PHOTOS[name]


def test_a_digit_on_a_whiteboard_is_one_line(data_folder):
    found = {
        path.name: len(find_strips(grey(path)).lines) for path in sorted((data_folder / "cases/whiteboard").iterdir())
    }

    assert sum(lines == 1 for lines in found.values()) >= len(found) - 2  # beside scribbles
    assert min(found.values()) == 1


def test_a_digit_of_mnist_is_its_whole_picture(data_folder):
    for path in sorted((data_folder / "cases/photos").glob("?_mnist_png_*.png")):
        picture = grey(path)
        for one in (picture, 255 - picture):
            (line,) = find_strips(one).lines
            assert np.array_equal(line.picture, one)
            assert len(line.pieces) == 1


def test_fields_of_cheques_are_given_whole(data_folder):
    with (data_folder / "cheques" / "truth.csv").open() as file:
        names = [row["image"] for row in csv.DictReader(file)][0::8]
    pictures = [grey(data_folder / "cheques" / "images" / name) for name in names]

    whole = [[line.picture.shape for line in find_strips(picture).lines] == [picture.shape] for picture in pictures]

    assert np.mean(whole) >= 0.97


def test_strokes_of_one_pixel_are_thickened(data_folder):
    (line,) = find_strips(grey(data_folder / "cases/photos/42_thin_large.png")).lines

    dark = (line.picture < 128).astype(np.uint8)
    assert cv2.distanceTransform(dark, cv2.DIST_L2, 3).max() >= 1.2
