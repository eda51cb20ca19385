"""What was read of a recording, sheet by sheet."""

from __future__ import annotations

from pathlib import Path

from edgedigits.edge import Misreading, Recording, Sheet, WrongFrame, sheets_of


def recording(*texts: str) -> Recording:
    return Recording(Path("digits.avi"), 30.0, (1280, 720), 0, texts)


def test_a_sheet_that_was_read_exactly_has_no_misreadings():
    assert sheets_of(recording("12", "12", "12"), ()) == (Sheet(0, 2, "12", 3, ()),)


def test_each_sheet_tells_its_frames_and_its_own_misreadings():
    shown = recording("12", "12", "3\n4", "3\n4", "3\n4")
    wrong = (WrongFrame(1, "12", "72"), WrongFrame(3, "3\n4", ""), WrongFrame(4, "3\n4", ""))
    first, second = sheets_of(shown, wrong)
    assert first == Sheet(0, 1, "12", 1, (Misreading("72", 1),))
    assert second == Sheet(2, 4, "3\n4", 1, (Misreading("", 2),))
    assert (first.frames, second.frames) == (2, 3)


def test_the_most_frequent_misreading_comes_first():
    wrong = (WrongFrame(0, "12", "72"), WrongFrame(1, "12", "1?"), WrongFrame(2, "12", "1?"))
    (sheet,) = sheets_of(recording("12", "12", "12"), wrong)
    assert sheet.misreadings == (Misreading("1?", 2), Misreading("72", 1))


def test_frames_that_were_not_looked_at_are_misreadings_of_their_own():
    wrong = (WrongFrame(0, "12", None), WrongFrame(1, "12", ""))
    (sheet,) = sheets_of(recording("12", "12"), wrong)
    assert set(sheet.misreadings) == {Misreading(None, 1), Misreading("", 1)}


def test_a_text_that_comes_again_later_is_another_sheet():
    assert [(sheet.first, sheet.last) for sheet in sheets_of(recording("1", "2", "2", "1"), ())] == [
        (0, 0),
        (1, 2),
        (3, 3),
    ]
