"""The reports' systems: what is chosen on what, what is measured on what, what is stored, what is laid beside."""

import csv
import subprocess
import sys
from dataclasses import replace

import joblib
import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.results import read_results
from edgedigits.train import BASELINES, BaselineRequest, baseline, baseline_folds, run_baseline
from edgedigits.train.baselines import storing
from edgedigits.train.baselines.choosing import fit, nearest_votes, read
from edgedigits.train.baselines.classical import UNREAD
from edgedigits.train.baselines.estimators import NO_CLASS, digits_of, features
from edgedigits.train.baselines.latency import timed
from edgedigits.train.networks.catalogue import NETWORKS

CLASSICAL = [name for name, entry in BASELINES.items() if entry.maker != "network"]


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """The spec of a small data set that brings its own test digits: 500 to divide, 120 that only report."""
    pool = load_dataset("optdigits").pool
    path = tmp_path_factory.mktemp("few") / "few.npz"
    parts = (pool.take(np.arange(500)), pool.take(np.arange(500, 620)))
    np.savez(path, x_train=parts[0].images, y_train=parts[0].labels, x_test=parts[1].images, y_test=parts[1].labels)
    return f"npz:{path}"


@pytest.fixture(scope="module")
def measured(few, tmp_path_factory):
    """Each classical baseline run once: name to its folder and row."""
    done = {}
    for name in CLASSICAL:
        out = tmp_path_factory.mktemp("baseline") / name
        done[name] = (out, run_baseline(BaselineRequest(name, few), str(out)))
    return done


def test_every_system_of_the_reports_is_there_and_every_network_is_in_the_zoo():
    kinds = {"knn", "decision-tree", "random-forest", "xgboost", "svm", "logistic-regression"}
    assert {BASELINES[name].kind for name in CLASSICAL} == kinds
    networks = {entry.network for entry in BASELINES.values() if entry.network}
    assert networks <= set(NETWORKS)
    reports = [name for name, network in NETWORKS.items() if network.source.startswith("report")]
    assert set(reports) - networks == {"fakebank-resnet50"}, "its ImageNet weights come from elsewhere"


def test_the_catalogue_says_which_figure_was_measured_on_seen_digits():
    seen = [(entry.name, figure.percent) for entry in BASELINES.values() for figure in entry.reported if figure.seen]
    assert seen == [("nf264-cnn2", "99.89")]


def test_the_catalogue_loads_neither_scikit_learn_nor_tensorflow():
    code = (
        "import sys; import edgedigits.train.baselines.catalogue\n"
        "sys.exit(bool({'sklearn', 'xgboost', 'tensorflow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", CLASSICAL)
def test_a_row_is_measured_on_the_own_test_digits_and_on_those_of_the_split(measured, few, name):
    _, row = measured[name]
    split = split_dataset(load_dataset(few), BASELINES[name].split)
    assert (row.model, row.recipe) == (name, BASELINES[name].maker)
    assert row.accuracy.digits_sha256 == split.dataset.test.sha256()
    assert row.accuracy.count == 120
    if BASELINES[name].split == "default":
        assert row.split_accuracy is None
    else:
        assert row.split_accuracy.digits_sha256 == split.test.sha256()
        assert row.split_accuracy.count == len(split.test)
    least = 25 if BASELINES[name].one_hot else 60
    assert row.accuracy.percent > least
    assert row.validation.digits_sha256 == split.validation.sha256()
    assert row.validation.percent > least
    assert row.settings["data"]["train"] == len(split.train)


@pytest.mark.parametrize("name", CLASSICAL)
def test_a_row_says_what_it_weighs_and_how_long_it_takes(measured, name):
    out, row = measured[name]
    path = out / name / row.file
    assert (path.stat().st_size, sha256_of(path)) == (row.bytes, row.sha256)
    assert 0 < row.gzip_bytes < row.bytes
    assert [latency.batch for latency in row.latencies] == [1, row.settings["data"]["test"]]
    assert all(latency.threads == 1 and 0 < latency.median_us <= latency.p95_us for latency in row.latencies)
    assert row.latencies[0].runtime.startswith(("scikit-learn ", "xgboost "))
    assert row.checks


