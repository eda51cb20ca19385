"""The command line: what it prints, its exit codes, and that every command is documented."""

from __future__ import annotations

import errno
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import click
import cv2
import numpy as np
import pytest
from calling import call
from click.testing import CliRunner

from edgedigits.cli.errors import Commands
from edgedigits.cli.main import main
from edgedigits.core.datasets import load_dataset
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning
from edgedigits.core.tflite.runtime import runtime

ROOT = Path(__file__).parents[2]
EDGEDIGITS = Path(sys.executable).with_name("edgedigits")


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder with a network trained by the command."""
    out = tmp_path_factory.mktemp("cli") / "float"
    told = call("train", "--model", "nano", "--dataset", "optdigits", "--epochs", 12, "--out", out).stderr
    (out.parent / "told.txt").write_text(told)
    return out


@pytest.fixture(scope="module")
def quantized(trained) -> Path:
    out = trained.parent / "int8"
    call("quantize", trained / "model.keras", "--max-drop", 10, "--out", out)
    return out / "model.int8.tflite"


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> Path:
    """A photo with one blank page, which every model reads as nothing."""
    path = tmp_path_factory.mktemp("photo") / "blank.png"
    cv2.imwrite(str(path), np.full((200, 300, 3), 210, np.uint8))
    return path


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(name):
    text = call(name, "--help").output
    assert re.search(rf"Examples?:\n\s+edgedigits {name}", text)
    assert f"edgedigits {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_option_has_a_help_text_or_names_its_choices(name):
    for option in main.commands[name].params:
        if isinstance(option, click.Option):
            assert option.help or isinstance(option.type, click.Choice), option.name


def test_models_lists_the_zoo_with_parameters_bytes_and_source():
    listed = json.loads(call("models", "--json").stdout)["networks"]
    assert {"nano", "micro", "small", "vit-cnn", "fakebank-resnet50"} <= {item["name"] for item in listed}
    assert all(item["parameters"] > 0 and item["int8_bytes"] > 0 and item["source"] for item in listed)
    assert "887,530" in call("models").stdout


def test_datasets_lists_kinds_and_splits():
    listed = json.loads(call("datasets", "--json").stdout)
    assert {"mnist", "kaggle", "optdigits"} <= {item["spec"].split(":")[0] for item in listed["datasets"]}
    assert {"nf264", "vit"} <= set(listed["splits"])


def test_train_writes_model_card_history_and_pictures(trained):
    names = {path.name for path in trained.iterdir()}
    assert names == {"model.keras", "card.json", "history.csv", "curves.png", "confusion.png"}
    assert len((trained / "history.csv").read_text().splitlines()) == 13


def test_train_tells_the_validation_accuracy_of_every_epoch(trained):
    lines = (trained.parent / "told.txt").read_text().splitlines()
    rows = (trained / "history.csv").read_text().splitlines()[1:]
    found = [
        re.fullmatch(r"epoch (\d+)/12: loss .*, accuracy .* %, validation accuracy (.*) %", line) for line in lines
    ]
    told = [(match[1], float(match[2])) for match in found if match]
    assert told == [(row.split(",")[0], pytest.approx(float(row.split(",")[4]), abs=0.006)) for row in rows]


def test_train_says_before_the_first_epoch_on_what_it_trains_and_writes_it_down(trained):
    before = (trained.parent / "told.txt").read_text().partition("epoch 1/")[0].splitlines()
    card = json.loads((trained / "card.json").read_text())
    assert before[-1] == f"training on {card['settings']['trained_on']}"
    assert re.match(r"CPU \(\d+ cores\)|GPU 0 \(", card["settings"]["trained_on"])


def test_a_warning_of_the_package_fits_the_terminal_and_others_are_pythons():
    @click.group(cls=Commands)
    def tool():
        pass

    @tool.command()
    def warn():
        warnings.warn(EdgedigitsWarning("the CPU is used, " * 9 + "the CPU", "install a driver"), stacklevel=1)
        warnings.warn("something else", stacklevel=1)

    with pytest.warns(UserWarning, match="something else") as others:
        told = CliRunner().invoke(tool, ["warn"], env={"COLUMNS": "80"}).stderr
    assert told.startswith("Warning: the CPU is used, ") and told.endswith("the CPU; install a driver\n")
    lines = told.splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= 80 and all(line.startswith("  ") for line in lines[1:])
    assert len(others) == 1


def test_quantize_prints_drop_interval_test_and_verdicts(trained, tmp_path):
    text = call("quantize", trained / "model.keras", "--max-drop", 10, "--out", tmp_path / "q").stdout
    for piece in ("accuracy %", "95 % interval", "McNemar p", "agreement", runtime().name, "microcontrollers"):
        assert piece in text


def test_quantize_exits_with_1_and_keeps_the_model_where_too_much_is_lost(tmp_path, trained):
    """A network whose last layer was scaled down loses everything to int8."""
    from edgedigits.quantize import load_keras

    model = load_keras(trained / "model.keras")
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * 1e-4, bias * 0])
    model.save(tmp_path / "model.keras")
    result = call(
        *("quantize", tmp_path / "model.keras", "--dataset", "optdigits", "--max-drop", 0, "--out", tmp_path / "q"),
        code=1,
    )
    assert "verdict: failed" in result.stdout
    said = " ".join(result.stderr.split())
    assert re.search(r"test digits, less than 90 % \(\d+\.\d % is guessing\)", said)
    assert "the float network reads enough: quantization cost the rest" in said
    card = json.loads((tmp_path / "q" / "card.json").read_text())
    assert (card["verdict"], card["passed"]) == ("failed", False)
    assert (tmp_path / "q" / "model.int8.tflite").is_file()


def test_evaluate_gives_the_same_figures_as_the_proof(trained, quantized):
    proof = json.loads((quantized.parent / "proof.json").read_text())["comparison"]
    before = json.loads(call("evaluate", trained / "model.keras", "--json").stdout)
    after = json.loads(call("evaluate", quantized, "--json").stdout)
    assert before["accuracy"] == pytest.approx(proof["before"])
    assert after["accuracy"] == pytest.approx(proof["after"])
    assert sum(map(sum, after["confusion"])) == 180


def test_evaluate_prints_figures_of_every_digit(quantized):
    text = call("evaluate", quantized).stdout
    assert re.search(r"digit\s+precision\s+recall\s+F1", text)
    assert "worst:" in text


def test_evaluate_tells_the_errors_on_corrupted_digits(trained, quantized):
    for model in (trained / "model.keras", quantized):
        told = json.loads(call("evaluate", model, "--corruptions", "--json").stdout)["corruptions"]
        assert (told["count"], len(told["kinds"])) == (180, 15)
        assert 0 < told["mean"] < 90
    text = call("evaluate", quantized, "--corruptions").stdout
    assert re.search(rf"mean +{told['mean']:.2f} +{told['normalised_mean']:.2f}", text)
    assert re.search(r"fog +\d+\.\d\d +\d+\.\d\d +fog twice as bright as the ink", text)
    assert "corrupted" not in call("evaluate", quantized).stdout


def test_export_of_arrays_writes_the_two_files(quantized, tmp_path):
    text = call("export", quantized, "--target", "arrays", "--out", tmp_path / "c", "--allow-failed").stdout
    assert {path.name for path in (tmp_path / "c").iterdir()} == {
        "digits_model.h",
        "digits_model.c",
        ".edgedigits.json",
    }
    assert "register:" in text


def test_predict_prints_a_line_of_json_an_image(quantized, photo):
    lines = call("predict", quantized, photo, photo, "--json").stdout.splitlines()
    why = "no ink was found: nothing stands out of its ground"
    assert [json.loads(line) for line in lines] == [{"image": str(photo), "why": why, "text": "", "digits": []}] * 2


def test_predict_goes_on_after_an_image_that_cannot_be_read(quantized, photo, tmp_path):
    (tmp_path / "empty.jpg").touch()
    result = call("predict", quantized, tmp_path / "empty.jpg", photo, code=1)
    assert "Error:" in result.stderr
    assert str(photo) in result.stdout


def test_predict_annotates_into_a_folder_and_does_not_overwrite_it(quantized, photo, tmp_path):
    call("predict", quantized, photo, "--annotate", tmp_path / "marked")
    assert cv2.imread(str(tmp_path / "marked" / "blank.png")).shape == (200, 300, 3)
    assert "--force" in call("predict", quantized, photo, "--annotate", tmp_path / "marked", code=1).stderr
    call("predict", quantized, photo, "--annotate", tmp_path / "marked", "--force")


@pytest.mark.parametrize(
    "words",
    [
        ("camera", "--source", ""),
        ("fields", "builtin", ""),
        ("fields", "builtin", ".", "--truth", ""),
        ("fields", "builtin", ".", "--codes", ""),
        ("calibrate", "builtin", ""),
    ],
    ids=" ".join,
)
def test_an_empty_word_is_no_folder(words):
    assert "it is empty, as a variable without a value is" in call(*words, code=2).stderr


def test_a_name_that_is_too_long_is_no_bug():
    said = call("predict", "a" * 300 + ".png", code=1).stderr
    assert said.startswith(f"Error: the name {'a' * 40}... of 304 characters is too long for a file; check the path")


def test_a_folder_that_may_not_be_searched_is_no_bug(monkeypatch):
    is_file = Path.is_file

    def refuse(path: Path) -> bool:
        if path.parent.name == "secret":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", refuse)
    said = call("predict", "builtin", "secret/a.png", code=1).stderr
    assert said.startswith("Error: secret/a.png may not be used (Permission denied); check the rights to it")


def test_fields_measures_labelled_pictures(quantized, photo, tmp_path):
    shutil.copy(photo, tmp_path / "a.png")
    (tmp_path / "truth.csv").write_text("image,text\na.png,12\na.png,3\n")
    found = json.loads(call("fields", quantized, tmp_path, "--truth", tmp_path / "truth.csv", "--json").stdout)
    assert (found["fields"], found["exact"], found["digits_right"]) == (2, 0.0, 0.0)
    found = json.loads(
        call("fields", quantized, tmp_path, "--truth", tmp_path / "truth.csv", "--rows", "1::2", "--json").stdout
    )
    assert found["fields"] == 1


def test_fields_where_more_is_read_than_stands_there_tells_the_error_rate_and_tears_no_line(tmp_path):
    digits = load_dataset("samples").pool
    first, second = (np.hstack([np.pad(image, 6) for image in digits.images[at : at + 2]]) for at in (0, 2))
    page = np.vstack([np.pad(line, ((10, 30), (10, 10))) for line in (first, second)])
    cv2.imwrite(str(tmp_path / "page.png"), 255 - cv2.resize(page, None, fx=2, fy=2))
    assert call("predict", "builtin", tmp_path / "page.png").stdout == f"{tmp_path / 'page.png'}\t00 00\n"
    (tmp_path / "truth.csv").write_text("image,text\npage.png,1\n")
    told = call("fields", "builtin", tmp_path, "--truth", tmp_path / "truth.csv").stdout
    assert "digits right        0.0 %, character error rate 400.0 %\n" in told
    assert told.endswith("\nworst: none as 0 (3), 1 as 0 (1)\n")


def test_camera_prints_a_line_of_json_a_frame(quantized, photo, tmp_path):
    for number in range(3):
        shutil.copy(photo, tmp_path / f"{number}.png")
    done = subprocess.run(
        [EDGEDIGITS, "camera", "--model", quantized, "--source", tmp_path], capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["frame"] for line in lines] == [0, 1, 2]
    assert set(lines[0]) >= {"time", "frame", "text", "boxes", "confidences", "latencies"}
    assert "3 frames" in done.stderr


def test_camera_that_does_not_exist_lists_what_was_found(quantized):
    assert re.search("Error: .*camera", call("camera", "--model", quantized, "--source", "97", code=1).stderr)


def test_error_a_user_can_mend_is_one_line_and_exit_code_1(tmp_path):
    done = subprocess.run(
        [EDGEDIGITS, "evaluate", tmp_path / "none.tflite"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    told = "give the path of a model, its folder, the word builtin, or a name of `edgedigits models`"
    assert re.fullmatch(rf"Error: no model at .*; {told}\n", done.stderr)
    assert done.stdout == ""


def test_wrong_usage_is_exit_code_2():
    assert "No such option" in call("models", "--wrong", code=2).stderr


def test_bug_keeps_its_traceback(monkeypatch):
    def broken():
        raise ValueError("a bug")

    monkeypatch.setattr("edgedigits.cli.commands.models.show_json", lambda value: broken())
    assert isinstance(CliRunner().invoke(main, ["models", "--json"]).exception, ValueError)


def test_missing_package_names_the_extra_to_install(tmp_path):
    """As on a Raspberry Pi with [edge] alone: TensorFlow is not there."""
    code = (
        "import sys; sys.modules['tensorflow'] = None; sys.modules['tf_keras'] = None\n"
        "from edgedigits.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "train", "--out", str(tmp_path / "o")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert 'pip install "edgedigits[train]"' in done.stderr
    assert "Traceback" not in done.stderr


COMMANDS_WITH_OUT = {
    "train": ["--model", "nano", "--dataset", "optdigits", "--epochs", "1"],
    "run": ["--dataset", "optdigits"],
}


@pytest.mark.parametrize("name", ["train", "quantize", "export", "run"])
def test_output_folder_is_never_overwritten_without_force(name, trained, quantized, tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    model = {"quantize": [trained / "model.keras"], "export": [quantized, "--allow-failed"]}.get(name, [])
    result = call(name, *model, *COMMANDS_WITH_OUT.get(name, []), "--out", tmp_path, code=1)
    assert "--force" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_model_that_does_not_match_its_card_is_refused_by_every_reader(quantized, photo, tmp_path):
    shutil.copytree(quantized.parent, tmp_path / "copy")
    model = tmp_path / "copy" / quantized.name
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    for arguments in (["evaluate", model], ["predict", model, photo], ["export", model, "--out", tmp_path / "c"]):
        assert "its card says" in call(*arguments, code=1).stderr


def test_output_is_plain_when_not_on_a_terminal(quantized):
    done = subprocess.run([EDGEDIGITS, "evaluate", quantized], capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout + done.stderr


def read_all(descriptor: int) -> str:
    pieces = []
    while True:
        try:
            piece = os.read(descriptor, 4096)
        except OSError as error:
            assert error.errno == errno.EIO  # what Linux gives where the terminal's other end was closed
            break
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces).decode(errors="replace")


def test_progress_is_drawn_on_a_terminal(quantized):
    control, terminal = pty.openpty()
    process = subprocess.Popen(
        [EDGEDIGITS, "evaluate", quantized],
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"},
    )
    os.close(terminal)
    text = read_all(control)
    assert process.wait() == 0
    assert "180/180" in text
    assert "\x1b[" in text


def test_error_class_reads_as_what_and_what_to_do():
    assert str(EdgedigitsError("it rained", "take an umbrella")) == "it rained; take an umbrella"


def test_marked_copies_of_pictures_with_the_same_name_do_not_overwrite_one_another(quantized, photo, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(photo, tmp_path / folder / "x.png")
    call("predict", quantized, tmp_path / "a" / "x.png", tmp_path / "b" / "x.png", "--annotate", tmp_path / "m")
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["x-2.png", "x.png"]


@pytest.mark.parametrize("rows", ["::0", "a:b", "1:2:3:4"])
def test_rows_that_make_no_sense_are_wrong_usage(quantized, tmp_path, rows):
    assert "start:stop:step" in call("fields", quantized, tmp_path, "--rows", rows, code=2).stderr


def test_full_output_is_a_clear_error(quantized, photo):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [EDGEDIGITS, "predict", quantized, photo], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert "Error: no room left" in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_leaves_no_half_made_folder(trained, tmp_path):
    process = subprocess.Popen(
        [EDGEDIGITS, "quantize", trained / "model.keras", "--dataset", "optdigits", "--out", tmp_path / "out"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    process.stderr.readline()  # "convert: 1 done": the folder is being filled
    process.terminate()
    process.communicate()
    assert process.returncode in (143, 0, 1, 3)  # where it was done before the signal: whatever the verdict was
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_builtin_names_the_model_that_comes_with_the_package(photo):
    assert json.loads(call("predict", "builtin", photo, "--json").stdout)["text"] == ""


def test_evaluate_names_the_kinds_of_models_it_takes(tmp_path):
    (tmp_path / "model.h5").write_bytes(b"something")
    assert "neither .keras nor .tflite" in call("evaluate", tmp_path / "model.h5", code=1).stderr
