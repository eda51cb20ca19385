"""The circle closes: keys, retraining on a workstation, the station that takes the update, and the way back."""

from __future__ import annotations

import json
import stat

import calling
import numpy as np
import pytest
from trained_lines import TINY, write_fields

from edgedigits.core.cards import card_of
from edgedigits.core.lines.truth import read_truth

pytest.importorskip("cryptography", reason='cryptography is not installed (pip install "edgedigits[station]")')


def call(*words, code=0):
    return calling.call("station", *words, code=code)


def codes(count, seed=0):
    return tuple(f"{number:05}" for number in np.random.default_rng(seed).integers(0, 100_000, count))


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    call("keys", "--out", folder)
    return folder / "station.key"


@pytest.fixture(scope="session")
def queues(tmp_path_factory):
    """The labelled pieces of two stations, their codes printed."""
    folder = tmp_path_factory.mktemp("queues")
    return [write_fields(folder / name, codes(60, seed)) for seed, name in enumerate(("berlin", "paris"))]


@pytest.fixture(scope="session")
def retrained(queues, key, line_model, line_network, tmp_path_factory):
    """What a retraining of the tiny network wrote, and what it said."""
    from trained_lines import small_lines

    from edgedigits.edge.station.updates import queues as divided

    out = tmp_path_factory.mktemp("retrained") / "out"
    with pytest.MonkeyPatch.context() as patch:
        small_lines(patch)
        patch.setattr(divided, "_UNLIKELY", -1e9)  # the tiny network reads nothing
        words = ("--model", line_model, "--from", line_network, "--key", key, "--epochs", 1, "--composed", 400)
        said = call("retrain", *queues, *words, "--out", out, "--json")
    return out, json.loads(said.stdout)


class TestKeys:
    def test_the_private_one_is_the_owners_alone(self, tmp_path):
        said = call("keys", "--out", tmp_path / "keys")
        assert stat.S_IMODE((tmp_path / "keys" / "station.key").stat().st_mode) == 0o600
        assert str(tmp_path / "keys" / "station.pub") in said.stdout

    def test_one_is_never_replaced(self, key):
        assert "station.key exists" in call("keys", "--out", key.parent, code=1).stderr


