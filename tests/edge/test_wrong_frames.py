"""Frames that were read wrongly: which, and a sheet that shows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset
from edgedigits.edge import WrongFrame, WrongFrames, compose_recording, open_source, run_loop
from edgedigits.edge.loop.loop import Transcript

FRAMES, HOLD = 12, 4


@pytest.fixture(scope="module")
def read(reader, tmp_path_factory):
    """A recording of three sheets whose truth is what the reader reads, as far as this counts here."""
    path = tmp_path_factory.mktemp("wrong") / "digits.avi"
    pool = load_dataset("samples").pool
    recording = compose_recording(
        pool.images, pool.labels, path, size=(640, 360), digits=4, frames=FRAMES, hold=HOLD, seed=2
    )
    transcript = Transcript()
    run_loop(reader, open_source(str(path)), [transcript])
    texts = tuple(transcript.texts[index] for index in range(FRAMES))
    assert all(texts), "something is read in every frame"
    return replace(recording, texts=texts)


def looked_at(reader, recording) -> WrongFrames:
    wrong = WrongFrames(recording)
    run_loop(reader, open_source(str(recording.path)), [wrong])
    return wrong


def other(digit: str) -> str:
    return str((int(digit) + 1) % 10)


def red(sheet: np.ndarray) -> np.ndarray:
    """Where a box around a wrong digit is: as red as nothing else on a sheet of paper."""
    blue, green, red_ = (sheet[..., channel].astype(int) for channel in range(3))
    return (red_ > 180) & (green < 90) & (blue < 90)


def test_frames_that_are_all_right_leave_nothing_to_show(reader, read):
    wrong = looked_at(reader, read)
    assert wrong.found == ()
    assert not red(wrong.sheet()).any()


def test_a_wrong_frame_tells_its_number_the_truth_and_what_was_read(reader, read):
    texts = list(read.texts)
    texts[5] = other(texts[5][0]) + texts[5][1:]
    wrong = looked_at(reader, replace(read, texts=tuple(texts)))
    assert wrong.found == (WrongFrame(5, texts[5], read.texts[5]),)


def test_a_frame_that_was_not_looked_at_is_wrong_too(reader, read):
    wrong = WrongFrames(read)
    run_loop(reader, open_source(str(read.path)), [wrong], limit=FRAMES - 1)
    assert wrong.found == (WrongFrame(FRAMES - 1, read.texts[-1], None),)


def test_the_sheet_boxes_the_wrong_digit_and_no_other(reader, read):
    """Whose truth is another in the last place stands at the right end of its line."""
    texts = list(read.texts)
    texts[0] = texts[0][:-1] + other(texts[0][-1])
    sheet = looked_at(reader, replace(read, texts=tuple(texts))).sheet()
    assert sheet.dtype == np.uint8
    boxed = red(sheet)
    assert boxed.sum() > 100
    columns = np.flatnonzero(boxed.any(axis=0))
    assert columns.max() - columns.min() < 480 / 3, "one digit of the four"


def test_the_same_mistake_in_many_frames_is_one_picture(reader, read):
    one = {text: other(text[0]) + text[1:] for text in read.texts}
    texts = tuple(one[text] for text in read.texts)
    wrong = looked_at(reader, replace(read, texts=texts))
    kinds = len(set(read.texts))
    assert len(wrong.found) == FRAMES
    assert wrong.sheet().shape[:2] == (-(-kinds // 2) * 300, 960)
    assert wrong.sheet(most=1).shape[:2] == (300, 960)
