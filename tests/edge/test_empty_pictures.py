"""Where nothing is read, it is said why: by the reader, by predict and by camera."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edgedigits.cli.main import main
from edgedigits.core.datasets import load_dataset
from edgedigits.edge import DigitReader, EmptyFrames, ImageFolder, bundled_model, run_loop


def paper() -> np.ndarray:
    return np.full((300, 400), 220, np.uint8)


def frame() -> np.ndarray:
    return cv2.rectangle(paper(), (20, 20), (380, 280), 40, 3)


def pale() -> np.ndarray:
    """A dark bar, which settles what strong ink is, and a pale ring."""
    picture = cv2.rectangle(paper(), (2, 140), (398, 150), 10, -1)
    return cv2.circle(picture, (200, 60), 30, 95, 6)


def dust() -> np.ndarray:
    picture = paper()
    for column in range(30, 390, 60):
        picture[100:104, column : column + 4] = 30
    return picture


def texture() -> np.ndarray:
    generator = np.random.default_rng(0)
    picture = np.full((800, 800), 220, np.uint8)
    for row in range(20, 790, 33):
        for column in range(20, 790, 33):
            centre = (column + int(generator.integers(-5, 6)), row + int(generator.integers(-5, 6)))
            cv2.circle(picture, centre, 8, 30, 2)
    return picture


def scrawl() -> np.ndarray:
    """A mark of the size of a digit that is none."""
    generator = np.random.default_rng(0)  # of such scrawls half are taken for a digit, not this one
    picture = paper()
    points = generator.integers(-40, 40, (9, 2)) + np.array([200, 150])
    return cv2.polylines(picture, [points.astype(np.int32)], False, 30, 5)


PICTURES = {
    "no ink was found": paper,
    "only straight lines, frames or edges": frame,
    "only faint marks": pale,
    "only specks": dust,
    "more than 500 marks of digit size": texture,
    "the model is sure of none": scrawl,
}


@pytest.mark.parametrize("says", PICTURES)
def test_a_picture_without_digits_says_why(says):
    reading = DigitReader(bundled_model()).read(PICTURES[says]())
    assert reading.lines == ()
    assert says in reading.why
    assert reading.as_dict()["why"] == reading.why
    assert "(" not in reading.reason
    assert reading.why.startswith(reading.reason)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """A folder of two empty pages, a frame, and last a 7."""
    folder = tmp_path_factory.mktemp("pictures") / "mine"
    folder.mkdir()
    seven = next(image for image, label in zip(*digits()) if label == 7)
    page = paper()
    page[100:184, 150:234] -= (cv2.resize(seven, (84, 84)) * 0.7).astype(np.uint8)
    for name, picture in (("1.png", paper()), ("2.png", paper()), ("3.png", frame()), ("4.png", page)):
        cv2.imwrite(str(folder / name), picture)
    return folder


def digits() -> tuple[np.ndarray, np.ndarray]:
    pool = load_dataset("samples").pool
    return pool.images, pool.labels


def test_predict_says_on_standard_error_why_a_picture_of_a_folder_gave_nothing(pictures):
    done = CliRunner().invoke(main, ["predict", str(pictures)])
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [f"{pictures}/{number}.png\t{'7' * (number == 4)}" for number in range(1, 5)]
    told = done.stderr.splitlines()
    assert [line.partition(": no digits: ")[0] for line in told] == [f"{pictures}/{number}.png" for number in (1, 2, 3)]
    assert "no ink was found" in told[0]
    assert "straight lines" in told[2]


def test_predicts_json_says_why_where_there_is_nothing_and_else_what_it_said_before(pictures):
    done = CliRunner().invoke(main, ["predict", str(pictures), "--json"])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["text"] for row in rows] == ["", "", "", "7"]
    assert "no ink was found" in rows[0]["why"]
    assert set(rows[3]) == {"image", "text", "digits", "lines"}


def test_camera_tells_of_frames_without_digits_and_counts_them(pictures):
    done = CliRunner().invoke(main, ["camera", "--source", str(pictures)])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row.get("why", "").partition(":")[0] for row in rows[:2]] == ["no ink was found"] * 2
    assert "why" not in rows[3]
    told = " ".join(done.stderr.split())
    assert told.count("no digits: no ink was found") == 2
    assert "frame 2: no digits: only straight lines" in told
    assert "3 of 4 frames without digits: 2 as no ink was found" in told


def test_a_camera_is_told_of_once_for_each_reason(pictures):
    told: list[str] = []
    empty = EmptyFrames(told.append)
    run_loop(DigitReader(bundled_model()), ImageFolder(pictures), [empty])
    assert len(told) == len(empty.reasons) == 2
    assert empty.reasons.total() == 3


def test_where_every_frame_has_digits_nothing_is_said():
    assert EmptyFrames(print).summary(5) == ""