class TestRetrain:
    def test_every_piece_is_learned_from_or_held_out(self, retrained):
        out, said = retrained
        parts = [field.part for field in read_truth(out / "lines" / "truth.csv")]
        assert len(parts) == 120
        assert parts.count("test") == 30
        assert said["pieces"]["queues"] == {
            "berlin": {"learned": 45, "held_out": 15},
            "paris": {"learned": 45, "held_out": 15},
        }

    def test_the_new_network_goes_on_from_the_floats(self, retrained, line_network):
        out, _ = retrained
        card = card_of(out / "float" / "model.keras")
        assert card.network == TINY
        assert card.parent["sha256"] == card_of(line_network).sha256
        assert card_of(out / "int8" / "model.int8.tflite").parent["sha256"] == card.sha256

    def test_what_is_held_out_is_not_learned_from(self, retrained):
        out, _ = retrained
        assert card_of(out / "float" / "model.keras").dataset["train"] == 81  # of 90, every tenth validates

    def test_the_report_has_mcnemars_table(self, retrained):
        out, said = retrained
        held = said["proof"]["held_out"]
        assert held["count"] == 30
        assert {"both", "lost", "won", "p_value"} <= set(held)
        assert said == json.loads((out / "report.json").read_text())
        assert "McNemar's test: " in (out / "report.txt").read_text()

    def test_the_update_is_one_that_a_station_takes(self, retrained, line_model, key, tmp_path):
        from edgedigits.edge.station.updates.store import ModelStore

        out, said = retrained
        store = ModelStore(tmp_path / "models", line_model)
        (event,) = store.look(out, key.parent / "station.pub")
        assert event.name == said["update"]
        assert event.verdict == said["verdict"] == "equal"
        assert card_of(store.current).sha256 == said["model"]

    def test_the_next_retraining_finds_its_floats(self, retrained):
        from edgedigits.cli.retraining import float_of

        out, _ = retrained
        assert float_of(out / "int8" / "model.int8.tflite") == out / "float" / "model.keras"

    @pytest.mark.usefixtures("tiny_lines")
    def test_what_proves_too_little_is_no_update_and_says_so(
        self, queues, key, line_model, line_network, tmp_path, monkeypatch
    ):
        monkeypatch.setattr("edgedigits.edge.station.updates.queues._UNLIKELY", -1e9)
        words = ("--model", line_model, "--from", line_network, "--key", key, "--epochs", 1, "--composed", 20)
        said = call("retrain", *queues, *words, "--out", tmp_path / "out", code=3)
        assert "verdict: worse" in said.stdout
        assert "no update: of 20 composed lines" in said.stdout
        assert not list((tmp_path / "out").glob("*.edgeupdate"))
        assert (tmp_path / "out" / "report.json").is_file()

    def test_floats_that_are_not_known_are_asked_for(self, queues, key, line_model, tmp_path):
        said = call("retrain", *queues, "--model", line_model, "--key", key, "--out", tmp_path / "out", code=1)
        assert "the float network that" in said.stderr
        assert "--from" in said.stderr

    def test_the_built_in_model_has_its_floats_with_it(self):
        from edgedigits.cli.retraining import float_of
        from edgedigits.core.pretrained.bundled import bundled_float_line_model, bundled_line_model

        assert float_of(bundled_line_model()) == bundled_float_line_model()

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--held-out", "0"], "--held-out is 0; give 1 to 90 percent"),
            (["--composed", "0"], "--composed is 0"),
            (["--epochs", "0"], "--epochs is 0"),
            (["--rate", "7"], "--rate is 7"),
            (["--form", "("], "("),
            (["--codes", "no/codes.csv"], "no/codes.csv"),
            (["--model", "no/model.tflite"], "no model at no/model.tflite"),
            (["--key", "no/station.key"], "cannot read the key no/station.key"),
            (["--out", "a,b"], "a comma"),
        ],
    )
    def test_what_makes_no_sense_is_refused_before_anything_is_trained(self, queues, key, tmp_path, options, words):
        given = ["--key", key, "--out", tmp_path / "out"]
        said = call("retrain", *queues, *given, *options, code=1)
        assert words in said.stderr
        assert not (tmp_path / "out").exists()

    def test_too_few_pieces_are_refused(self, key, tmp_path):
        few = write_fields(tmp_path / "few", codes(40))
        said = call("retrain", few, "--key", key, "--out", tmp_path / "out", code=1)
        assert "30 pieces to learn from and 10 held out are too few" in said.stderr

    def test_a_folder_that_is_no_queue_is_refused(self, key, tmp_path):
        said = call("retrain", tmp_path, "--key", key, "--out", tmp_path / "out", code=1)
        assert f"no truth.csv in {tmp_path}" in said.stderr

    def test_a_folder_with_something_in_it_is_not_written_into(self, queues, key, tmp_path):
        (tmp_path / "file").write_text("")
        assert "is not empty" in call("retrain", *queues, "--key", key, "--out", tmp_path, code=1).stderr


class TestRollback:
    @pytest.fixture
    def config(self, tmp_path, line_model):
        path = tmp_path / "station.toml"
        path.write_text(f'name = "one"\n[reading]\nmodel = "{line_model}"\n[journal]\nfolder = "kept"\n')
        return path

    def test_the_former_model_comes_back(self, config, retrained, line_model, key):
        from edgedigits.edge.station.updates.opening import open_models

        open_models(config).look(retrained[0], key.parent / "station.pub")
        said = call("rollback", "--config", config, "--json")
        assert json.loads(said.stdout) == {
            "model": card_of(line_model).sha256,
            "path": str(line_model),
            "taken_back": retrained[1]["model"],
        }
        assert open_models(config).current == line_model

    def test_where_there_is_none_it_says_so(self, config):
        assert "no former model to go back to" in call("rollback", "--config", config, code=1).stderr

    def test_a_missing_configuration_is_named(self, tmp_path):
        assert "station.toml" in call("rollback", "--config", tmp_path / "station.toml", code=1).stderr
