"""Lines of digits are found on pages that the tests write, one picture a line."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from composing import Page, dim, on_a_desk, seen

from edgedigits.edge.scenes.finding import find_strips
from edgedigits.edge.scenes.scene import WIDEST_GAP


@pytest.fixture
def page(mnist_training_digits):
    """A function of width, height and seed that gives an empty page."""
    return lambda width, height, seed=1: Page(width, height, mnist_training_digits[0], seed)


def pieces(scene):
    return [len(line.pieces) for line in scene.lines]


def test_a_line_has_its_digits_as_pieces(page):
    assert pieces(find_strips(page(1280, 720).write(200, 300, 8, 90).photo())) == [8]


def test_a_line_keeps_a_margin_of_a_quarter_of_its_digits_height(page):
    line = find_strips(page(1280, 720).write(200, 300, 8, 90).photo()).lines[0]

    tops, bottoms = [y for _, y, _, _ in line.pieces], [y + h for _, y, _, h in line.pieces]
    high = np.median([h for _, _, _, h in line.pieces])
    assert 0.15 <= min(tops) / high <= 0.3
    assert 0.15 <= (line.picture.shape[0] - max(bottoms)) / high <= 0.3


def test_boxes_lead_back_to_the_picture(page):
    written = page(1280, 720).write(200, 300, 8, 90)
    line = find_strips(written.photo()).lines[0]

    first, last = (line.box_in_picture(line.pieces[place]) for place in (0, -1))
    x, y, width, _ = written.boxes[0]
    assert first[0] == pytest.approx(x, abs=6)
    assert last[0] + last[2] == pytest.approx(x + width, abs=8)
    assert y - 8 <= first[1] <= y + 20
    assert line.height == pytest.approx(90, rel=0.15)


@pytest.mark.parametrize("turned", [-15, -8, 4, 15])
def test_turned_lines_are_upright(page, turned):
    written = page(1280, 900)
    for row in range(3):
        written.write(250, 280 + 130 * row, 8, 60)

    scene = find_strips(written.photo(turned=turned))

    assert pieces(scene) == [8, 8, 8]
    for line in scene.lines:
        assert line.picture.shape[0] < 1.9 * np.median([h for _, _, _, h in line.pieces])
        assert np.degrees(np.arctan2(line.matrix[1, 0], line.matrix[0, 0])) == pytest.approx(-turned, abs=3)


@pytest.mark.parametrize(("turned", "desk"), [(7, 90), (-12, 140)])
def test_a_sheet_on_a_desk(page, turned, desk):
    written = page(700, 500).write(60, 80, 6, 60).write(60, 260, 7, 60)

    assert pieces(find_strips(on_a_desk(written, 1280, 960, turned, desk))) == [6, 7]


def test_columns_are_lines_of_their_own_row_by_row(page):
    written = page(1280, 900)
    for row in range(5):
        written.write(100, 100 + 140 * row, 5, 60).write(760, 100 + 140 * row, 3, 60)

    assert pieces(find_strips(written.photo())) == [5, 3] * 5


def test_nine_lines_in_a_column_with_a_dim_corner(page):
    written = page(500, 1300)
    for row in range(9):
        written.write(180, 40 + 138 * row, 1, 80)

    scene = find_strips(written.photo(light=dim(500, 1300)))

    assert len(scene.lines) == 9
    assert all(len(line.pieces) == 1 for line in scene.lines)


def test_a_shadow_with_a_sharp_edge_hides_no_digit(page):
    light = np.where(np.arange(1280)[None, :] + 0.5 * np.arange(720)[:, None] > 800, 0.5, 1.0)

    assert sum(pieces(find_strips(page(1280, 720).write(100, 300, 9, 90).photo(light=light)))) == 9


def test_bright_writing_on_a_board(page):
    assert pieces(find_strips(page(1280, 720).write(100, 300, 9, 70).photo(paper=40, pen=200))) == [9]


def test_noise_makes_no_lines_beside_the_writing(page):
    assert pieces(find_strips(page(1280, 720).write(100, 300, 9, 70).photo(noise=18))) == [9]


def test_small_digits_are_looked_for_in_a_finer_picture(page):
    assert pieces(find_strips(page(1280, 960).write(100, 300, 9, 22).write(700, 600, 6, 22).photo())) == [9, 6]


BOXES = {
    "thin": {"thick": 1},
    "thick": {"thick": 6},
    "broken": {"thick": 2, "broken": 0.3},
    "a comb": {"thick": 2, "comb": True},
    "a broken comb": {"thick": 3, "comb": True, "broken": 0.2},
}


@pytest.mark.parametrize("turned", [0, 6])
@pytest.mark.parametrize("kind", BOXES)
def test_boxes_are_one_line_without_their_dividers(page, kind, turned):
    written = page(1280, 600, 3).boxes_with_digits(120, 240, 10, 100, empty=(6,), **BOXES[kind])

    assert pieces(find_strips(written.photo(turned=turned))) == [9]


def test_rows_of_a_grid_are_a_line_each_however_many_boxes_are_empty(page):
    written = page(1200, 800, 3)
    for row, empty in enumerate([(0, 2, 3, 4), (1, 6, 7, 8), (0, 5, 9), (2, 3, 4, 5)]):
        written.boxes_with_digits(100, 80 + 100 * row, 10, 100, empty=empty)

    assert pieces(find_strips(written.photo())) == [6, 6, 7, 6]


def test_digits_far_apart_are_close_together_in_their_line(page):
    written = page(1280, 600, 3).boxes_with_digits(40, 240, 12, 100, empty=(4, 5, 6, 7))

    line = find_strips(written.photo()).lines[0]

    gaps = [right[0] - left[0] - left[2] for left, right in pairwise(line.pieces)]
    assert len(line.pieces) == 8
    assert max(gaps) <= WIDEST_GAP * np.median([height for _, _, _, height in line.pieces]) + 1
    assert line.picture.shape[1] <= 9 * line.picture.shape[0]


@pytest.mark.parametrize("turned", [0, 7])
def test_boxes_of_digits_far_apart_lead_back_to_the_picture(page, turned):
    photo = page(1280, 400, 3).write(60, 120, 6, 90, gap=1.3).photo(turned=turned)
    line = find_strips(photo).lines[0]
    assert line.omitted

    found = np.zeros(photo.shape, np.uint8)
    for piece in line.pieces:
        x, y, width, height = line.box_in_picture(piece)
        found[y : y + height, x : x + width] = 1

    ink = photo < 120
    assert (ink & (found > 0)).sum() >= 0.98 * ink.sum()
    assert found.mean() <= 0.3


def test_a_line_of_digits_far_apart_is_cut_as_any_other(page):
    line = find_strips(page(1280, 300, 3).write(40, 100, 9, 60, gap=1.2).photo()).lines[0]

    parts = line.parts(4.0)

    boxes = [part.box_in_picture(piece) for part in parts for piece in part.pieces]
    assert len(parts) > 1
    assert boxes == [line.box_in_picture(piece) for piece in line.pieces]


def test_empty_boxes_leave_none_of_their_sides(page):
    written = page(1280, 720, 3)
    for row, count in enumerate((9, 3, 7, 3, 5)):
        written.boxes_with_digits(200, 60 + 120 * row, count, 50, empty=range(count))

    assert find_strips(written.photo()).lines == ()


def test_ones_that_reach_a_line_of_a_row_of_boxes_stay(page):
    written = page(1280, 400, 3).boxes_with_digits(100, 120, 8, 100, empty=range(8))
    for place, reach in ((1, (12, 99)), (4, (22, 78)), (6, (30, 96))):
        column = 150 + 100 * place
        written.rule((column + 6, 120 + reach[0]), (column - 6, 120 + reach[1]), 9)

    assert pieces(find_strips(written.photo())) == [3]


def test_ones_as_high_as_their_boxes_are_no_dividers(page):
    written = page(1280, 400, 3).boxes_with_digits(100, 120, 8, 100, empty=range(8))
    for place in range(8):
        written.rule((157 + 100 * place, 125), (149 + 100 * place, 215), 8)

    assert pieces(find_strips(written.photo())) == [8]


@pytest.mark.parametrize("thick", [1, 2])
def test_digits_in_boxes_of_their_own(page, thick):
    written = page(1280, 400, 3)
    for place in range(5):
        written.boxes_with_digits(200 + 130 * place, 150, 1, 90, thick=thick)

    assert pieces(find_strips(written.photo())) == [5]


@pytest.mark.parametrize(("width", "height"), [(2200, 1600), (1900, 1400)])
def test_a_small_sheet_on_a_large_desk(page, width, height):
    assert pieces(find_strips(on_a_desk(page(820, 620).write(90, 250, 6, 90), width, height, 5, 90))) == [6]


@pytest.mark.parametrize("turned", [0, -9])
def test_a_slip_of_a_twentieth_of_the_picture(page, turned):
    written = page(400, 160, 3).write(50, 55, 6, 50)

    assert pieces(find_strips(on_a_desk(written, 1280, 960, turned, 60))) == [6]


def test_an_empty_sheet_on_a_desk_has_no_lines(page):
    scene = find_strips(on_a_desk(page(700, 500), 1280, 960, 9, 100))

    assert scene.lines == ()
    assert "sheet" in scene.why


def test_a_bright_corner_does_not_hide_the_line_that_reaches_it(page):
    written = page(950, 193, 5).write(60, 55, 8, 80)
    light = np.full((193, 950), 0.58, np.float32)
    cv2.fillPoly(light, [np.array([(0, 80), (0, 193), (140, 193)], np.int32)], (1.17,))

    (line,) = find_strips(written.photo(cv2.GaussianBlur(light, (0, 0), 3))).lines

    assert len(line.pieces) >= 7


def test_ruled_paper_is_kept_out_of_its_writing(page):
    written = page(1280, 900)
    for row in range(1, 14):
        written.rule((0, row * 64), (1280, row * 64), 1, 0.4, 0.1)
    written.write(100, 140, 6, 100)

    scene = find_strips(written.photo())

    assert pieces(scene) == [6]


@pytest.mark.parametrize("kind", ["blank", "ruled", "wood", "noise"])
def test_without_writing_there_is_little_to_read(page, kind):
    draw = np.random.default_rng(0)
    empty = page(1280, 720)
    if kind == "ruled":
        for row in range(1, 14):
            empty.rule((0, row * 50), (1280, row * 50), 1, 0.4, 0.1)
    picture = {
        "blank": lambda: empty.photo(noise=4),
        "ruled": empty.photo,
        "wood": lambda: seen(
            120 + 25 * np.repeat(draw.normal(0, 1, (240, 1)), 3, axis=0) + np.zeros((720, 1280)), draw
        ),
        "noise": lambda: draw.integers(0, 256, (720, 1280)).astype(np.uint8),
    }[kind]()

    scene = find_strips(picture)

    assert len(scene.lines) <= 20
    assert bool(scene.why) == (not scene.lines)


def test_a_picture_of_forty_thousand_pixels_width(page):
    assert pieces(find_strips(page(40000, 100).write(19000, 20, 9, 60).photo())) == [9]
