"""Composed lines as pictures: the form that fields have, the same for the same seed, whole or not at all."""

from __future__ import annotations

import cv2
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.labelled import load_fields
from edgedigits.core.lines.truth import read_truth
from edgedigits.train.lines.simulating import simulate

pytestmark = pytest.mark.usefixtures("tiny_lines")


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_is_one_that_fields_are_loaded_from(tmp_path):
    made = simulate(tmp_path / "out", 12, 5, nothing=2)
    fields = load_fields(tmp_path / "out")
    assert len(fields) == made.lines == 12
    assert all(field.text for field in fields)
    assert sum(len(field.text) for field in fields) == made.digits
    assert len(list((tmp_path / "out" / "images").iterdir())) == 12
    nothing = sorted((tmp_path / "out" / "nothing").iterdir())
    assert [path.name for path in nothing] == ["line-000001.png", "line-000002.png"]
    assert all(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE).size for path in nothing)


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others(tmp_path):
    simulate(tmp_path / "one", 6, 5)
    simulate(tmp_path / "two", 6, 5)
    simulate(tmp_path / "other", 6, 6)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert read_truth(tmp_path / "one" / "truth.csv") != read_truth(tmp_path / "other" / "truth.csv")


def test_more_lines_begin_with_the_same_ones(tmp_path):
    simulate(tmp_path / "few", 3)
    simulate(tmp_path / "many", 7)
    few, many = contents(tmp_path / "few"), contents(tmp_path / "many")
    assert all(many[name] == few[name] for name in few if name != "truth.csv")


def test_digits_of_another_part_are_written(tmp_path):
    simulate(tmp_path / "test", 3)
    simulate(tmp_path / "train", 3, part="train")
    assert contents(tmp_path / "test") != contents(tmp_path / "train")


@pytest.mark.parametrize(
    ("numbers", "words"),
    [({"lines": 0}, "--count is 0"), ({"nothing": -1}, "--nothing is -1"), ({"seed": -1}, "--seed is -1")],
    ids=str,
)
def test_numbers_that_make_no_sense(numbers, words, tmp_path):
    with pytest.raises(EdgedigitsError, match=words):
        simulate(tmp_path / "out", **numbers)


def test_what_lies_there_is_kept_but_for_what_simulate_wrote_and_force(tmp_path):
    out = tmp_path / "out"
    simulate(out, 2)
    with pytest.raises(EdgedigitsError, match="not empty"):
        simulate(out, 2)
    simulate(out, 3, force=True)
    assert len(read_truth(out / "truth.csv")) == 3
    (out / "notes.txt").write_text("mine")
    with pytest.raises(EdgedigitsError, match="none of the files"):
        simulate(out, 2, force=True)
    assert (out / "notes.txt").is_file()


def test_nothing_is_left_where_it_was_stopped(tmp_path):
    def stop(_stage, done, _total, _note="") -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "out", 5, progress=stop)
    assert list(tmp_path.iterdir()) == []