@pytest.mark.parametrize("name", CLASSICAL)
def test_a_folder_of_results_is_written_that_reads_back(measured, name):
    out, row = measured[name]
    results = read_results(out)
    assert results.header.kind == "baseline"
    assert results.rows == (row,)
    assert name in (out / "results.md").read_text()


@pytest.mark.parametrize("name", [name for name in CLASSICAL if BASELINES[name].sweep])
def test_every_setting_of_the_sweep_is_told_and_the_best_one_was_taken(measured, name):
    out, row = measured[name]
    entry = BASELINES[name]
    tried = list(csv.DictReader((out / name / "sweep.csv").read_text().splitlines()))
    whole = int(np.prod([len(values) for values in entry.sweep.values()]))
    assert len(tried) == whole or name == "xgboost", "boosting stops where it gains no more"
    best = max(tried, key=lambda one: float(one["validation_percent"]))
    assert {key: str(value) for key, value in row.settings["chosen"].items()} == {key: best[key] for key in entry.sweep}
    assert (out / name / "sweep.png").read_bytes().startswith(b"\x89PNG")


def test_weights_are_counted_where_there_are_such(measured):
    assert {name: row.parameters for name, (_, row) in measured.items() if row.parameters} == {
        "logistic-regression": 7850
    }
    assert measured["decision-tree"][1].checks["nodes"] > measured["decision-tree"][1].checks["leaves"] > 9
    assert measured["random-forest"][1].checks["trees"] == 200
    assert measured["inf283-forest"][1].checks["trees"] == 100


def test_labels_as_ten_columns_leave_digits_without_a_class_and_cost_accuracy(measured):
    columns, plain = measured["inf283-forest"][1], measured["inf283-forest-digits"][1]
    assert 0 < columns.checks[UNREAD] <= 120 * (1 - columns.accuracy.percent / 100)
    assert UNREAD not in plain.checks
    assert plain.accuracy.percent > columns.accuracy.percent + 5
    assert (columns.settings["labels"], plain.settings["labels"]) == ("one-hot", "digits")
    assert measured["knn"][1].checks[UNREAD] == 0, "one neighbour always has a class"


def test_a_digit_with_no_class_or_two_is_none():
    predicted = np.eye(10, dtype=np.uint8)[[3, 4, 5]]
    predicted[1] = 0
    predicted[2, 0] = 1
    assert digits_of(predicted).tolist() == [3, NO_CLASS, NO_CLASS]
    assert digits_of(np.array([3, 4], np.uint8)).tolist() == [3, 4]


def test_grey_values_reach_the_systems_whose_reports_do_not_scale(measured, few):
    images = load_dataset(few).test.images
    assert features(images, BASELINES["svm"]).max() == images.max() > 200
    assert features(images, BASELINES["svm-chosen"]).max() <= 1
    assert measured["random-forest"][1].settings["pixels"] == "0 to 255"


@pytest.mark.parametrize("name", ["decision-tree", "inf283-forest", "random-forest", "svm", "logistic-regression"])
def test_a_stored_model_reads_as_it_was_measured(measured, few, name):
    out, row = measured[name]
    digits = load_dataset(few).test
    model = joblib.load(out / name / row.file)
    reading = digits_of(model.predict(features(digits.images, BASELINES[name])))
    assert 100 * (reading == digits.labels).mean() == row.accuracy.percent


def test_the_stored_rounds_of_xgboost_are_the_best_ones_and_read_as_measured(measured, few):
    import xgboost

    out, row = measured["xgboost"]
    digits = load_dataset(few).test
    model = xgboost.Booster(model_file=out / "xgboost" / row.file)
    assert model.num_boosted_rounds() == row.settings["chosen"]["n_estimators"]
    scores = model.predict(xgboost.DMatrix(features(digits.images)))
    assert 100 * (scores.argmax(axis=1) == digits.labels).mean() == row.accuracy.percent


