"""`edgedigits simulate station`, and `edgedigits simulate` beside it."""

from __future__ import annotations

import json

import pytest
from calling import call

from edgedigits.edge.recordings.mail.truth import read_mail_truth

QUICK = ("--pieces", 2, "--frames", 4)


def test_a_recording_is_written_and_told(data_folder, tmp_path):
    words = ("--level", "hard", "--seed", 3, "--hand", "slanted", "--part", "validation", *QUICK)
    told = json.loads(call("simulate", "station", *words, "--out", tmp_path / "out", "--json").stdout)

    truth = read_mail_truth(tmp_path / "out" / "mail.json")
    assert (told["pieces"], told["frames"]) == (2, truth.frames)
    assert (truth.plan.level, truth.plan.seed, truth.plan.hand) == ("hard", 3, "slanted")
    assert truth.digits == "mnist validation"


def test_it_prints_the_video_and_where_the_truth_is(data_folder, tmp_path):
    done = call("simulate", "station", *QUICK, "--out", tmp_path / "out")

    assert done.stdout.splitlines()[0] == str(tmp_path / "out" / "mail.avi")
    assert "2 pieces in" in done.stdout + done.stderr


def test_codes_of_a_file_are_the_only_ones(data_folder, tmp_path):
    (tmp_path / "codes.csv").write_text("10115,Berlin\n")
    call("simulate", "station", *QUICK, "--codes", tmp_path / "codes.csv", "--out", tmp_path / "out")

    assert {piece.code for piece in read_mail_truth(tmp_path / "out" / "mail.json").pieces} == {"10115"}


def test_a_file_of_codes_is_not_replaced(tmp_path):
    (tmp_path / "truth.csv").write_text("10115\n")
    words = ("--codes", tmp_path / "truth.csv", "--out", tmp_path, "--force")

    assert "would be replaced" in call("simulate", "station", *words, code=1).stderr
    assert (tmp_path / "truth.csv").read_text() == "10115\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--level", "ordinry"), "did you mean ordinary"),
        (("--hand", "left"), "no hand is called 'left'"),
        (("--pieces", 0), "0 pieces"),
        (("--form", "x"), 'no form of codes "x"'),
        (("--frames", 1), "in view for 1 frames"),
        (("--seed", -1), "the seed is -1"),
    ],
)
def test_what_makes_no_sense_is_an_error_and_leaves_nothing(data_folder, tmp_path, words, error):
    assert error in call("simulate", "station", *words, "--out", tmp_path / "out", code=1).stderr
    assert list(tmp_path.iterdir()) == []


def test_both_commands_ask_for_a_folder():
    assert "Missing option '--out'" in call("simulate", code=2).stderr
    assert "Missing option '--out'" in call("simulate", "station", code=2).stderr


def test_an_option_before_the_word_of_the_command_is_refused(tmp_path):
    done = call("simulate", "--seed", 3, "station", "--out", tmp_path / "out", code=2)

    assert "Write --seed after the word station" in done.stderr


def test_the_help_of_simulate_names_its_folder_and_its_command():
    told = call("simulate", "--help").stdout

    assert "Folder to make.  [required]" in told
    assert "station  Write a video of mail" in told
