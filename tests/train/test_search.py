"""A search with real networks: the study, its front, what is left after a kill."""

import csv
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgedigits.core.cards import card_of
from edgedigits.core.datasets import load_dataset, split_dataset, split_of
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.costs import costs_of
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.results import read_results
from edgedigits.train.networks.catalogue import NETWORKS
from edgedigits.train.networks.reported import build, build_stack
from edgedigits.train.search import PRESETS, SearchInterrupted, preset_named, search
from edgedigits.train.search.presets import plan_of
from tests.train.search_worker import request, to_int8

WORKER = Path(__file__).with_name("search_worker.py")


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A finished search of three trials, with what it told."""
    out, told = tmp_path_factory.mktemp("search") / "out", []
    return search(request(None, 3), str(out), to_int8, progress=told.append), told


def table(out: Path) -> list[dict[str, str]]:
    with (out / "trials.csv").open() as file:
        return list(csv.DictReader(file))


def beats(first: dict[str, str], second: dict[str, str]) -> bool:
    signs = {"validation_accuracy": -1, "int8_bytes": 1, "macs": 1}
    gains = [sign * (float(second[name]) - float(first[name])) for name, sign in signs.items()]
    return min(gains) >= 0 and max(gains) > 0


def test_the_front_is_what_no_other_trial_beats(searched):
    trials = table(searched[0].out)
    assert [row["state"] for row in trials] == ["complete"] * 3
    unbeaten = [row["trial"] for row in trials if not any(beats(other, row) for other in trials)]
    assert sorted(unbeaten) == [row["trial"] for row in trials if row["front"] == "1"]
    assert sorted(unbeaten) == sorted(str(record.number) for record in searched[0].front)


def test_it_tells_of_every_finished_trial_and_the_front_so_far(searched):
    result, told = searched
    finished = [now for now in told if now.finished]
    assert [now.complete for now in finished] == [1, 2, 3]
    assert finished[-1].front == result.front
    assert finished[0].news == "trial 0 is complete"


def test_each_trial_of_the_front_is_a_row_with_a_model_measured_on_test_digits(searched):
    result, _ = searched
    split = split_dataset(load_dataset("optdigits"))
    found = read_results(result.out)
    assert (found.header.kind, found.missing, found.rows) == ("search", (), result.rows)
    for record, row in zip(result.front, found.rows, strict=True):
        folder = result.out / f"trial-{record.number}"
        model = folder / row.file
        assert (row.bytes, row.macs) == (record.int8_bytes, record.macs) == (model.stat().st_size, costs_of(model).macs)
        right = DigitModel(model).probabilities(split.test.images).argmax(axis=1) == split.test.labels
        assert row.accuracy.percent == pytest.approx(100 * np.mean(right))
        assert row.accuracy.digits_sha256 == split.test.sha256()
        assert row.settings["validation_accuracy"] == record.accuracy
        assert row.validation.digits_sha256 == split.validation.sha256()
        assert row.validation.percent == pytest.approx(record.accuracy, abs=5)
        assert row.recipe == f"trial {record.number}"


def test_models_of_the_front_can_be_quantized_and_the_others_are_gone(searched):
    result, _ = searched
    kept = {path.parent.name for path in result.out.glob("*/model.keras")}
    assert kept == {f"trial-{record.number}" for record in result.front}
    for record in result.front:
        card = card_of(result.out / f"trial-{record.number}" / "model.keras")
        assert card.measured["validation_accuracy"] == pytest.approx(record.accuracy, abs=1e-3)
        assert "test_accuracy" not in card.measured
        assert len(split_of(card).train) == card.dataset["train"]


def test_tables_and_pictures_of_the_study_are_written(searched):
    names = {path.name for path in searched[0].out.iterdir()}
    assert names >= {"results.json", "results.md", "index.html", "trials.csv", "trials.png", "study.db"}
    assert not [name for name in names if name.startswith(".trial")]


def test_test_digits_are_not_looked_at_before_the_study_is_over(tmp_path, monkeypatch):
    class Looked(Exception):
        pass

    def looks(*_):
        raise Looked

    monkeypatch.setattr("edgedigits.train.search.export.measured_row", looks)
    told = []
    with pytest.raises(Looked):
        search(request(None, 1), tmp_path / "out", to_int8, progress=told.append)
    assert told[-1].complete == told[-1].total == 1


def test_more_trials_are_added_to_a_finished_search(searched, tmp_path):
    out = shutil.copytree(searched[0].out, tmp_path / "out")
    result = search(request(None, 4), out, to_int8, resume=True)
    assert len(result.trials) == 4
    assert result.trials[:3] == searched[0].trials
    assert read_results(out).rows == result.rows


def test_ctrl_c_gives_the_trial_back(tmp_path):
    def stop(progress):
        raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(SearchInterrupted, match=r"0 of 1 trials complete.*--resume"):
        search(request(None, 1), out, to_int8, epochs=stop)
    assert [path.name for path in out.glob("*trial-*")] == []
    result = search(request(None, None), out, to_int8, resume=True)
    assert [record.state for record in result.trials] == ["complete"]


def test_a_trial_whose_network_has_no_int8_form_is_recorded_as_failed(tmp_path):
    def refuses(path, digits):
        raise EdgedigitsError("the network has no int8 form (ERF)", "replace the layers")

    result = search(request(None, 1), tmp_path / "out", refuses)
    assert [record.state for record in result.trials] == ["failed"]
    assert result.trials[0].reason == "the network has no int8 form (ERF)"
    assert result.rows == read_results(result.out).rows == ()


def start(out: Path, storage: str, trials: int) -> subprocess.Popen:
    command = [sys.executable, str(WORKER), str(out), storage, str(trials), "1.5"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_in_trial(worker: subprocess.Popen, number: int) -> None:
    """Kill a worker with SIGKILL while it trains its ``number``-th network."""
    for line in worker.stdout:
        if line == f"learning {number}\n":
            worker.send_signal(signal.SIGKILL)
            break
    worker.stdout.close()
    assert worker.wait() == -signal.SIGKILL


@pytest.mark.slow  # test_search_queue.py kills a worker and shares a study in PostgreSQL without training
def test_two_workers_share_a_study_in_postgresql_and_one_does_what_the_killed_one_left(server, tmp_path):
    address = server.new_database()
    doomed = start(tmp_path / "a", address, 4)
    next(line for line in doomed.stdout if line == "learning 1\n")
    other = start(tmp_path / "b", address, 4)  # while the first one has its first trial
    kill_in_trial(doomed, 2)
    text = other.communicate(timeout=300)[0]
    assert other.returncode == 0, text
    trials = table(tmp_path / "b")
    assert [row["state"] for row in trials] == ["complete"] * 4
    assert "was left by a worker that died" in text
    places = [row["place"].rpartition("/")[2] for row in trials]
    assert places.count("a") == 1
    assert places.count("b") == 3
    done = [line for line in text.splitlines() if line.endswith("is complete")]
    assert len(done) == len(set(done)) == 3
    header = json.loads((tmp_path / "b" / "results.json").read_text())
    assert "s3cret-word" not in json.dumps(header)
    for row in read_results(tmp_path / "b").rows:
        assert bool(row.file) == (row.accuracy is not None) == (trials[int(row.recipe.split()[1])]["place"][-1] == "b")


@pytest.mark.slow
def test_a_killed_search_goes_on_where_it_was(tmp_path):
    out = tmp_path / "out"
    kill_in_trial(start(out, "-", 3), 2)
    with pytest.raises(EdgedigitsError, match=r"--resume.*--force"):
        search(request(None, 3), out, to_int8)
    told = []
    result = search(request(None, 3), out, to_int8, resume=True, progress=told.append)
    assert [record.state for record in result.trials] == ["complete"] * 3
    assert sum(now.finished for now in told) == 2
    assert {path.parent.name for path in out.glob("*/model.keras")} == {record.name for record in result.front}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"preset": "seperable"}, "did you mean separable"),
        ({"trials": 0}, "number of trials is 0"),
        ({"preset": "inf283", "trials": 17}, "has 16 points, not 17"),
        ({"dataset": "letters"}, "no data set"),
        ({"storage": "oracle://x"}, "cannot be kept in oracle"),
        ({"heartbeat": 0}, "heartbeat is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_what_makes_no_sense_is_refused_before_a_folder_is_made(tmp_path, asked, said):
    with pytest.raises(EdgedigitsError, match=said):
        search(replace(request(None, 2), **asked), tmp_path / "out", to_int8)
    assert not (tmp_path / "out").exists()


def test_a_search_whose_database_cannot_be_reached_replaces_nothing(searched):
    before = sorted(path.name for path in searched[0].out.iterdir())
    nowhere = replace(request(None, 2), storage="postgresql://ann@127.0.0.1:1/studies")
    with pytest.raises(EdgedigitsError, match="check that the server runs"):
        search(nowhere, searched[0].out, to_int8, force=True)
    assert sorted(path.name for path in searched[0].out.iterdir()) == before


def test_there_must_be_a_search_to_resume(tmp_path):
    with pytest.raises(EdgedigitsError, match="no search to resume"):
        search(request(None, 2), tmp_path / "out", to_int8, resume=True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("asked", "said"), [({"seed": 1}, "seed 0, not 1"), ({"preset": "inf283"}, "preset quick")])
def test_a_search_is_resumed_with_what_it_was_started_with(searched, asked, said):
    other = replace(request(None, None), study="quick-optdigits", **asked)
    with pytest.raises(EdgedigitsError, match=said):
        search(other, searched[0].out, to_int8, resume=True)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(EdgedigitsError, match="--force"):
        search(request(None, 2), tmp_path, to_int8)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("name", "known"), list(zip(("nano", "micro", "small"), PRESETS["separable"].known, strict=True))
)
def test_the_search_for_architectures_begins_with_the_zoos_own(name, known):
    plan = plan_of(PRESETS["separable"], known)
    assert plan.network == NETWORKS[name].about
    assert plan.recipe.rate == NETWORKS[name].recipe.rate
    own, found = build(name), build_stack(plan.stack)
    assert [layer.output_shape for layer in found.layers] == [layer.output_shape for layer in own.layers]
    assert found.count_params() == NETWORKS[name].parameters


def test_settings_of_the_grid_reach_the_training():
    preset = preset_named("inf283")
    plan = plan_of(preset, {"batch_size": 50, "epochs": 12, "rate": 1e-4, "dropout": 0.4})
    assert (plan.recipe.batch_size, plan.recipe.epochs, plan.recipe.rate, plan.dropout) == (50, 12, 1e-4, 0.4)
    assert plan.network == "conv32 5x5, pool 3x3, dropout 0.4, dense 128"


@pytest.mark.slow
def test_memory_grows_with_the_trials_by_no_more_than_tensorflow_keeps_of_each(tmp_path):
    """TensorFlow 2.21 keeps two graphs of each network that Keras trains, here about 10 MB; digits would be more."""
    process, sizes = pytest.importorskip("psutil").Process(), []
    search(request(None, 20), tmp_path / "out", to_int8, progress=lambda _: sizes.append(process.memory_info().rss))
    assert (sizes[-1] - sizes[5]) / 14 < 20 << 20
