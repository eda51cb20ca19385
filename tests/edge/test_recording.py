"""Recordings composed from real digits, and videos that are written whole or not at all."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.recordings.recording import Recording, compose_recording, read_recording
from edgedigits.edge.recordings.video_writer import VideoWriter
from edgedigits.edge.sources.registry import open_source

SIZE = (640, 360)


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Printed digits in MNIST's form, twenty of each."""
    images = np.zeros((200, 28, 28), np.uint8)
    for number, image in enumerate(images):
        cv2.putText(image, str(number % 10), (6, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2, cv2.LINE_AA)
    return images, np.arange(200) % 10


def frames_of(path: Path) -> list[np.ndarray]:
    with open_source(str(path)) as source:
        return list(source)


@pytest.fixture(scope="module")
def recording(digits, tmp_path_factory) -> Recording:
    path = tmp_path_factory.mktemp("recording") / "digits.avi"
    return compose_recording(*digits, path, size=SIZE, digits=6, frames=24, hold=8, seed=3)


def test_a_recording_has_the_frames_the_size_and_the_rate_it_tells(recording):
    with open_source(str(recording.path)) as source:
        shape, rate = source.read().shape, source.rate

    assert shape == (360, 640, 3)
    assert rate == recording.rate == 30
    assert len(frames_of(recording.path)) == len(recording.texts) == 24


def test_each_sheet_holds_the_asked_number_of_digits_for_the_asked_number_of_frames(recording):
    sheets = [recording.texts[start : start + 8] for start in (0, 8, 16)]

    assert [len(set(texts)) for texts in sheets] == [1, 1, 1]
    assert len(set(recording.texts)) == 3
    assert {len(text.replace("\n", "")) for text in recording.texts} == {6}


def test_digits_stand_in_one_line_or_two(digits, tmp_path):
    recording = compose_recording(*digits, tmp_path / "many.avi", size=(160, 120), digits=4, frames=12, hold=1)

    assert {text.count("\n") for text in recording.texts} == {0, 1}


def test_ink_is_dark_on_light_paper_under_uneven_light(recording):
    grey = cv2.cvtColor(frames_of(recording.path)[0], cv2.COLOR_BGR2GRAY).astype(int)
    corners = [int(np.median(grey[y, x])) for y in (np.s_[:20], np.s_[-20:]) for x in (np.s_[:20], np.s_[-20:])]

    assert np.median(grey) > 150
    assert 0.005 < (grey < 100).mean() < 0.2
    assert max(corners) - min(corners) > 10


def test_the_hand_drifts_between_frames_of_one_sheet(recording):
    masks = [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) < 100 for frame in frames_of(recording.path)[:8]]
    columns = [np.nonzero(mask)[1].mean() for mask in masks]

    assert 0.5 < max(columns) - min(columns) < 20


def test_one_seed_gives_one_video_another_seed_another(digits, tmp_path):
    def compose(name: str, seed: int) -> bytes:
        compose_recording(*digits, tmp_path / name, size=(160, 120), digits=3, frames=4, seed=seed)
        return (tmp_path / name).read_bytes()

    assert compose("a.avi", 5) == compose("b.avi", 5) != compose("c.avi", 6)


def test_the_truth_beside_the_video_says_what_was_composed(recording):
    assert read_recording(recording.path) == recording


def test_frames_read_exactly_are_counted(recording):
    read = dict(enumerate(recording.texts))
    del read[0]
    read[1] = "no"

    assert recording.exact(read) == 22


def test_a_recording_without_truth_is_an_error(tmp_path):
    with pytest.raises(EdgedigitsError, match=r"no truth at .*holiday\.json"):
        read_recording(tmp_path / "holiday.avi")


@pytest.mark.parametrize("content", ["", "[]", '{"size": [640]}'])
def test_a_damaged_truth_is_an_error(tmp_path, content):
    (tmp_path / "digits.json").write_text(content)

    with pytest.raises(EdgedigitsError, match="is not the truth of a recording"):
        read_recording(tmp_path / "digits.avi")


