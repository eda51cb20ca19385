"""A recording of simulated mail and its truth beside it."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.truth import read_truth
from edgedigits.edge.recordings.mail.belt import BeltPlan
from edgedigits.edge.recordings.mail.simulating import simulate_station
from edgedigits.edge.recordings.mail.source import package_digits
from edgedigits.edge.recordings.mail.truth import read_mail_truth
from edgedigits.edge.sources.registry import open_source

PLAN = BeltPlan("hard", 4, 6, codes=("10115", "80331"), frames_in_view=5)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return simulate_station(tmp_path_factory.mktemp("mail") / "out", package_digits(), "drawn", PLAN)


def test_the_truth_is_read_as_it_was_written(made):
    assert read_mail_truth(made.folder / "mail.json") == made.truth
    assert made.truth.plan == PLAN and len(made.truth.pieces) == 6


def test_the_truth_lies_beside_its_video(made):
    assert read_mail_truth(made.folder / "mail.avi") == made.truth


def test_the_video_has_the_frames_the_size_and_the_rate_of_its_truth(made):
    with open_source(str(made.folder / "mail.avi")) as video:
        frames = list(video)
        assert video.rate == made.truth.rate == 30

    assert len(frames) == made.truth.frames
    assert frames[0].shape[1::-1] == made.truth.size == (1280, 720)


def test_the_code_fields_are_a_data_set_of_lines(made):
    fields = read_truth(made.folder / "pieces" / "truth.csv")

    assert [field.text for field in fields] == [piece.code for piece in made.truth.pieces if piece.code]
    pictures = sorted((made.folder / "pieces" / "images").iterdir())
    assert len(pictures) == len(fields)
    assert cv2.imread(str(pictures[0])).std() > 2


def test_the_same_plan_gives_the_same_files(made, tmp_path):
    again = simulate_station(tmp_path / "again", package_digits(), "drawn", PLAN)

    for path in sorted(path for path in made.folder.rglob("*") if path.is_file()):
        assert path.read_bytes() == (again.folder / path.relative_to(made.folder)).read_bytes(), path.name


def test_only_force_replaces_a_recording(made, tmp_path):
    plan = BeltPlan("easy", 0, 1, frames_in_view=3)
    out = tmp_path / "out"
    simulate_station(out, package_digits(), "drawn", plan)

    with pytest.raises(EdgedigitsError, match="exists and is not empty"):
        simulate_station(out, package_digits(), "drawn", plan)
    simulate_station(out, package_digits(), "drawn", BeltPlan("easy", 1, 1, frames_in_view=3), force=True)
    assert read_mail_truth(out / "mail.json").plan.seed == 1


def test_a_recording_that_is_stopped_leaves_nothing(tmp_path):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_station(tmp_path / "out", package_digits(), "drawn", PLAN, progress=stop)

    assert list(tmp_path.iterdir()) == []


def test_a_belt_that_never_ends_is_not_recorded(tmp_path):
    with pytest.raises(EdgedigitsError, match="never ends"):
        simulate_station(tmp_path / "out", package_digits(), "drawn", BeltPlan(pieces=None))


def changed(made, path: list, value: object) -> str:
    """The truth with another value at a place; None takes it out."""
    content = json.loads((made.folder / "mail.json").read_text())
    place = content
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(content)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["format"], "one"),
        (["format"], 0),
        (["plan"], None),
        (["plan", "level"], None),
        (["plan", "colour"], "red"),
        (["rate"], "fast"),
        (["size"], [1280]),
        (["pieces"], 7),
        (["pieces", 1, "index"], 5),
        (["pieces", 1, "code"], "12a45"),
        (["pieces", 1, "code"], 12345),
        (["pieces", 1, "code"], False),
        (["pieces", 1, "first"], 10_000),
        (["pieces", 1, "first"], 1.5),
        (["pieces", 1, "start"], "left"),
        (["pieces", 1, "start"], float("inf")),
        (["pieces", 1, "step"], 0),
        (["pieces", 1, "step"], 1e-9),
        (["pieces", 1, "step"], float("nan")),
        (["pieces", 1, "top"], "up"),
        (["pieces", 1, "field"], [1, 2, 3]),
        (["pieces", 1, "size"], None),
        (["pieces", 1, "weight"], 3),
    ],
    ids=str,
)
def test_a_damaged_truth_is_an_error(made, tmp_path, path, value):
    (tmp_path / "mail.json").write_text(changed(made, path, value))

    with pytest.raises(EdgedigitsError, match="is not the truth of simulated mail"):
        read_mail_truth(tmp_path / "mail.json")


@pytest.mark.parametrize("content", ["", "{", "\x00"])
def test_what_is_no_json_is_an_error(tmp_path, content):
    (tmp_path / "mail.json").write_text(content)

    with pytest.raises(EdgedigitsError, match="half-written or damaged"):
        read_mail_truth(tmp_path / "mail.json")


@pytest.mark.parametrize("content", ["[]", "3", "null", "{}"])
def test_other_json_is_an_error(tmp_path, content):
    (tmp_path / "mail.json").write_text(content)

    with pytest.raises(EdgedigitsError, match="is not the truth of simulated mail"):
        read_mail_truth(tmp_path / "mail.json")


def test_a_truth_of_a_later_version_says_so(made, tmp_path):
    (tmp_path / "mail.json").write_text(changed(made, ["format"], 2))

    with pytest.raises(EdgedigitsError, match="has the format 2"):
        read_mail_truth(tmp_path / "mail.json")


def test_a_video_without_a_truth_is_an_error(tmp_path):
    with pytest.raises(EdgedigitsError, match=r"cannot read .*mail\.json"):
        read_mail_truth(tmp_path / "mail.avi")


def test_pieces_are_where_the_recorded_frames_show_them(made):
    piece = made.truth.pieces[0]
    frame = piece.first_whole
    with open_source(str(made.folder / "mail.avi")) as video:
        picture = next(image for index, image in enumerate(video) if index == frame)

    x, y, wide, high = piece.box_at(frame)
    inside = picture[y + high // 4 : y + 3 * high // 4, x + wide // 4 : x + 3 * wide // 4]
    outside = np.concatenate([picture[: max(1, y - 20)].ravel(), picture[y + high + 20 :].ravel()])
    assert np.median(inside) > np.median(outside) + 25
