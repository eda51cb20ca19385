"""Rows of marks on a piece."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from edgedigits.edge.station.pieces.rows import find_rows, turned

PAPER = 225


def paper(height=300, width=600):
    return np.full((height, width), PAPER, np.uint8)


def stroke(picture, box, level=40):
    x, y, width, height = box
    cv2.ellipse(picture, (x + width // 2, y + height // 2), (width // 2, height // 2), 0, 0, 360, (level,), 4)


def digits(picture, left=100, top=180, count=5, width=26, height=44, pitch=50, level=40):
    boxes = [(left + place * pitch, top, width, height) for place in range(count)]
    for box in boxes:
        stroke(picture, box, level)
    return boxes


def test_digits_side_by_side_are_one_row():
    picture = paper()
    digits(picture)
    rows = find_rows(picture)
    assert [len(row.marks) for row in rows] == [5]
    x, y, width, height = rows[0].box
    assert abs(x - 98) <= 3 and abs(y - 178) <= 3 and abs(width - 230) <= 6 and abs(height - 48) <= 6


def test_large_digits_come_before_small_print():
    picture = paper()
    digits(picture, top=40, width=10, height=16, pitch=24, count=9)
    digits(picture)
    assert [len(row.marks) for row in find_rows(picture)] == [5, 9]


def test_print_smaller_than_any_digit_is_no_row():
    picture = paper()
    digits(picture, width=7, height=10, pitch=12, count=9)
    assert find_rows(picture) == ()


def test_an_empty_piece_has_no_row():
    assert find_rows(paper()) == ()


def test_faint_ink_in_uneven_light_is_found():
    picture = paper()
    digits(picture, level=PAPER - 70)
    light = np.linspace(0.5, 1, picture.shape[1])
    dim = (picture * light).astype(np.uint8)
    assert [len(row.marks) for row in find_rows(dim)] == [5]


def test_noise_beside_faint_digits_is_no_row():
    picture = paper()
    digits(picture, level=PAPER - 70)
    noise = np.random.default_rng(0).normal(0, 4, picture.shape)
    noisy = np.clip(cv2.blur(picture, (3, 3)) - 20 + noise, 0, 255).astype(np.uint8)
    assert [len(row.marks) for row in find_rows(noisy)] == [5]


def test_a_frame_around_digits_is_painted_over_in_the_picture_of_the_digits():
    picture = paper()
    cv2.rectangle(picture, (80, 165), (350, 240), (60,), 2)
    digits(picture)
    row = next(row for row in find_rows(picture) if len(row.marks) == 5)
    assert row.picture[:, :8].min() > 150  # where the frame's side was
    assert row.picture.min() < 60  # the digits are left


def test_digits_that_touch_their_frame_are_read_with_it():
    picture = paper()
    cv2.rectangle(picture, (80, 182), (350, 222), (60,), 2)
    digits(picture)
    assert any(not row.marks and row.box[2] > 250 for row in find_rows(picture))


def test_a_digit_broken_in_two_is_one_mark():
    picture = paper()
    boxes = digits(picture)
    x, y, width, height = boxes[2]
    picture[y + height // 2 - 3 : y + height // 2 + 3, x - 4 : x + width + 4] = PAPER
    assert [len(row.marks) for row in find_rows(picture)] == [5]


@pytest.mark.parametrize("turn", [-9, -4, 4, 9])
def test_a_turned_row_is_level_in_its_picture(turn):
    picture = paper()
    digits(picture, top=130)
    move = cv2.getRotationMatrix2D((300, 150), turn, 1)
    turned = cv2.warpAffine(picture, move, (600, 300), borderMode=cv2.BORDER_REPLICATE)
    row = find_rows(turned)[0]
    assert len(row.marks) == 5
    middles = [y + height / 2 for _, y, _, height in row.marks]
    assert max(middles) - min(middles) < 6


def joined(picture, boxes, level=40):
    """Strokes of the pen from each digit to the next."""
    for (x, y, width, height), (after, _, _, _) in pairwise(boxes):
        cv2.line(picture, (x + width - 2, y + height // 2), (after + 2, y + height // 2), (level,), 3)


@pytest.mark.parametrize("together", [[0, 1], [1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3, 4]])
def test_digits_that_the_pen_joins_stand_in_the_row_of_the_others(together):
    picture = paper()
    boxes = digits(picture, width=36)
    joined(picture, [boxes[place] for place in together])
    (row,) = find_rows(picture)
    assert row.box[0] <= boxes[0][0] and row.box[0] + row.box[2] >= boxes[-1][0] + boxes[-1][2]


def test_a_row_with_joined_digits_has_no_mark_for_each_digit():
    picture = paper()
    boxes = digits(picture, width=36)
    joined(picture, boxes[1:4])
    assert find_rows(picture)[0].marks == ()


def test_two_joined_pairs_beside_each_other_are_one_row():
    picture = paper()
    boxes = digits(picture, count=4, width=36)
    joined(picture, boxes[:2])
    joined(picture, boxes[2:])
    assert [row.box[2] > 180 for row in find_rows(picture)] == [True]


def test_a_digit_broken_in_two_is_one_mark_beside_joined_ones_too():
    picture = paper()
    boxes = digits(picture, width=36)
    joined(picture, boxes[:3])
    x, y, width, height = boxes[4]
    picture[y + height // 2 - 3 : y + height // 2 + 3, x - 4 : x + width + 4] = PAPER
    (row,) = find_rows(picture)
    assert row.box[0] + row.box[2] >= x + width


def test_a_rule_below_a_turned_row_is_no_part_of_it():
    picture = paper()
    boxes = [digits(picture, left=100 + 50 * place, top=166 + 5 * place, count=1)[0] for place in range(5)]
    cv2.line(picture, (80, 218), (360, 246), (60,), 2)
    row = next(row for row in find_rows(picture) if len(row.marks) == 5)
    assert row.box[2] < boxes[-1][0] + boxes[-1][2] + 6 - boxes[0][0]


def test_a_bar_code_is_no_row():
    picture = paper()
    for at in range(100, 300, 6):
        cv2.rectangle(picture, (at, 60), (at + 3, 110), (40,), -1)
    assert find_rows(picture) == ()


def test_an_edge_of_the_belt_is_no_row():
    picture = paper()
    cv2.fillPoly(picture, [np.array([(0, 270), (300, 299), (0, 299)])], (60,))
    assert find_rows(picture) == ()


def test_print_whose_letters_run_together_is_no_row():
    picture = paper()
    for line, words in enumerate(("Harbour Street", "Brookfield West", "Northern Light")):
        cv2.putText(picture, words, (100, 60 + 19 * line), cv2.FONT_HERSHEY_COMPLEX, 0.5, (40,), 1, cv2.LINE_AA)
    picture = cv2.blur(picture, (5, 3))
    assert find_rows(picture) == ()


def test_a_turned_row_shows_its_digits_upside_down_and_from_the_other_side():
    picture = paper()
    digits(picture)
    cv2.line(picture, (105, 182), (124, 182), (40,), 5)  # the first digit has a bar
    row = find_rows(picture)[0]
    there = turned(row)
    assert there.box == row.box
    assert np.array_equal(there.picture, row.picture[::-1, ::-1])
    x, y, width, height = there.marks[-1]
    first = row.marks[0]
    own = row.picture[first[1] : first[1] + first[3], first[0] : first[0] + first[2]]
    assert np.array_equal(there.picture[y : y + height, x : x + width], own[::-1, ::-1])


def test_marks_lie_within_the_picture():
    picture = paper()
    digits(picture, left=3, top=2)
    row = find_rows(picture)[0]
    height, width = row.picture.shape
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in row.marks)
