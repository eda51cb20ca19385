"""`edgedigits predict` of folders: a glob of them, whole trees, and those with anything but pictures."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edgedigits.cli.main import main

SAMPLE = Path(__file__).parents[2] / "docs" / "sample.jpg"
TEXT = "0123456789 31415926 5807"


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders of classes, with what else lies about in such folders; the working folder is the one above."""
    monkeypatch.chdir(tmp_path)
    for name in ("0/a.jpg", "0/b10.JPG", "0/b9.jpg", "1/a.jpg", ".hidden.jpg", ".git/a.jpg"):
        path = Path("mine", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SAMPLE, path)
    Path("mine/1/b.heic").write_text("x")
    for name in ("empty", "sub/folder", "notes"):
        Path(name).mkdir(parents=True)
    for number in range(10):
        Path(f"notes/{number}.txt").write_text("x")
    return Path("mine")


def predict(*words: object, code: int = 0) -> tuple[list[str], str]:
    """The pictures that were read, and what was said beside."""
    found = CliRunner().invoke(main, ["predict", *map(str, words)])
    assert found.exit_code == code, found.output
    lines = [line.split("\t") for line in found.stdout.splitlines()]
    assert {text for _, text in lines} <= {TEXT}
    return [path for path, _ in lines], found.stderr


ZERO, ONE = ["mine/0/a.jpg", "mine/0/b9.jpg", "mine/0/b10.JPG"], ["mine/1/a.jpg"]


def test_a_tree_and_its_folders_by_a_glob_are_read_in_natural_order():
    assert predict("mine") == (
        [*ZERO, *ONE],
        "mine: left out, no picture by name or a link to a folder: 1/b.heic\n",
    )
    globbed = sorted(path for path in Path("mine").iterdir() if path.name[0] != ".")
    assert predict(*globbed)[0] == predict("builtin", *globbed)[0] == [*ZERO, *ONE]
    assert predict("--model", "builtin", "mine/1", "mine/0/a.jpg")[0] == ["mine/1/a.jpg", "mine/0/a.jpg"]


def test_a_link_to_a_folder_is_named_and_not_followed(mine: Path):
    (mine / "0" / "back").symlink_to("..", target_is_directory=True)
    assert predict("mine/0") == (ZERO, "mine/0: left out, no picture by name or a link to a folder: back\n")


def test_marked_copies_lie_as_the_pictures_do():
    predict("mine", "--annotate", "tree")
    assert {str(path.relative_to("tree")) for path in Path("tree").rglob("*.png")} == {
        *("mine/0/a.png", "mine/0/b9.png", "mine/0/b10.png", "mine/1/a.png")
    }
    predict("mine/0", "mine/1", "mine/1/a.jpg", "mine/0/a.jpg", SAMPLE, "--annotate", "flat")
    assert {str(path.relative_to("flat")) for path in Path("flat").rglob("*.png")} == {
        *("0/a.png", "0/b9.png", "0/b10.png", "1/a.png", "sample.png")
    }


def test_no_copy_takes_the_name_of_another():
    shutil.copyfile(SAMPLE, "a-2.jpg")
    predict("mine/0/a.jpg", "mine/1/a.jpg", "a-2.jpg", "--annotate", "out")
    assert sorted(path.name for path in Path("out").iterdir()) == ["a-2-2.png", "a-2.png", "a.png"]


def test_copies_inside_what_is_read_would_be_read_next_time():
    assert predict("mine", "--annotate", "mine/marked", code=1) == (
        [],
        "Error: mine/marked lies in mine, whose pictures are read: the copies would be next time; "
        "choose another --annotate\n",
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("empty", "empty is empty"),
        ("sub", "no picture in sub, which holds folder/"),
        ("notes", "no picture in notes, which holds 0.txt, 1.txt, 2.txt, 3.txt, 4.txt, 5.txt, 6.txt, 7.txt and 2 more"),
    ],
)
def test_a_folder_without_pictures_says_what_is_in_it_and_the_others_are_read(name: str, says: str):
    told = f"Error: {says}; give a folder with files that end in .bmp, .jpeg, .jpg, "
    assert predict(name, code=1)[1].startswith(told)
    read, said = predict(name, "mine/0", code=1)
    assert (read, said.count("Error: ")) == (ZERO, 1)
    assert told in said


@pytest.mark.parametrize("word", ["nowhere", "nowhere/*"])
def test_a_word_that_leads_nowhere_is_neither(word: str):
    assert predict(word, code=1) == ([], f"Error: no model and no picture at {word}; check the path\n")


def test_a_file_that_is_neither_is_no_model_by_its_place(mine: Path):
    read, said = predict("notes/0.txt", "mine/0/a.jpg", "mine/.hidden.jpg", code=1)
    assert read == ["mine/0/a.jpg", "mine/.hidden.jpg"]
    assert "Error: notes/0.txt is text, not a picture; give" in said
    assert said.endswith("1 of 3 pictures not read\n")
    shutil.copyfile(SAMPLE, "photo")
    assert predict("photo", "photo") == (["photo", "photo"], "")


def test_pictures_that_lack_the_region_are_named_and_counted_and_the_others_are_read():
    Path("sizes").mkdir()
    for number, side in enumerate((90, 40, 30, 120)):
        cv2.imwrite(f"sizes/{number}.png", np.full((side, side), 255, np.uint8))
    found = CliRunner().invoke(main, ["predict", "sizes", "--region", "10,10,60,60"])
    assert found.exit_code == 1
    assert found.stdout == "sizes/0.png\t\nsizes/3.png\t\n"
    assert "Error: sizes/1.png: the region 10,10,60,60 is not inside the picture of 40x40 pixels; give" in found.stderr
    assert found.stderr.endswith("2 of 4 pictures not read\n")


@pytest.mark.parametrize(
    ("region", "says"),
    [("-1,0,9,9", "begins outside of a picture"), ("0,0,0,9", "has no pixels"), ("0,0,9", "not of the form x,y,w,h")],
)
def test_a_region_that_no_picture_has_is_wrong_usage(region: str, says: str):
    assert says in predict(f"--region={region}", "mine", code=2)[1]


def test_an_empty_word_is_wrong_usage():
    assert "a word is empty" in predict("", code=2)[1]
