"""Boxes around what was found in a picture."""

from __future__ import annotations

import pytest

from edgedigits.edge.scenes.bounding import area, common


def test_what_two_boxes_have_in_common_is_a_box():
    assert common((0, 0, 10, 20), (6, 15, 10, 20)) == (6, 15, 4, 5)


def test_a_box_within_another_is_what_they_have_in_common():
    assert common((0, 0, 10, 20), (2, 3, 4, 5)) == (2, 3, 4, 5)


@pytest.mark.parametrize("other", [(10, 0, 5, 5), (0, 20, 5, 5), (30, 30, 5, 5)])
def test_boxes_that_only_touch_or_lie_apart_have_none(other):
    assert common((0, 0, 10, 20), other) is None


def test_a_boxs_area_is_its_pixels():
    assert area((5, 7, 30, 4)) == 120
