"""Where pictures come from, and what a user is told when they do not come."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from mjpeg_server import MjpegServer

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge import Camera, ImageFolder, PiCamera, Source, Stream, VideoFile, open_source
from edgedigits.edge.recordings.video_writer import VideoWriter
from edgedigits.edge.sources.usb_camera import cameras

FRAMES = 12


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    """Twelve grey frames of 160x120 at 10 frames a second; frame n has brightness 20 n."""
    path = tmp_path_factory.mktemp("video") / "grey.avi"
    with VideoWriter(path) as writer:
        for number in range(FRAMES):
            writer.write(np.full((120, 160, 3), 20 * number, np.uint8), 10.0)
    return path


def read_all(source: Source) -> list[float]:
    """Brightness of every picture of a source."""
    with source:
        return [float(image.mean()) for image in source]


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("0", Camera),
        ("/dev/video3", Camera),
        ("picamera", PiCamera),
        ("picamera:1", PiCamera),
        ("http://camera.local/live.mjpg", Stream),
        ("rtsp://camera.local:554/stream1", Stream),
    ],
)
def test_one_word_names_a_live_source(spec, kind):
    source = open_source(spec)

    assert type(source) is kind and source.live


def test_a_video_is_read_frame_by_frame_to_its_end(video):
    source = open_source(str(video))

    assert isinstance(source, VideoFile) and not source.live
    assert read_all(source) == pytest.approx([20 * number for number in range(FRAMES)], abs=3)


def test_a_video_tells_its_rate_and_where_it_is(video):
    with open_source(str(video)) as source:
        positions = [source.position for _ in range(FRAMES) if source.read() is not None]

        assert source.rate == pytest.approx(10)
    assert positions == pytest.approx([number / 10 for number in range(FRAMES)])


def test_a_source_opened_again_starts_again(video):
    source = open_source(str(video))

    assert read_all(source) == read_all(source)


def test_the_pictures_of_a_folder_come_in_natural_order(tmp_path):
    for number in (10, 9, 1):
        cv2.imwrite(str(tmp_path / f"page {number}.png"), np.full((30, 40, 3), number, np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "._page 1.png").write_bytes(b"what macOS leaves on a USB stick")

    source = open_source(str(tmp_path))

    assert isinstance(source, ImageFolder)
    assert read_all(source) == [1, 9, 10]


def test_grey_pictures_come_with_three_channels(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((30, 40), 7, np.uint8))

    with open_source(str(tmp_path)) as source:
        assert source.read().shape == (30, 40, 3)


def test_a_folder_without_pictures_is_an_error(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")

    with (
        pytest.raises(EdgedigitsError, match=r"no picture in .*, which holds notes\.txt; .*\.png"),
        open_source(str(tmp_path)),
    ):
        pass


@pytest.mark.parametrize(("content", "says"), [(b"", "is empty"), (b"not a picture", "is text, not a picture")])
def test_a_damaged_picture_is_named(tmp_path, content, says):
    (tmp_path / "broken.png").write_bytes(content)

    with pytest.raises(EdgedigitsError, match=rf"broken\.png {says}.*or remove it"):
        read_all(open_source(str(tmp_path)))


def test_a_missing_video_lists_the_videos_beside_it(video):
    with pytest.raises(EdgedigitsError, match=r"no source .*gray\.avi.*holds grey\.avi"):
        open_source(str(video.with_name("gray.avi")))


def test_a_missing_source_tells_what_can_be_given(tmp_path):
    with pytest.raises(EdgedigitsError, match=r"holds no video; give a camera's number, `picamera`, .* or a video"):
        open_source(str(tmp_path / "webcam"))


def test_the_folder_that_is_worked_in_is_named_in_words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EdgedigitsError, match=r", this folder holds no video; give"):
        open_source("nope.mp4")
    with pytest.raises(EdgedigitsError, match=r"^this folder is empty"), open_source("."):
        pass

    (tmp_path / "seen.avi").touch()
    with pytest.raises(EdgedigitsError, match=r", this folder holds seen\.avi; give"):
        open_source("nope.mp4")
    with pytest.raises(EdgedigitsError, match=r"^no picture in this folder, which holds seen\.avi"), open_source("."):
        pass


def test_a_single_picture_is_sent_to_predict(tmp_path):
    cv2.imwrite(str(tmp_path / "photo.png"), np.zeros((30, 40, 3), np.uint8))

    with pytest.raises(EdgedigitsError, match="is one picture; `edgedigits predict`"):
        open_source(str(tmp_path / "photo.png"))


def test_a_file_that_is_no_video_is_an_error(tmp_path):
    (tmp_path / "letter.mp4").write_text("Dear camera,")

    with pytest.raises(EdgedigitsError, match=r"letter\.mp4 is not a video"), open_source(str(tmp_path / "letter.mp4")):
        pass


def test_a_video_cut_short_is_an_error_after_the_frames_it_has(tmp_path):
    cut = tmp_path / "cut.avi"
    random = np.random.default_rng(0)
    with VideoWriter(cut) as writer:
        for _ in range(FRAMES):
            writer.write(random.integers(0, 256, (120, 160, 3), np.uint8), 10.0)
    data = cut.read_bytes()
    cut.write_bytes(data[: len(data) // 2])

    with open_source(str(cut)) as source:
        read = 0
        with pytest.raises(EdgedigitsError, match=rf"cut\.avi ends after \d of {FRAMES} frames; .*cut short"):
            for _ in source:
                read += 1
    assert read > 0


def test_a_camera_that_does_not_exist_lists_what_was_found():
    with pytest.raises(EdgedigitsError, match=r"no camera 97; found .*--source picamera"), open_source("97"):
        pass


def test_cameras_are_listed_with_their_names_in_order(tmp_path):
    for entry, name in {"video10": "HD Webcam", "video2": "bcm2835-codec", "v4l-subdev0": "unicam"}.items():
        (tmp_path / entry).mkdir()
        (tmp_path / entry / "name").write_text(f"{name}\n")

    assert cameras(tmp_path) == ["/dev/video2 (bcm2835-codec)", "/dev/video10 (HD Webcam)"]


def test_a_machine_without_video_devices_has_no_cameras(tmp_path):
    assert cameras(tmp_path / "video4linux") == []


@pytest.mark.skipif(importlib.util.find_spec("picamera2") is not None, reason="picamera2 is installed here")
def test_a_pi_camera_without_picamera2_says_how_to_get_it():
    with pytest.raises(EdgedigitsError, match=r"apt install python3-picamera2.*--system-site-packages"):
        open_source("picamera").open()


def test_a_stream_delivers_pictures():
    with MjpegServer() as camera, open_source(camera.url) as source:
        first, second = source.read(), source.read()

    assert first.shape == second.shape == (120, 160, 3)
    assert second.mean() - first.mean() == pytest.approx(8, abs=2)


def test_a_stream_that_nobody_serves_is_an_error_that_keeps_the_password():
    started = time.monotonic()
    source = open_source("http://me:secret@127.0.0.1:9/live")

    with pytest.raises(EdgedigitsError, match="no video stream at http://me:") as error:
        source.open()
    assert "secret" not in str(error.value)
    assert time.monotonic() - started < 5


def test_opencv_and_ffmpeg_do_not_write_to_the_terminal(video, tmp_path):
    (tmp_path / "letter.mp4").write_text("Dear camera,")
    (tmp_path / "cut.avi").write_bytes(video.read_bytes()[:4000])
    program = """
import sys
from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.sources.registry import open_source
for spec in (*sys.argv[1:], "http://127.0.0.1:9/live", "97"):
    try:
        open_source(spec).open()
    except EdgedigitsError:
        print("refused")
"""
    files = [str(tmp_path / "letter.mp4"), str(tmp_path / "cut.avi")]
    done = subprocess.run([sys.executable, "-c", program, *files], capture_output=True, text=True, check=True)

    assert done.stdout == "refused\n" * 4
    assert done.stderr == ""
