"""The commands of the reports' systems: what they print, their errors and exit codes."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from calling import call

from edgedigits.core.datasets import load_dataset


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """The spec of 300 digits to divide and 60 that only report."""
    pool = load_dataset("optdigits").pool
    path = tmp_path_factory.mktemp("few") / "few.npz"
    parts = (pool.take(np.arange(300)), pool.take(np.arange(300, 360)))
    np.savez(path, x_train=parts[0].images, y_train=parts[0].labels, x_test=parts[1].images, y_test=parts[1].labels)
    return f"npz:{path}"


@pytest.fixture(scope="module")
def knn(few, tmp_path_factory):
    """A finished baseline: its folder and what the command printed."""
    out = tmp_path_factory.mktemp("knn") / "out"
    return out, call("baseline", "knn", "--dataset", few, "--out", out).stdout


@pytest.fixture(scope="module")
def folds(few, tmp_path_factory):
    out = tmp_path_factory.mktemp("folds") / "out"
    return out, call("baseline", "knn", "--dataset", few, "--folds", 3, "--out", out)


def test_baselines_lists_what_was_reported_and_how():
    text = call("baselines").stdout
    assert re.search(r"knn\s+nf264\s+97\.14\s+NF264, k = 1", text)
    assert re.search(r"nf264-cnn2\s+nf264\s+99\.89\s+NF264, the best fold's", text)
    listed = json.loads(call("baselines", "--json").stdout)
    assert {entry["name"] for entry in listed} >= {"svm", "xgboost", "logistic-regression", "endsley-park-cnn"}


def test_baseline_prints_what_was_chosen_measured_and_reported(knn):
    for piece in (
        r"chosen: n_neighbors \d+ \(validation accuracy \d",
        r"accuracy \d+\.\d\d % of 60 digits \(npz:.*its own test digits\)",
        r"accuracy \d+\.\d\d % of 30 digits \(npz:.*test part of split nf264\)",
        r"reported 97\.14 % \(NF264, k = 1",
        r"bytes, [\d,]+ after gzip; fitted in",
        r"µs a digit in calls of 1 \(scikit-learn",
        r"why ours may differ: ",
    ):
        assert re.search(piece, knn[1]), piece


def test_baseline_tells_that_the_machine_was_busy(knn, few, tmp_path):
    out = Path(shutil.copytree(knn[0], tmp_path / "knn"))
    row = json.loads((out / "knn" / "row.json").read_text())
    row["latencies"][0]["load"] = 0.5
    (out / "knn" / "row.json").write_text(json.dumps(row))
    text = call("baseline", "knn", "--dataset", few, "--resume", "--out", out).stdout
    assert re.search(r"in calls of 1 \(.*, one thread\); other programs took 50 % of the cores meanwhile\n", text)


def test_every_stage_of_a_baseline_is_told(few, tmp_path):
    """Fits and readings that take minutes with all digits; here a sweep, of which the best so far is told, too."""
    lines = call("baseline", "logistic-regression", "--dataset", few, "--out", tmp_path / "out").stderr.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        *("settings", "fit", "read validation digits", "store", "read test digits", "time")
    ]
    assert re.fullmatch(r"settings: best \d+\.\d\d % with C [\d.]+", lines[0])
    assert lines[4] == "read test digits: 60 done"


def test_baseline_gives_its_row_as_json(knn, few):
    row = json.loads(call("baseline", "knn", "--dataset", few, "--resume", "--json", "--out", knn[0]).stdout)
    assert row == json.loads((knn[0] / "knn" / "row.json").read_text())


def test_folds_are_told_one_by_one_and_summed_up(folds):
    assert re.search(r"fold 2 of 3: \d+\.\d\d % of 100 digits", folds[1].stderr)
    assert re.search(r"mean \d+\.\d\d %, standard deviation \d", folds[1].stdout)
    assert "Student's t over the folds" in folds[1].stdout


def test_folds_as_json(folds, few):
    found = json.loads(
        call("baseline", "knn", "--dataset", few, "--folds", 3, "--resume", "--json", "--out", folds[0]).stdout
    )
    assert len(found["scores"]) == 3
    assert found["low"] <= found["mean"] <= found["high"]


def test_train_cross_validates_too(tmp_path):
    options = ("--model", "nano", "--dataset", "optdigits", "--epochs", 1, "--folds", 2)
    result = call("train", *options, "--out", tmp_path / "out")
    assert "fold 2 of 2" in result.stderr
    assert "mean" in result.stdout
    assert (tmp_path / "out" / "fold-2-of-2" / "model.keras").is_file()


def test_reported_prints_a_table_that_fits_the_terminal(knn, folds, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = call("reported", knn[0], folds[0]).stdout.splitlines()
    assert [line for line in lines if len(line) > 80 and "/" not in line] == []
    figures = next(line.split() for line in lines if line.startswith("knn "))
    assert (figures[:2], len(figures)) == (["knn", "97.14"], 5)
    text = " ".join(" ".join(lines).split())
    assert "reported 97.14 %: NF264, k = 1" in text and "(3 folds: " in text and "|" not in text


def test_reported_prints_json(knn, folds):
    (found,) = json.loads(call("reported", knn[0], folds[0], "--json").stdout)
    assert (found["system"], found["reported"][0]["percent"]) == ("knn", "97.14")
    assert found["accuracy"]["count"] == 60 and found["split_accuracy"]["count"] == 30
    assert len(found["cross_validation"]["scores"]) == 3


def test_reported_writes_the_table_as_markdown(knn, folds, tmp_path):
    path = tmp_path / "reported.md"
    call("reported", knn[0], folds[0], "--out", path)
    written = path.read_text()
    assert written.startswith("| system | reported, % |") and "95 % interval" in written
    assert "add --force" in call("reported", knn[0], "--out", path, code=1).stderr
    assert path.read_text() == written
    call("reported", knn[0], "--out", path, "--force")
    assert path.read_text() != written


def test_what_is_said_of_the_data_is_true_of_the_data(knn, folds):
    """MNIST was not touched: nothing of what is divided there is said."""
    for text in (knn[1], *(call("reported", folder).stdout for folder in (knn[0], folds[0]))):
        assert "MNIST" not in text and "48,000" not in text
    assert "It is fitted on 240 digits of npz:" in knn[1]
    assert "cross-validated on 3 folds of npz:" in " ".join(call("reported", folds[0]).stdout.split())


def test_times_are_in_microseconds_as_everywhere(knn):
    assert re.search(r"\d µs a digit in calls of 1 ", knn[1]) and " us " not in knn[1]


def test_the_settings_that_are_told_fit_the_terminal(few, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    told = call("baseline", "decision-tree-chosen", "--dataset", few, "--out", tmp_path / "out").stderr
    assert "settings: best" in told
    assert [line for line in told.splitlines() if len(line) > 60] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("baseline", "knm"), "no baseline is called 'knm'; did you mean knn?"),
        (("baseline", "knn", "--dataset", "optdigits", "--folds", 1), "take at least 2 folds"),
        (("baseline", "knn", "--dataset", "optdigits", "--folds", 500), "take 2 to 174 folds"),
        (("baseline", "knn", "--dataset", "optdigits", "--folds", 3, "--split", "vit"), "leave --split out"),
        (("baseline", "knn", "--epochs", 3), "leave --epochs out"),
        (("baseline", "knn", "--dataset", "optdigits", "--resume"), "no baseline to resume"),
        (("train", "--dataset", "optdigits", "--folds", 3, "--resume"), "no cross-validation to resume"),
        (("train", "--dataset", "optdigits", "--folds", 3, "--split", "vit"), "leave --split out"),
        (("train", "--dataset", "optdigits", "--folds", 1), "take at least 2 folds"),
    ],
)
def test_what_cannot_be_done_is_a_clear_error_and_leaves_nothing(arguments, message, tmp_path):
    result = call(*arguments, "--out", tmp_path / "out", code=1)
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


def test_another_request_in_the_folder_is_a_clear_error(knn, few):
    result = call("baseline", "knn", "--dataset", few, "--seed", 1, "--resume", "--out", knn[0], code=1)
    assert "was started with seed 0, not 1" in result.stderr


def test_folds_of_one_training_are_wrong_usage(tmp_path):
    result = call(*("baseline", "nf264-cnn1", "--folds", 3, "--trained", tmp_path, "--out", tmp_path / "out"), code=2)
    assert "leave one of them out" in result.stderr


def test_reported_wants_folders_of_baselines(tmp_path):
    assert "holds no baseline" in call("reported", tmp_path, code=1).stderr
    call("reported", code=2)