def test_nearest_neighbours_are_stored_as_their_digits(measured, few):
    out, row = measured["knn"]
    train = split_dataset(load_dataset(few), "nf264").train
    with np.load(out / "knn" / row.file) as stored:
        np.testing.assert_array_equal(stored["images"], train.images)
        np.testing.assert_array_equal(stored["labels"], train.labels)
        assert stored["n_neighbors"] == row.settings["chosen"]["n_neighbors"]
    assert any("training digits" in note for note in row.notes)


def test_a_model_that_is_too_large_is_weighed_but_not_kept(few, tmp_path, monkeypatch):
    monkeypatch.setattr(storing, "LARGEST", 1000)
    row = run_baseline(BaselineRequest("knn", few), tmp_path / "out")
    assert (row.file, row.sha256) == ("", "")
    assert row.bytes > 400 * 784
    assert not list((tmp_path / "out" / "knn").glob("model*"))
    assert any("not kept" in note for note in row.notes)


def test_votes_of_nearest_neighbours_are_those_of_scikit_learn_for_every_k():
    from sklearn.neighbors import KNeighborsClassifier

    split = split_dataset(load_dataset("optdigits"), "nf264")
    inputs, held = features(split.train.images), features(split.validation.images)
    votes = nearest_votes(inputs, split.train.labels, held, 30)
    for k in range(1, 31):
        theirs = KNeighborsClassifier(k, algorithm="brute").fit(inputs, split.train.labels).predict(held)
        np.testing.assert_array_equal(votes[k - 1], theirs, str(k))
    few = (split.train.take(np.arange(300)), features(split.train.images[:300]))
    most_of = nearest_votes(few[1], few[0].labels, held, 10, majority=True)
    for k in (1, 2, 3, 4, 10):
        columns = KNeighborsClassifier(k, algorithm="brute").fit(few[1], np.eye(10)[few[0].labels]).predict(held)
        np.testing.assert_array_equal(most_of[k - 1], digits_of(columns), str(k))
    assert (most_of[1] == NO_CLASS).any()


def test_nothing_is_chosen_on_test_digits(measured, few, tmp_path):
    """With the truth about the test digits turned wrong, the same setting is chosen and the same model fitted."""
    with np.load(few.removeprefix("npz:")) as arrays:
        np.savez(tmp_path / "wrong.npz", **{**arrays, "y_test": (arrays["y_test"] + 1) % 10})
    right, wrong = (
        measured["knn"][1],
        run_baseline(BaselineRequest("knn", f"npz:{tmp_path}/wrong.npz"), tmp_path / "out"),
    )
    assert wrong.accuracy.percent < 20 < right.accuracy.percent
    assert wrong.settings["chosen"] == right.settings["chosen"]
    assert wrong.sha256 == right.sha256
    assert wrong.split_accuracy.percent == right.split_accuracy.percent