def test_images_and_labels_that_do_not_fit_are_refused(digits, tmp_path):
    images, labels = digits

    with pytest.raises(EdgedigitsError, match="199 labels for images"):
        compose_recording(images, labels[1:], tmp_path / "digits.avi")
    with pytest.raises(EdgedigitsError, match="type float32"):
        compose_recording(images.astype(np.float32), labels, tmp_path / "digits.avi")
    assert list(tmp_path.iterdir()) == []


def test_a_recording_of_mnist_digits_is_read(data_folder, tmp_path):
    model = Path(str(files("edgedigits.core.pretrained"))) / "small" / "model.int8.tflite"
    if not model.is_file():
        pytest.skip(f"no bundled model at {model}")
    from edgedigits.core.datasets.formats.idx import read_idx_pair
    from edgedigits.edge.loop.loop import Transcript, run_loop
    from edgedigits.edge.reading.reader import DigitReader

    mnist = data_folder / "mnist"
    test = read_idx_pair(mnist / "t10k-images-idx3-ubyte.gz", mnist / "t10k-labels-idx1-ubyte.gz")
    recording = compose_recording(test.images, test.labels, tmp_path / "mnist.mp4", frames=40, hold=2, seed=1)
    transcript = Transcript()

    run_loop(DigitReader(model), open_source(str(recording.path)), [transcript])

    assert recording.exact(transcript.texts) >= 0.75 * 40


@pytest.mark.parametrize("name", ["a.avi", "b.mp4"])
def test_a_video_appears_only_when_it_is_closed(tmp_path, name):
    with VideoWriter(tmp_path / name) as writer:
        for number in range(5):
            writer.write(np.full((120, 160, 3), 40 * number, np.uint8), 25.0)
        assert not (tmp_path / name).exists()

    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert len(frames_of(tmp_path / name)) == 5


def test_what_was_seen_before_an_error_is_kept(tmp_path):
    with pytest.raises(RuntimeError), VideoWriter(tmp_path / "a.avi") as writer:
        writer.write(np.zeros((120, 160, 3), np.uint8), 25.0)
        raise RuntimeError

    assert len(frames_of(tmp_path / "a.avi")) == 1


def test_a_frame_of_another_size_is_scaled_to_the_first(tmp_path):
    with VideoWriter(tmp_path / "a.avi") as writer:
        writer.write(np.zeros((120, 160, 3), np.uint8), 25.0)
        writer.write(np.zeros((480, 640, 3), np.uint8), 25.0)

    assert [frame.shape for frame in frames_of(tmp_path / "a.avi")] == [(120, 160, 3)] * 2


def test_a_video_without_frames_makes_no_file(tmp_path):
    with VideoWriter(tmp_path / "a.avi"):
        pass

    assert list(tmp_path.iterdir()) == []


def test_a_video_that_exists_is_replaced_only_by_force(tmp_path):
    path = tmp_path / "a.avi"
    path.write_bytes(b"precious")

    with pytest.raises(EdgedigitsError, match=r"a\.avi exists; .*--force"):
        VideoWriter(path)
    with VideoWriter(path, force=True) as writer:
        writer.write(np.zeros((120, 160, 3), np.uint8), 25.0)
    assert len(frames_of(path)) == 1


def test_another_container_is_refused(tmp_path):
    with pytest.raises(EdgedigitsError, match=r"end in \.avi or \.mp4"):
        VideoWriter(tmp_path / "a.gif")


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(EdgedigitsError, match="cannot write"):
        VideoWriter(tmp_path / "file" / "a.avi").write(np.zeros((120, 160, 3), np.uint8), 25.0)


LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.recordings.video_writer import VideoWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
random = np.random.default_rng(0)
frames = 0
try:
    with VideoWriter(Path(sys.argv[1])) as writer:
        while frames < int(sys.argv[2]):
            writer.write(random.integers(0, 256, (240, 320, 3), np.uint8), 25.0)
            frames += 1
except EdgedigitsError as error:
    print(frames, error)
"""


def write_limited(path: Path, frames: int) -> str:
    command = [sys.executable, "-c", LIMITED, str(path), str(frames)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_disk_that_takes_no_more_is_an_error_and_what_plays_is_kept(tmp_path):
    told = write_limited(tmp_path / "a.avi", 40)

    kept = int(re.search(r"only (\d+) of 40 frames could be written", told)[1])
    assert 1 <= kept < 40
    assert [path.name for path in tmp_path.iterdir()] == ["a.avi"]
    assert len(frames_of(tmp_path / "a.avi")) == kept


def test_an_mp4_without_its_end_plays_nowhere_and_is_not_kept(tmp_path):
    assert "only 0 of 40 frames could be written" in write_limited(tmp_path / "b.mp4", 40)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_does_not_grow_any_more_ends_the_recording_long_before_its_end(tmp_path):
    told = write_limited(tmp_path / "a.avi", 5000)

    assert 0 < int(told.split()[0]) < 300


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("name", ["a.avi", "b.mp4"])
def test_a_full_disk_ends_a_recording_at_once_and_all_that_was_written_plays(small_disk, name):
    random = np.random.default_rng(0)
    frames = 0

    with pytest.raises(EdgedigitsError, match=r"no room left .* is kept"), VideoWriter(small_disk / name) as writer:
        for _ in range(1000):
            writer.write(random.integers(0, 256, (240, 320, 3), np.uint8), 25.0)
            frames += 1

    assert 10 < frames < 1000
    assert [path.name for path in small_disk.iterdir()] == [name]
    assert len(frames_of(small_disk / name)) == frames


def test_a_full_disk_during_the_first_frames_of_a_live_source_is_one_error(small_disk):
    (small_disk / "full").write_bytes(bytes(3_500_000))

    with pytest.raises(EdgedigitsError, match="no room left"), VideoWriter(small_disk / "a.avi") as writer:
        for number in range(3):
            writer.write(np.zeros((120, 160, 3), np.uint8), 25.0, number / 10)

    assert [path.name for path in small_disk.iterdir()] == ["full"]


KILLED = """
import os, sys
from pathlib import Path
import numpy as np
from edgedigits.edge.recordings.video_writer import VideoWriter
writer = VideoWriter(Path(sys.argv[1]))
random = np.random.default_rng(0)
for _ in range(60):
    writer.write(random.integers(0, 256, (240, 320, 3), np.uint8), 25.0)
if sys.argv[2] == "die":
    os.kill(os.getpid(), 9)
print("writing", flush=True)
sys.stdin.read()
"""


def one_frame(path: Path) -> None:
    with VideoWriter(path, force=True) as writer:
        writer.write(np.zeros((120, 160, 3), np.uint8), 25.0)


def test_the_next_recording_keeps_what_a_killed_one_left_of_an_avi(tmp_path, caplog):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a.avi"), "die"], check=False)

    one_frame(tmp_path / "a.avi")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-interrupted-1.avi", "a.avi"]
    assert len(frames_of(tmp_path / "a-interrupted-1.avi")) > 50
    assert "a-interrupted-1.avi" in caplog.text


def test_the_next_recording_removes_what_a_killed_one_left_of_an_mp4(tmp_path, caplog):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a.mp4"), "die"], check=False)

    one_frame(tmp_path / "a.mp4")

    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert "nothing of it can be played" in caplog.text


def test_a_recording_that_another_program_is_writing_is_left_alone(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "a.avi"), "live"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        one_frame(tmp_path / "a.avi")
        names = [path.suffix for path in tmp_path.iterdir()]
        other.kill()

    assert len(names) == 2
    assert not list(tmp_path.glob("*interrupted*"))
