"""Folders of pictures: their parts, and pictures that cannot be taken."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgedigits.core.datasets import Digits, load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning


@pytest.fixture(scope="module")
def some() -> Digits:
    """Thirty digits that scikit-learn carries, three of each."""
    pool = load_dataset("optdigits").pool
    return pool.take(np.concatenate([np.flatnonzero(pool.labels == digit)[:3] for digit in range(10)]))


def write(folder: Path, digits: Digits) -> Path:
    """Each digit as a picture in the folder of its label."""
    for number, (image, label) in enumerate(zip(digits.images, digits.labels)):
        inside = folder / str(label)
        inside.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(inside / f"{number:02}.png"), 255 - image)
    return folder


def spoil(folder: Path, count: int) -> list[Path]:
    """Make that many of its pictures such as cannot be taken, in turn blank, empty, and no pictures."""
    paths = sorted(folder.rglob("*.png"))[::3][:count]
    for number, path in enumerate(paths):
        path.write_bytes((cv2.imencode(".png", np.full((30, 30), 200, np.uint8))[1].tobytes(), b"", b"x")[number % 3])
    return paths


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [("train", "val", "test"), ("training", "valid", "testing"), ("Train", "validation", "TEST")],
)
def test_folders_above_the_digits_are_the_parts_that_they_are(tmp_path, some, train, validation, test):
    parts = [some.take(np.arange(start, 30, 3)) for start in range(3)]
    for name, part in zip((train, validation, test), parts):
        write(tmp_path / name, part)
    dataset = load_dataset(f"folder:{tmp_path}")
    assert [part.labels.tolist() for part in (dataset.pool, dataset.validation, dataset.test)] == [list(range(10))] * 3
    split = split_dataset(dataset)
    assert {path.parts[-3] for path in split.train.files} == {train}
    assert {path.parts[-3] for path in split.validation.files} == {validation}
    assert {path.parts[-3] for path in split.test.files} == {test}
    assert all(f"{name}/" in dataset.source for name in (train, validation, test))


def test_training_digits_alone_are_the_pool(tmp_path, some):
    write(tmp_path / "train", some)
    dataset = load_dataset(f"folder:{tmp_path}")
    assert (len(dataset.pool), dataset.test, dataset.validation) == (30, None, None)


def test_test_digits_alone_are_refused_with_what_names_them(tmp_path, some):
    write(tmp_path / "test", some)
    with pytest.raises(EdgedigitsError, match=rf"has test/ and no train/.*folder:{tmp_path}/test"):
        load_dataset(f"folder:{tmp_path}")
    assert len(load_dataset(f"folder:{tmp_path}/test").pool) == 30


def test_parts_beside_digits_are_told_of(tmp_path, some):
    write(write(tmp_path, some) / "test", some)
    with pytest.warns(EdgedigitsWarning, match="ignored: test"):
        assert load_dataset(f"folder:{tmp_path}").test is None


def test_all_bad_pictures_of_all_parts_are_named_at_once(tmp_path, some):
    bad = spoil(write(tmp_path / "train", some), 7) + spoil(write(tmp_path / "test", some), 2)
    with pytest.raises(EdgedigitsError, match=r"9 pictures of .* cannot be taken.*; .*--skip-bad") as refused:
        load_dataset(f"folder:{tmp_path}")
    assert all(str(path) in str(refused.value) for path in bad)
    assert all(why in str(refused.value) for why in ("shows no ink", "is empty", "is text, not a picture"))


def test_more_bad_pictures_than_can_be_named_are_counted(tmp_path):
    (tmp_path / "3").mkdir()
    for number in range(103):
        (tmp_path / "3" / f"{number:03}.png").write_bytes(b"")
    with pytest.raises(EdgedigitsError, match=r"103 pictures .*/099\.png is empty; and 3 more;") as refused:
        load_dataset(f"folder:{tmp_path}")
    assert "100.png" not in str(refused.value)


def test_bad_pictures_may_be_left_out_and_are_counted(tmp_path, some):
    bad = spoil(write(tmp_path, some), 4)
    with pytest.warns(EdgedigitsWarning, match="left out 4 pictures of .*, 26 are taken") as told:
        pool = load_dataset(f"folder:{tmp_path}+skip-bad").pool
    assert len(pool) == len(pool.files) == 26
    assert all(str(path) in str(told[0].message) for path in bad)
    assert load_dataset(f"folder:{tmp_path}/../{tmp_path.name}+skip-bad").spec.endswith("+skip-bad")


def test_a_folder_of_bad_pictures_alone_has_nothing_to_go_on_with(tmp_path):
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "a.png").write_bytes(b"")
    with pytest.warns(EdgedigitsWarning), pytest.raises(EdgedigitsError, match="no picture that can be taken"):
        load_dataset(f"folder:{tmp_path}+skip-bad")


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_unreadable_picture_is_named(tmp_path, content):
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "a.png").write_bytes(content)
    with pytest.raises(EdgedigitsError, match=r"a\.png"):
        load_dataset(f"folder:{tmp_path}")


def test_folder_that_is_named_like_a_picture_is_passed_over(tmp_path, some):
    write(tmp_path, some)
    (tmp_path / "5" / "inner.png").mkdir()
    assert len(load_dataset(f"folder:{tmp_path}").pool) == 30


def test_files_that_macos_leaves_beside_pictures_are_no_pictures(tmp_path):
    for digit in range(10):
        (tmp_path / str(digit)).mkdir()
        cv2.imwrite(
            str(tmp_path / str(digit) / "a.png"),
            cv2.circle(np.full((60, 60), 200, np.uint8), (30, 30), 9 + digit, 0, 3),
        )
        (tmp_path / str(digit) / "._a.png").write_bytes(b"\0\5\x16\7")
    assert len(load_dataset(f"folder:{tmp_path}+as-is").pool) == 10


def test_files_of_other_kinds_are_named(tmp_path):
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "a.heic").write_bytes(b"x")
    with pytest.raises(EdgedigitsError, match=r"files of other kinds in its folders 0 to 9: \.heic; give .*\.png"):
        load_dataset(f"folder:{tmp_path}")


def test_a_folder_above_the_digits_folder_names_it(tmp_path):
    inside = tmp_path / "images" / "set1"
    (inside / "3").mkdir(parents=True)
    cv2.imwrite(str(inside / "3" / "a.png"), np.zeros((20, 20), np.uint8))
    with pytest.raises(EdgedigitsError, match=rf"name the folder that has them: folder:{inside}$"):
        load_dataset(f"folder:{tmp_path}")