def test_the_same_seed_fits_the_same_forest(few):
    split, entry = split_dataset(load_dataset(few), "nf264"), BASELINES["random-forest"]
    first, again, other = (
        read(entry, fit(entry, split.train, split.validation, seed).model, split.dataset.test.images)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_data_set_without_test_digits_is_measured_on_the_test_part_alone(tmp_path):
    row = run_baseline(BaselineRequest("knn", "optdigits"), tmp_path / "out")
    assert row.split_accuracy is None
    assert row.accuracy.digits == "optdigits, test part of split nf264"
    assert row.accuracy.percent > 97


def test_digits_of_another_split_can_be_asked_for(few, tmp_path):
    row = run_baseline(BaselineRequest("knn", few, "default"), tmp_path / "out")
    assert row.split_accuracy is None
    assert row.accuracy.digits.endswith("its own test digits")


def test_latencies_are_of_a_digit_and_not_of_a_call():
    seen = []
    timed(seen.append, np.arange(10), 4, "none")
    assert [len(piece) for piece in seen[:3]] == [4, 4, 4]
    assert timed(lambda _: None, np.arange(10), 1000, "none").batch == 10


def test_a_cross_validation_chooses_in_every_fold_and_holds_its_digits_out(few, tmp_path):
    found = baseline_folds(BaselineRequest("knn", few), 3, str(tmp_path / "out"))
    assert sum(score.count for score in found.scores) == 500, "the set's own 120 test digits take no part"
    assert all(score.settings["n_neighbors"] in range(1, 31) for score in found.scores)
    assert found.low < found.mean < found.high
    assert (tmp_path / "out" / "fold-2-of-3" / "sweep.csv").is_file()


def test_a_cross_validation_goes_on_after_its_finished_folds(few, tmp_path):
    request = BaselineRequest("knn", few)
    stopped = []

    def stop(score, _folds):
        stopped.append(score.fold)
        if score.fold == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        baseline_folds(request, 3, tmp_path / "out", told_fold=stop)
    found = baseline_folds(request, 3, tmp_path / "out", resume=True, told_fold=stop)
    assert stopped == [1, 2, 3]
    whole = baseline_folds(request, 3, tmp_path / "whole")
    assert [replace(score, seconds=0) for score in found.scores] == [replace(s, seconds=0) for s in whole.scores]


@pytest.mark.parametrize(
    ("name", "near"), [("knnn", "knn"), ("random-forests", "random-forest"), ("SVM", "svm"), ("nf264", "nf264-cnn")]
)
def test_an_unknown_baseline_is_told_the_nearest_name(name, near):
    with pytest.raises(EdgedigitsError, match=f"did you mean {near}"):
        baseline(name)


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (BaselineRequest("knn", epochs=3), "leave --epochs out"),
        (BaselineRequest("knn", seed=-1), "the seed is -1"),
        (BaselineRequest("nf264-cnn1", epochs=0), "number of epochs is 0"),
        (BaselineRequest("knn", "optdigits", "half"), "no split is called"),
        (BaselineRequest("knn", "digits"), "no data set is called"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_before_anything_is_written(request_, complaint, tmp_path):
    with pytest.raises(EdgedigitsError, match=complaint):
        run_baseline(request_, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_folds_of_a_split_and_a_training_of_no_network_are_refused(few, tmp_path):
    with pytest.raises(EdgedigitsError, match="leave --split out"):
        baseline_folds(BaselineRequest("knn", few, "vit"), 3, tmp_path / "out")
    with pytest.raises(EdgedigitsError, match="knn is no network"):
        run_baseline(BaselineRequest("knn", few), tmp_path / "out", trained=tmp_path)


def test_a_finished_baseline_is_kept_and_another_one_refused(measured, few):
    out, row = measured["knn"]
    with pytest.raises(EdgedigitsError, match="go on with --resume, or start anew with --force"):
        run_baseline(BaselineRequest("knn", few), out)
    assert run_baseline(BaselineRequest("knn", few), out, resume=True) == row
    with pytest.raises(EdgedigitsError, match="started with seed 0, not 1"):
        run_baseline(BaselineRequest("knn", few, seed=1), out, resume=True)
    with pytest.raises(EdgedigitsError, match="started with baseline knn, not svm"):
        run_baseline(BaselineRequest("svm", few), out, resume=True)


def test_there_must_be_something_to_go_on_with(few, tmp_path):
    with pytest.raises(EdgedigitsError, match="no baseline to resume"):
        run_baseline(BaselineRequest("knn", few), tmp_path / "out", resume=True)


def test_a_folder_with_something_else_is_left_alone(few, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(EdgedigitsError, match="not empty"):
        run_baseline(BaselineRequest("knn", few), tmp_path)
    run_baseline(BaselineRequest("knn", few), tmp_path, force=True)
    assert (tmp_path / "letter.txt").read_text() == "dear"
