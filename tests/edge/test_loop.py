"""The loop: every frame told in a line, previews whole, and an end within a second whatever ends it."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import pytest
from mjpeg_server import MjpegServer

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.pretrained.bundled import bundled_line_model
from edgedigits.edge.loop.loop import FrameReading, JsonLines, Transcript, run_loop, stop_on_signals
from edgedigits.edge.loop.preview import VideoPreview, WindowPreview, open_preview
from edgedigits.edge.reading.line_reader import LineReader
from edgedigits.edge.reading.pictures import load_image
from edgedigits.edge.reading.reader import DigitReader
from edgedigits.edge.recordings.recording import Recording, compose_recording
from edgedigits.edge.scenes.scene import SceneOptions
from edgedigits.edge.sources.registry import open_source

FRAMES = 20

STATION = """
import sys
from edgedigits.edge.loop.preview import open_preview
from edgedigits.edge.reading.reader import DigitReader
from edgedigits.edge.sources.registry import open_source
from edgedigits.edge.loop.loop import JsonLines, run_loop, stop_on_signals
model, source, preview = sys.argv[1:]
with stop_on_signals() as stop, open_preview(preview) as video:
    result = run_loop(DigitReader(model), open_source(source), [JsonLines(sys.stdout), video], stop=stop)
print(result.ended, result.frames, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def model() -> Path:
    """The bundled model: an untrained one finds no digits."""
    path = Path(str(files("edgedigits.core.pretrained"))) / "small" / "model.int8.tflite"
    if not path.is_file():
        pytest.skip(f"no bundled model at {path}")
    return path


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> Recording:
    images = np.zeros((50, 28, 28), np.uint8)
    for number, image in enumerate(images):
        cv2.putText(image, str(number % 10), (6, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2, cv2.LINE_AA)
    path = tmp_path_factory.mktemp("recording") / "digits.avi"
    return compose_recording(images, np.arange(50) % 10, path, size=(640, 360), digits=4, frames=FRAMES, hold=5)


def lines_of(output: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def frames_in(path: Path) -> int:
    with open_source(str(path)) as source:
        return sum(1 for _ in source)


def test_each_frame_of_a_file_is_told_in_one_line(model, recording):
    output = io.StringIO()

    result = run_loop(DigitReader(model), open_source(str(recording.path)), [JsonLines(output)])

    assert [line["frame"] for line in lines_of(output)] == list(range(FRAMES))
    assert (result.frames, result.skipped, result.reopened, result.ended) == (FRAMES, 0, 0, "end")


def test_a_line_tells_what_the_reader_found(model, recording):
    output = io.StringIO()
    reader = DigitReader(model)
    run_loop(reader, open_source(str(recording.path)), [JsonLines(output)], limit=1)
    with open_source(str(recording.path)) as source:
        reading = reader.read(source.read())

    (line,) = lines_of(output)

    assert set(line) == {"time", "frame", "position", "text", "boxes", "confidences", "latencies"}
    assert line["text"] == reading.text
    assert line["boxes"] == [list(digit.box) for digit in reading.digits]
    assert line["confidences"] == pytest.approx([digit.confidence for digit in reading.digits], abs=1e-4)
    assert len(line["boxes"]) == 4


def test_a_line_tells_the_time_in_utc_and_the_latencies_in_milliseconds(model, recording):
    output = io.StringIO()
    before = datetime.now(UTC)
    result = run_loop(DigitReader(model), open_source(str(recording.path)), [JsonLines(output)])
    after = datetime.now(UTC)

    line = lines_of(output)[3]

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert (before.timestamp() - 0.001) <= datetime.fromisoformat(line["time"]).timestamp() <= after.timestamp()
    assert line["position"] == pytest.approx(3 / 30, abs=0.001)
    spent = line["latencies"]
    assert list(spent) == ["capture", "find", "classify", "total"]
    assert 0 < spent["capture"] + spent["find"] + spent["classify"] <= spent["total"] < 1000 * result.seconds


def test_the_result_sums_up_the_run(model, recording):
    output = io.StringIO()
    result = run_loop(DigitReader(model), open_source(str(recording.path)), [JsonLines(output)])

    totals = [line["latencies"]["total"] for line in lines_of(output)]

    assert result.fps == pytest.approx(FRAMES / result.seconds)
    assert result.stages["total"].p50 == pytest.approx(np.percentile(totals, 50), abs=0.01)
    assert result.stages["total"].p99 == pytest.approx(np.percentile(totals, 99), abs=0.01)
    assert json.loads(json.dumps(result.as_dict()))["stages"].keys() == {"capture", "find", "classify", "total"}


def test_the_interpreter_is_built_once(model, recording, tmp_path):
    copy = tmp_path / "model.tflite"
    copy.write_bytes(model.read_bytes())
    reader = DigitReader(copy)
    copy.unlink()

    assert run_loop(reader, open_source(str(recording.path))).frames == FRAMES


def test_a_limit_ends_the_loop(model, recording):
    transcript = Transcript()

    result = run_loop(DigitReader(model), open_source(str(recording.path)), [transcript], limit=7)

    assert (result.frames, result.ended) == (7, "limit")
    assert list(transcript.texts) == list(range(7))


def test_a_loop_asked_to_stop_before_the_first_frame_reads_none(model, recording):
    stop = threading.Event()
    stop.set()

    result = run_loop(DigitReader(model), open_source(str(recording.path)), stop=stop)

    assert (result.frames, result.fps, result.stages, result.ended) == (0, 0.0, {}, "stop")


class Slow:
    """A sink that takes 20 ms for each frame."""

    def take(self, sight: FrameReading) -> bool:
        time.sleep(0.02)
        return True


def test_a_live_stream_is_read_at_its_newest_frame_and_what_is_skipped_is_counted(model):
    output = io.StringIO()
    with MjpegServer(rate=200) as camera:
        result = run_loop(DigitReader(model), open_source(camera.url), [JsonLines(output), Slow()], limit=20)

    lines = lines_of(output)
    never_told = lines[-1]["frame"] + 1 - len(lines)
    assert len(lines) == result.frames == 20
    assert "position" not in lines[0]
    assert 20 < never_told <= result.skipped <= never_told + 20


def test_a_folder_is_read_to_its_end_whatever_the_sizes(model, tmp_path):
    for number, side in enumerate((64, 200, 90)):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((side, side, 3), 200, np.uint8))
    transcript = Transcript()

    result = run_loop(DigitReader(model), open_source(str(tmp_path)), [transcript])

    assert result.ended == "end"
    assert transcript.texts == {0: "", 1: "", 2: ""}


def test_a_picture_that_cannot_be_read_is_named_and_counted_and_the_others_are_read(model, tmp_path, caplog):
    for number in (0, 2, 4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((64, 64, 3), 200, np.uint8))
    (tmp_path / "1.png").write_bytes(b"")
    (tmp_path / "3.png").write_text("no picture")
    transcript = Transcript()

    result = run_loop(DigitReader(model), open_source(str(tmp_path)), [transcript])

    assert (result.frames, result.unreadable, result.skipped, result.ended) == (3, 2, 0, "end")
    assert list(transcript.texts) == [0, 2, 4], "frames keep the numbers of their pictures"
    assert [("1.png is empty" in text, "3.png is text" in text) for text in caplog.messages] == [
        (True, False),
        (False, True),
    ]


def test_a_picture_of_a_folder_that_lacks_the_region_is_named_and_counted_and_the_others_are_read(tmp_path, caplog):
    for number, side in enumerate((90, 64, 200)):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((side, side, 3), 200, np.uint8))
    reader = LineReader(bundled_line_model(), options=SceneOptions(region=(10, 10, 70, 70)))
    transcript = Transcript()

    result = run_loop(reader, open_source(str(tmp_path)), [transcript])

    assert (result.frames, result.unreadable, result.ended) == (2, 1, "end")
    assert list(transcript.texts) == [0, 2]
    said = f"{tmp_path / '1.png'}: the region 10,10,70,70 is not inside the picture of 64x64 pixels"
    assert [text.startswith(said) for text in caplog.messages] == [True]


def test_a_video_that_is_called_as_pictures_are_is_a_video_all_the_same(model, recording, tmp_path):
    shutil.copyfile(recording.path, tmp_path / "a.png")
    with pytest.raises(EdgedigitsError, match=r"is a video, .*; `edgedigits camera --source .*a\.png` reads"):
        load_image(tmp_path / "a.png")
    assert run_loop(DigitReader(model), open_source(tmp_path / "a.png"), limit=2).frames == 2


def test_a_region_that_no_frame_of_a_video_has_ends_the_loop(recording):
    reader = LineReader(bundled_line_model(), options=SceneOptions(region=(0, 0, 9000, 10)))
    with pytest.raises(EdgedigitsError, match="the region 0,0,9000,10 is not inside the picture"):
        run_loop(reader, open_source(str(recording.path)))


def test_a_source_that_does_not_open_ends_the_loop_with_its_error(model):
    with pytest.raises(EdgedigitsError, match="no camera 97"):
        run_loop(DigitReader(model), open_source("97"))


@pytest.mark.parametrize("name", ["preview.avi", "preview.mp4"])
def test_the_preview_video_has_a_frame_for_each_frame_read(model, recording, tmp_path, name):
    with VideoPreview(tmp_path / name) as preview:
        result = run_loop(DigitReader(model), open_source(str(recording.path)), [preview], limit=11)

    assert frames_in(tmp_path / name) == result.frames == 11


def test_the_preview_shows_more_than_the_frame(model, recording, tmp_path):
    with VideoPreview(tmp_path / "preview.avi") as preview:
        run_loop(DigitReader(model), open_source(str(recording.path)), [preview], limit=1)

    with open_source(str(recording.path)) as plain, open_source(str(tmp_path / "preview.avi")) as marked:
        difference = cv2.absdiff(plain.read(), marked.read())
    assert 0.001 < (difference > 60).mean() < 0.3


@pytest.mark.skipif("GUI:                           NONE" not in cv2.getBuildInformation(), reason="OpenCV has windows")
def test_a_window_without_a_desktop_opencv_says_how_to_get_one():
    with pytest.raises(EdgedigitsError, match=r"pip uninstall opencv-python-headless.*edgedigits\[desktop\]"):
        open_preview("window")


@pytest.mark.skipif("GUI:                           NONE" in cv2.getBuildInformation(), reason="OpenCV is headless")
def test_a_window_without_a_screen_is_an_error(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)

    with pytest.raises(EdgedigitsError, match="no screen"):
        WindowPreview()


def test_a_second_signal_does_what_it_did_before():
    with stop_on_signals() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def start(model: Path, source: str, preview: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", STATION, str(model), source, str(preview)]
    # Buffered as for a user: an unbuffered stdout hides what a broken pipe does when Python ends.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["preview.avi", "preview.mp4"])
def test_a_signal_ends_a_station_cleanly_within_a_second(model, tmp_path, number, name):
    with MjpegServer() as camera, start(model, camera.url, tmp_path / name) as station:
        lines = [station.stdout.readline() for _ in range(10)]
        asked = time.monotonic()
        station.send_signal(number)
        rest, summary = station.communicate(timeout=20)
        took = time.monotonic() - asked

    told = [json.loads(line) for line in (*lines, *rest.splitlines())]
    assert (station.returncode, summary) == (0, f"stop {len(told)}\n")
    assert took < 1
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert frames_in(tmp_path / name) == len(told)


def test_a_signal_ends_a_station_that_waits_for_a_lost_camera(model, tmp_path):
    with MjpegServer() as camera, start(model, camera.url, tmp_path / "preview.avi") as station:
        station.stdout.readline()
        camera.switch_off()
        assert any("is lost" in complaint for complaint in station.stderr)
        asked = time.monotonic()
        station.terminate()
        station.communicate(timeout=20)

    assert station.returncode == 0
    assert time.monotonic() - asked < 1
    assert frames_in(tmp_path / "preview.avi") > 0


def test_a_killed_station_leaves_no_half_written_preview(model, tmp_path):
    with MjpegServer() as camera, start(model, camera.url, tmp_path / "preview.mp4") as station:
        for _ in range(10):
            station.stdout.readline()
        station.kill()
        station.communicate(timeout=20)

    assert not (tmp_path / "preview.mp4").exists()


def test_a_station_at_the_end_of_a_file_ends_with_code_0(model, recording, tmp_path):
    with start(model, str(recording.path), tmp_path / "preview.avi") as station:
        output, summary = station.communicate(timeout=60)

    assert (station.returncode, summary) == (0, f"end {FRAMES}\n")
    assert len(output.splitlines()) == frames_in(tmp_path / "preview.avi") == FRAMES


def test_a_reader_of_the_output_that_goes_away_ends_the_station_quietly(model, tmp_path):
    with MjpegServer() as camera, start(model, camera.url, tmp_path / "preview.avi") as station:
        station.stdout.readline()
        station.stdout.close()
        code = station.wait(20)
        complaints = station.stderr.read()

    assert code == 0
    assert re.fullmatch(r"sink \d+\n", complaints)
    assert frames_in(tmp_path / "preview.avi") > 0
