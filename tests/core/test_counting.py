"""Numbers of things in words."""

from __future__ import annotations

import pytest

from edgedigits.core.counting import counted


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 images"), (1, "1 image"), (2, "2 images"), (12_000, "12,000 images")]
)
def test_one_is_one_and_all_others_are_several(number: int, words: str):
    assert counted(number, "image") == words


def test_what_takes_no_s_is_given():
    assert [counted(number, "row was", "rows were") for number in (1, 7)] == ["1 row was", "7 rows were"]
