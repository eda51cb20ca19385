"""Line networks by the command line: what each command does with them, and which ones refuse them by name."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from calling import call
from trained_lines import COUNTS, FIELD_TEXTS, TINY, write_fields

from edgedigits.core.cards import card_of
from edgedigits.core.lines.truth import read_truth

pytestmark = pytest.mark.usefixtures("tiny_lines")


class TestTrain:
    def test_fine_tuning_says_what_the_network_reads_and_where_it_comes_from(self, line_network, tmp_path):
        done = call("train", "--from", line_network, "--epochs", 1, "--out", tmp_path / "out")
        assert f"{tmp_path / 'out' / 'model.keras'}  2,040 parameters" in done.stdout
        assert "exact %" in done.stdout
        assert "composed" in done.stdout
        card, start = card_of(tmp_path / "out" / "model.keras"), card_of(line_network)
        assert card.network == TINY
        assert card.dataset["spec"] == "lines"
        assert card.parent == {"file": "model.keras", "sha256": start.sha256}
        assert card.pretrained_on == [start.dataset]

    @pytest.mark.parametrize(
        "options",
        [
            ["--split", "default"],
            ["--folds", "3"],
            ["--augment", "light"],
            ["--tensorboard"],
            ["--weights", "w"],
            ["--dataset", "lines", "--invert"],
        ],
        ids=str,
    )
    def test_options_of_digits_are_refused(self, options, tmp_path):
        done = call("train", "--model", TINY, *options, "--out", tmp_path / "out", code=2)
        assert f"{options[-2] if len(options) == 2 else options[-1]} cannot be given with a line network" in done.stderr

    def test_there_must_be_something_to_go_on_with(self, tmp_path):
        assert "--resume" in call("train", "--model", TINY, "--resume", "--out", tmp_path / "out", code=1).stderr

    def test_digits_are_refused(self, tmp_path):
        done = call("train", "--model", TINY, "--dataset", "mnist", "--out", tmp_path / "out", code=1)
        assert "'mnist' names digits" in done.stderr

    @pytest.mark.parametrize(
        ("row", "words"),
        [("0.png,1O", "'1O' in line 2, which is not digits"), ("none.png,10", "none.png"), (",10", "names no image")],
    )
    def test_fields_that_are_none(self, row, words, tmp_path):
        folder = write_fields(tmp_path / "fields", ("12",))
        (folder / "truth.csv").write_text(f"image,text\n{row}\n")
        done = call("train", "--model", TINY, "--dataset", f"lines:{folder}", "--out", tmp_path / "out", code=1)
        assert words in done.stderr
        assert not (tmp_path / "out").exists()

    def test_its_output_may_not_hold_the_fields(self, tmp_path):
        folder = write_fields(tmp_path / "fields", ("12", "3"))
        done = call("train", "--model", TINY, "--dataset", f"lines:{folder}", "--out", tmp_path, code=1)
        assert "which would be replaced" in done.stderr


class TestQuantize:
    def test_a_network_that_reads_too_few_lines_fails_and_is_kept(self, line_network, tmp_path):
        done = call("quantize", line_network, "--out", tmp_path / "out", code=1)
        assert f"of {len(FIELD_TEXTS) // 2 + COUNTS['_TEST']} lines are read exactly, less than 50 %" in done.stderr
        assert card_of(tmp_path / "out" / "model.int8.tflite").verdict == "failed"

    def test_the_verdict_is_told_and_what_lies_there_is_replaced_by_force(self, line_network, tmp_path):
        limits = ("--max-drop", 60, "--min-accuracy", 0, "--out", tmp_path / "out")
        done = call("quantize", line_network, *limits, "--calibration", 3)
        assert "verdict: passed, as 60 points may be lost" in done.stdout
        told = json.loads(call("quantize", line_network, *limits, "--force", "--json").stdout)
        assert (told["verdict"], told["card"]["settings"]["calibration"]) == ("passed", COUNTS["_CALIBRATION"])

    @pytest.mark.parametrize(
        "options",
        [["--split", "default"], ["--dataset", "lines"], ["--dataset", "mnist"], ["--trust"], ["--polarity", "dark"]],
        ids=str,
    )
    def test_options_of_digits_are_refused(self, line_network, options, tmp_path):
        done = call("quantize", line_network, *options, "--out", tmp_path / "out", code=2)
        assert f"{options[0]} cannot be given with a line network" in done.stderr

    def test_other_recipes_are_refused(self, line_network, tmp_path):
        done = call("quantize", line_network, "--recipe", "float16", "--out", tmp_path / "out", code=2)
        assert "a line network is quantized by the recipe int8" in done.stderr


class TestEvaluate:
    def test_both_forms_tell_what_the_proof_says(self, line_network, line_model, quantized_lines, trained_lines):
        for model, found in ((line_network, quantized_lines.proof.before), (line_model, quantized_lines.proof.after)):
            told = json.loads(call("evaluate", model, "--json").stdout)
            assert told["task"] == "line"
            assert told["lines"]["all"]["exact"] == pytest.approx(found["all"].exact)
            assert (
                told["lines"]["all"]["edits"] == found["all"].edits == sum(one["count"] for one in told["confusions"])
            )
            assert set(told["lines"]) == {"all", "composed", str(trained_lines.fields)}
            assert len(told["wrong"]) == round((1 - found["all"].exact / 100) * found["all"].count)

    def test_the_odd_rows_of_a_folder(self, line_model, trained_lines):
        told = json.loads(call("evaluate", line_model, "--dataset", f"lines:{trained_lines.fields}", "--json").stdout)
        assert told["lines"]["all"]["count"] == len(FIELD_TEXTS) // 2
        assert told["lines"]["all"]["digits"] == sum(map(len, FIELD_TEXTS[1::2]))

    def test_the_composed_lines_alone(self, line_model):
        told = json.loads(call("evaluate", line_model, "--dataset", "lines", "--json").stdout)
        assert told["lines"]["all"]["count"] == COUNTS["_TEST"]

    def test_for_people(self, line_model):
        done = call("evaluate", line_model).stdout
        assert "on its own test lines, decoded greedily" in done
        assert "worst: " in done

    @pytest.mark.parametrize("options", [["--split", "default"], ["--corruptions"], ["--input-range", "0..1"]], ids=str)
    def test_options_of_digits_are_refused(self, line_model, options):
        done = call("evaluate", line_model, *options, code=2)
        assert f"{options[0]} cannot be given with a line network" in done.stderr

    def test_without_its_lines(self, line_model, tmp_path):
        for name in ("model.int8.tflite", "card.json"):
            (tmp_path / name).write_bytes((line_model.parent / name).read_bytes())
        assert "no lines at" in call("evaluate", tmp_path / "model.int8.tflite", code=1).stderr


class TestBenchmark:
    @pytest.mark.parametrize(
        "options",
        [["--cores", "m4"], ["--resume"], ["--seed", "1"], ["--time-limit", "1m"], ["--dataset", "mnist"]],
        ids=str,
    )
    def test_options_of_digits_are_refused(self, line_network, options, tmp_path):
        done = call("benchmark", line_network, *options, "--out", tmp_path / "out", code=2)
        assert f"{options[0]} cannot be given with a line network" in done.stderr

    @pytest.mark.slow  # tests/quantize/test_line_quantize.py measures the rows
    def test_its_rows_are_shown(self, line_network, tmp_path, quick_timing):
        done = call("benchmark", line_network, "--recipes", "float32", "--out", tmp_path / "out")
        assert "exact lines %" in done.stdout
        assert "µs a line" in done.stdout


class TestReading:
    def test_a_picture(self, line_model, tmp_path):
        folder = write_fields(tmp_path / "fields", ("12",))
        told = json.loads(call("predict", line_model, folder / "0.png", "--json").stdout)
        assert told["image"] == str(folder / "0.png")

    def test_labelled_fields(self, line_model, tmp_path):
        folder = write_fields(tmp_path / "fields", ("12", "345"))
        told = json.loads(call("fields", line_model, folder, "--truth", folder / "truth.csv", "--json").stdout)
        assert (told["fields"], told["digits"]) == (2, 5)

    def test_a_picture_of_40000_columns(self, line_model, tmp_path):
        wide = np.full((60, 40_000), 230, np.uint8)
        cv2.putText(wide, "31415", (20_000, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (30,), 3)
        cv2.imwrite(str(tmp_path / "wide.png"), wide)
        assert str(tmp_path / "wide.png") in call("predict", line_model, tmp_path / "wide.png").stdout

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--form", "[0-9"], "[0-9"),
            (["--form", "[a-z]+"], "[a-z]+"),
            (["--codes", "letters.txt"], "letters.txt"),
            (["--codes", "none.txt"], "none.txt"),
            (["--region", "900,900,10,10"], "900"),
        ],
        ids=str,
    )
    def test_options_that_make_no_sense(self, line_model, options, words, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        write_fields(tmp_path / "fields", ("12",))
        (tmp_path / "letters.txt").write_text("123\n12a\n")
        done = call("predict", line_model, "fields/0.png", *options, code=1)
        assert words in done.stderr
        assert "Error: " in done.stderr

    @pytest.mark.parametrize("options", [["--region", "1,2,3"], ["--region", "1,2,0,4"], ["--rotate", "45"]], ids=str)
    def test_options_of_another_form(self, line_model, options, tmp_path):
        folder = write_fields(tmp_path / "fields", ("12",))
        call("predict", line_model, folder / "0.png", *options, code=2)


class TestSimulate:
    def test_lines_are_written_for_fields_and_training(self, tmp_path):
        told = json.loads(call("simulate", "--count", 4, "--nothing", 1, "--out", tmp_path / "out", "--json").stdout)
        assert (told["lines"], told["nothing"]) == (4, 1)
        assert len(read_truth(tmp_path / "out" / "truth.csv")) == 4

    def test_a_count_that_makes_no_sense(self, tmp_path):
        assert "--count is 0" in call("simulate", "--count", 0, "--out", tmp_path / "out", code=1).stderr


def test_models_lists_them():
    told = {one["name"]: one for one in json.loads(call("models", "--json").stdout)["networks"]}
    assert (told["line"]["task"], told["line-small"]["task"], told["small"]["task"]) == ("line", "line", "digit")
    assert f"{told['line']['parameters']:,}" in call("models").stdout


class TestWhereDigitsAreNeeded:
    """A line network where one of digits is needed, and the reverse."""

    @pytest.mark.parametrize(
        "words",
        [
            ["calibration", "FLOAT", "--out", "out"],
            ["layer-error", "FLOAT", "--out", "out"],
            ["convert", "FLOAT", "--out", "out"],
            ["train", "--model", "small", "--from", "FLOAT", "--out", "out"],
            ["measure", "INT8"],
        ],
        ids=lambda words: words[0],
    )
    def test_line_networks_are_refused_by_name(self, words, line_network, line_model, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        named = {"FLOAT": line_network, "INT8": line_model}
        done = call(*(named.get(word, word) for word in words), code=1)
        assert "reads lines, and this is for networks that read single digits; give a network of digits" in done.stderr
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("command", ["quantize", "benchmark"])
    def test_an_int8_line_network_is_no_float_one(self, command, tmp_path, monkeypatch):
        from edgedigits.core.pretrained.bundled import bundled_line_model

        monkeypatch.chdir(tmp_path)
        said = call(command, bundled_line_model(), "--out", "out", code=1).stderr
        assert "is a TFLite model, where the float model is wanted; give the model.keras" in said
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize(
        "words",
        [
            ["run", "--model", "line", "--out", "out"],
            ["train", "--model", "line", "--from", "builtin", "--out", "out"],
        ],
        ids=" ".join,
    )
    def test_their_names_are(self, words, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert "line" in call(*words, code=1).stderr
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize(
        "words",
        [
            ["train", "--model", "small", "--dataset", "lines", "--out", "out"],
            ["train", "--from", "builtin", "--dataset", "lines:fields", "--out", "out"],
            ["quantize", "builtin", "--dataset", "lines", "--out", "out"],
            ["evaluate", "builtin", "--dataset", "lines"],
            ["benchmark", "builtin", "--dataset", "lines", "--out", "out"],
            ["measure", "builtin", "--dataset", "lines"],
            ["baseline", "knn", "--dataset", "lines", "--out", "out"],
            ["search", "--preset", "separable", "--dataset", "lines", "--out", "out"],
            ["run", "--dataset", "lines", "--out", "out"],
        ],
        ids=lambda words: " ".join(words[:3]),
    )
    def test_lines_are_no_digits(self, words, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        done = call(*words, code=1)
        assert "names lines, and this is for networks that read single digits" in done.stderr
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize(
        "option", [["--form", "\\d+"], ["--region", "0,0,9,9"], ["--rotate", "90"], ["--single"]], ids=str
    )
    def test_options_of_line_networks_are_refused_with_networks_of_digits(self, option, tmp_path):
        from edgedigits.core.pretrained.bundled import bundled_model

        folder = write_fields(tmp_path / "fields", ("12",))
        done = call("predict", bundled_model(), folder / "0.png", *option, code=1)
        assert f"reads single digits, and only line networks follow {option[0]}; give the word builtin" in done.stderr
