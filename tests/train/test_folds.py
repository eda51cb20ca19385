"""Cross-validation: every digit of the pool tested once, and a killed one goes on where it was."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import load_dataset, split_of
from edgedigits.core.errors import EdgedigitsError
from edgedigits.train import TrainingRequest, train_folds
from edgedigits.train.folds import FoldScore, cross_validate, read_folds, summary

FOLDS = 3
REQUEST = TrainingRequest("nano", "optdigits", epochs=2, batch_size=64)
PROGRAM = """
import sys
from pathlib import Path
from edgedigits.train import TrainingRequest, train_folds

def told(progress):
    print("epoch", progress.epoch, flush=True)

def told_fold(score, folds):
    print("fold", score.fold, "of", folds, flush=True)

request = TrainingRequest("nano", "optdigits", epochs=2, batch_size=64)
train_folds(request, 3, Path(sys.argv[1]), progress=told, told=told_fold)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The folder of a cross-validation that was killed with SIGKILL in the second epoch of its second fold."""
    out = tmp_path_factory.mktemp("killed") / "out"
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, str(out)], stdout=subprocess.PIPE, text=True)
    first_is_done = False
    for line in child.stdout:
        first_is_done |= line == "fold 1 of 3\n"
        if first_is_done and line == "epoch 2\n":
            os.kill(child.pid, signal.SIGKILL)
            break
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    return out


@pytest.fixture
def interrupted(killed, tmp_path):
    """A copy of it to go on with."""
    return shutil.copytree(killed, tmp_path / "out")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "out"
    return out, train_folds(REQUEST, FOLDS, str(out))


def test_a_killed_run_keeps_its_finished_fold_and_goes_on_in_the_epoch_that_was_running(interrupted, whole):
    first = (interrupted / "fold-1-of-3" / "fold.json").stat().st_mtime_ns
    steps, folds = [], []
    found = train_folds(
        REQUEST,
        FOLDS,
        interrupted,
        resume=True,
        progress=lambda progress: steps.append(progress.epoch),
        told=lambda score, _folds: folds.append(score.fold),
    )
    assert folds == [2, 3], "the first fold was run again"
    assert steps[0] == 2, "the first epoch of the second fold was run again"
    assert (interrupted / "fold-1-of-3" / "fold.json").stat().st_mtime_ns == first
    for resumed, uninterrupted in zip(found.scores, whole[1].scores, strict=True):
        assert resumed.digits_sha256 == uninterrupted.digits_sha256
        assert resumed.percent == pytest.approx(uninterrupted.percent, abs=0.2)
    assert read_folds(interrupted).scores == found.scores


def test_a_killed_run_says_how_far_it_came(killed):
    found = read_folds(killed)
    assert [score.fold for score in found.scores] == [1]
    assert found.folds == FOLDS


def test_the_folds_test_the_whole_pool_and_no_network_has_seen_what_it_is_tested_on(whole):
    out, found = whole
    pool = load_dataset("optdigits").pool
    assert sum(score.count for score in found.scores) == len(pool)
    for score in found.scores:
        card = card_of(out / f"fold-{score.fold}-of-{FOLDS}" / "model.keras")
        split = split_of(card)
        assert split.test.sha256() == score.digits_sha256
        seen = {image.tobytes() for image in (*split.train.images, *split.validation.images)}
        twice = {image.tobytes() for image in split.test.images} & seen
        assert len(split.train) + len(split.validation) + len(split.test) == len(pool)
        assert len(twice) < 5, "only digits that the data set itself holds twice"


def test_a_finished_run_is_read_back_and_has_a_table(whole):
    out, found = whole
    assert read_folds(out) == found
    rows = list(csv.DictReader((out / "folds.csv").read_text().splitlines()))
    assert [float(row["percent"]) for row in rows] == pytest.approx([s.percent for s in found.scores], abs=1e-4)
    content = json.loads((out / "folds.json").read_text())
    assert content["mean"]["percent"] == found.mean
    assert "Student's t" in content["interval"]


def test_resuming_a_finished_run_trains_nothing(whole):
    out, found = whole
    told = []
    assert train_folds(REQUEST, FOLDS, out, resume=True, progress=told.append) == found
    assert not told


def test_a_fold_that_was_killed_between_its_training_and_its_result_is_not_trained_again(whole, tmp_path):
    out = shutil.copytree(whole[0], tmp_path / "out")
    (out / "fold-3-of-3" / "fold.json").unlink()
    told = []
    assert train_folds(REQUEST, FOLDS, out, resume=True, progress=told.append) == whole[1]
    assert not told


def test_the_interval_is_that_of_scipys_t_test():
    from scipy.stats import ttest_1samp

    percents = [99.09, 99.27, 99.15, 99.2, 99.11]
    mean, deviation, low, high = summary(percents)
    theirs = ttest_1samp(percents, 99).confidence_interval(0.95)
    assert (low, high) == pytest.approx((theirs.low, theirs.high))
    assert (mean, deviation) == pytest.approx((np.mean(percents), np.std(percents, ddof=1)))


@pytest.mark.parametrize(("percents", "ends"), [([97.0, 99.0, 98.0], (None, 100.0)), ([0.0, 33.0, 0.0], (0.0, None))])
def test_the_interval_lies_within_0_and_100(percents, ends):
    _, _, low, high = summary(percents)
    assert low == (low if ends[0] is None else 0.0) and high == (high if ends[1] is None else 100.0)
    assert 0 <= low < high <= 100


def _no_fold(_name, _folder, _resume):
    raise AssertionError("a fold was run")


@pytest.mark.parametrize(
    ("folds", "complaint"), [(1, "at least 2 folds"), (0, "at least 2"), (175, r"digits 8, the rarest \(174\)")]
)
def test_folds_that_cannot_be_are_refused_before_anything_is_written(folds, complaint, tmp_path):
    with pytest.raises(EdgedigitsError, match=complaint):
        train_folds(REQUEST, folds, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_split_and_folds_exclude_each_other(tmp_path):
    with pytest.raises(EdgedigitsError, match="leave --split out"):
        train_folds(TrainingRequest("nano", "optdigits", "vit"), 2, tmp_path / "out")


@pytest.mark.parametrize(
    ("request_", "folds", "difference"),
    [
        (TrainingRequest("nano", "optdigits", epochs=2, batch_size=64, seed=1), FOLDS, "seed 0, not 1"),
        (TrainingRequest("micro", "optdigits", epochs=2, batch_size=64), FOLDS, "model nano, not micro"),
        (REQUEST, 4, "folds 3, not 4"),
    ],
)
def test_another_request_cannot_resume_it(interrupted, request_, folds, difference):
    with pytest.raises(EdgedigitsError, match=difference):
        train_folds(request_, folds, interrupted, resume=True)


def test_other_settings_of_the_network_cannot_resume_it(interrupted):
    with pytest.raises(EdgedigitsError, match="was started with settings"):
        train_folds(TrainingRequest("nano", "optdigits", epochs=3, batch_size=64), FOLDS, interrupted, resume=True)


def test_there_must_be_something_to_resume(tmp_path):
    with pytest.raises(EdgedigitsError, match="no cross-validation to resume"):
        train_folds(REQUEST, FOLDS, tmp_path / "out", resume=True)


@pytest.fixture
def pieces(tmp_path):
    """A cross-validation of two folds that are only noted, and the function to run it."""
    dataset = load_dataset("optdigits")

    def run(measure=_no_fold, **options):
        return cross_validate({"model": "noted"}, dataset, 2, 0, tmp_path / "out", measure, **options)

    run(lambda name, folder, resume: FoldScore(0, 97.5, 900, "0" * 64, 98.0, 1.0, {"k": 1}))
    return tmp_path / "out", run


def test_a_finished_run_is_not_overwritten_by_accident(pieces):
    with pytest.raises(EdgedigitsError, match="go on with --resume, or start anew with --force"):
        pieces[1]()


def test_force_starts_anew(pieces):
    with pytest.raises(AssertionError, match="a fold was run"):
        pieces[1](force=True)
    assert not list(pieces[0].glob("fold-*"))


@pytest.mark.parametrize("content", ['{"fold": 1, "perc', "", "[]", '{"fold": 1}', "fold"])
def test_a_half_written_fold_is_a_clear_error(pieces, content):
    out, run = pieces
    (out / "fold-2-of-2" / "fold.json").write_text(content)
    with pytest.raises(EdgedigitsError, match=r"fold-2-of-2.fold\.json.*; remove .* with --resume"):
        run(resume=True)


@pytest.mark.parametrize("content", ['{"format": 1', '{"format": 2}', '{"format": 1}', "[]"])
def test_a_damaged_summary_is_a_clear_error(pieces, content):
    out, run = pieces
    (out / "folds.json").write_text(content)
    with pytest.raises(EdgedigitsError, match="start anew with --force"):
        run(resume=True)
