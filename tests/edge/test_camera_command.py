"""``edgedigits camera`` at a live source: real rates, waiting, log lines with times, and models named as by predict."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from busy_programs import busy_machine
from click.testing import CliRunner
from mjpeg_server import MjpegServer

from edgedigits.cli.main import main
from edgedigits.core.pretrained.bundled import bundled_model
from edgedigits.edge.sources.registry import open_source

EDGEDIGITS = Path(sys.executable).with_name("edgedigits")
LOGGED = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} WARNING "


def camera(*arguments: object) -> subprocess.Popen[str]:
    command = [str(EDGEDIGITS), "camera", *map(str, arguments)]
    wide = os.environ | {"COLUMNS": "300"}  # sentences in one line each, whichever tests ran before
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=wide)


def call(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.stderr if code else result.stdout


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """A folder with one blank page."""
    path = tmp_path_factory.mktemp("pages") / "blank.png"
    cv2.imwrite(str(path), np.full((120, 160, 3), 210, np.uint8))
    return path


@pytest.mark.parametrize("name", ["seen.avi", pytest.param("seen.mp4", marks=pytest.mark.slow)])
def test_a_video_of_a_live_source_lasts_as_long_as_what_it_shows(tmp_path, name):
    with (
        MjpegServer(rate=8) as server,
        camera("--source", server.url, "--record", tmp_path / name, "--limit", 24) as it,
    ):
        lines = [json.loads(line) for line in it.communicate(timeout=60)[0].splitlines()]

    with open_source(str(tmp_path / name)) as video:
        frames, rate = sum(1 for _ in video), video.rate
    times = [time.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S") for line in (lines[0], lines[-1])]
    lasted = time.mktime(times[1]) - time.mktime(times[0])
    assert frames == pytest.approx(24, abs=2)
    assert rate == pytest.approx(8, rel=0.2)
    assert frames / rate == pytest.approx(lasted, abs=1.7)  # the times here are cut to seconds


def test_what_other_programs_took_meanwhile_is_told_beside_the_latencies():
    with (
        busy_machine(),
        MjpegServer(rate=8) as server,
        camera("--source", server.url, "--limit", 8) as it,
    ):
        told = it.communicate(timeout=60)[1].splitlines()[-1]

    assert re.search(r"ms \(p50/p99\); other programs took \d\d+ % of the cores meanwhile$", told)


def test_a_stream_that_is_not_there_yet_is_waited_for_and_each_line_on_standard_error_has_its_time():
    server = MjpegServer()
    server.switch_off()

    with camera("--source", server.url, "--wait", "--limit", 1) as it:
        first = it.stderr.readline()
        server.switch_on()
        lines, rest = it.communicate(timeout=60)
    server.switch_off()

    assert re.fullmatch(LOGGED + r"no video stream at \S+: waiting for it, trying again in 0\.5 s\n", first)
    assert it.returncode == 0
    assert len(lines.splitlines()) == 1
    assert rest.splitlines()[-1].startswith("1 frame, ")


def test_a_folder_goes_on_behind_a_picture_that_cannot_be_read_and_exits_with_1_as_predict_does(page, tmp_path):
    shutil.copyfile(page, tmp_path / "1.png")
    (tmp_path / "0.png").write_bytes(b"")
    shutil.copyfile(page, tmp_path / "2.png")

    with camera("--source", tmp_path) as it:
        lines, said = it.communicate(timeout=60)

    assert [json.loads(line)["frame"] for line in lines.splitlines()] == [1, 2]
    summary = said.splitlines()[-1]
    (named,) = (line for line in said.splitlines() if " ERROR " in line)
    assert re.match(LOGGED.replace("WARNING", "ERROR") + rf"{tmp_path / '0.png'} is empty; .*, or remove it$", named)
    assert "2 frames, " in summary and ", 1 not readable, " in summary
    assert it.returncode == 1
    call("predict", tmp_path, code=1)


def test_without_wait_an_absent_stream_is_an_error_at_once():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with camera("--source", f"http://127.0.0.1:{port}/camera.mjpg") as it:
        complaint = it.communicate(timeout=60)[1]

    assert it.returncode == 1
    assert complaint.startswith("Error: no video stream at")


def test_a_file_is_not_waited_for(page):
    assert "is a file" in call("camera", "--source", page.parent, "--wait", code=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder as ``quantize`` makes it: the model and its card."""
    made = tmp_path_factory.mktemp("made") / "int8"
    shutil.copytree(bundled_model().parent, made)
    return made


@pytest.mark.parametrize(
    "words", [[], ["builtin"], ["--model", "builtin"], ["PATH"], ["FOLDER"], ["--model", "FOLDER"]]
)
def test_predict_and_camera_take_the_same_words_for_a_model(page, folder, words):
    places = {"PATH": folder / "model.int8.tflite", "FOLDER": folder}
    words = [places.get(word, word) for word in words]

    predicted = call("predict", *words, page)
    seen = call("camera", *words, "--source", page.parent)

    assert predicted == f"{page}\t\n"
    assert json.loads(seen.splitlines()[0])["text"] == ""


@pytest.mark.parametrize(("word", "near"), [("bultin", "did you mean builtin? "), ("missing/model.int8.tflite", "")])
def test_predict_and_camera_have_the_same_words_for_a_model_that_is_not_there(page, word, near):
    remedy = "give the path of a model, its folder, the word builtin, or a name of `edgedigits models`"
    told = f"Error: no model at {word}; {near}{remedy}\n"

    assert call("predict", word, page, code=1) == told
    assert call("predict", "--model", word, page, code=1) == told
    assert call("camera", word, "--source", page.parent, code=1) == told
    assert call("camera", "--model", word, "--source", page.parent, code=1) == told


def test_a_folder_without_a_model_is_named(page):
    for command in (("predict", "--model", page.parent, page), ("camera", page.parent, "--source", page.parent)):
        assert "is a folder without a model; give" in call(*command, code=1)


def test_a_model_given_twice_is_wrong_usage(page):
    assert "given twice" in call("camera", "builtin", "--model", "builtin", "--source", page.parent, code=2)


def test_predict_without_a_picture_is_wrong_usage():
    assert "Missing argument 'IMAGE...'" in call("predict", "builtin", code=2)


def test_a_station_that_saw_no_frame_tells_no_times(capsys):
    from edgedigits.cli.commands.watching import show_summary
    from edgedigits.edge.loop.loop import LoopResult

    show_summary(LoopResult(0, 0, 0, 0.0, {}, "stop"))
    assert capsys.readouterr().err == "0 frames, 0.0 a second, 0 skipped, source reopened 0 times\n"


def test_the_summary_fits_the_terminal(capsys, monkeypatch):
    from edgedigits.cli.commands.watching import show_summary
    from edgedigits.edge.loop.loop import LoopResult, StageLatency

    monkeypatch.setenv("COLUMNS", "80")
    times = {name: StageLatency(5.0, 9.0) for name in ("capture", "find", "classify", "total")}
    show_summary(LoopResult(240, 0, 3, 8.0, times, "end"))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= 80
    assert lines[0].startswith("240 frames, ") and " ".join(lines).endswith("(p50/p99)")
