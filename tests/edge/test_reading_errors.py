"""Bad pictures and settings get an error that says what to do."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.reading import pictures
from edgedigits.edge.reading.reader import DigitReader
from edgedigits.edge.reading.reading import Digit, Reading


def test_a_missing_file(reader: DigitReader, tmp_path):
    with pytest.raises(EdgedigitsError, match="no picture at"):
        reader.read_file(tmp_path / "none.png")


def test_a_folder(reader: DigitReader, tmp_path):
    with pytest.raises(EdgedigitsError, match="is a folder; name its pictures"):
        reader.read_file(tmp_path)


def test_an_empty_file(reader: DigitReader, tmp_path):
    path = tmp_path / "empty.png"
    path.write_bytes(b"")
    with pytest.raises(EdgedigitsError, match="is empty"):
        reader.read_file(path)


def test_text_that_is_called_png(reader: DigitReader, tmp_path):
    path = tmp_path / "text.png"
    path.write_text("seven")
    with pytest.raises(EdgedigitsError, match="is text, not a picture"):
        reader.read_file(path)


def test_a_png_that_was_cut_short(reader: DigitReader, tmp_path):
    data = cv2.imencode(".png", np.random.default_rng(0).integers(0, 256, (50, 50), np.uint8))[1].tobytes()
    path = tmp_path / "short.png"
    path.write_bytes(data[:20])
    with pytest.raises(EdgedigitsError, match="damaged"):
        reader.read_file(path)


def test_a_picture_without_pixels(reader: DigitReader):
    with pytest.raises(EdgedigitsError, match="no pixels"):
        reader.read(np.zeros((0, 20), np.uint8))


def test_floats(reader: DigitReader):
    with pytest.raises(EdgedigitsError, match="give uint8"):
        reader.read(np.zeros((20, 20)))


def test_two_channels(reader: DigitReader):
    with pytest.raises(EdgedigitsError, match="give uint8"):
        reader.read(np.zeros((20, 20, 2), np.uint8))


def test_a_picture_of_absurd_size(reader: DigitReader):
    # A broadcast array has the shape without the memory.
    huge = np.broadcast_to(np.uint8(255), (20_000, 20_000))
    with pytest.raises(EdgedigitsError, match="20000x20000"):
        reader.read(huge)


def test_a_file_of_absurd_size(reader: DigitReader, tmp_path, monkeypatch):
    path = tmp_path / "large.png"
    cv2.imwrite(str(path), np.full((50, 50), 255, np.uint8))
    monkeypatch.setattr(pictures, "MOST_PIXELS", 2000)
    with pytest.raises(EdgedigitsError, match="50x50"):
        reader.read_file(path)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (5, 5), (7, 9, 1)])
def test_tiny_pictures_read_as_nothing(reader: DigitReader, shape):
    assert reader.read(np.full(shape, 200, np.uint8)).text == ""


@pytest.mark.parametrize("threshold", [-0.1, 1.1])
def test_a_reject_threshold_outside_0_to_1(reader: DigitReader, threshold):
    with pytest.raises(EdgedigitsError, match="between 0 and 1"):
        DigitReader(reader.model, reject_below=threshold)


def test_a_missing_model(tmp_path):
    with pytest.raises(EdgedigitsError, match="no model at"):
        DigitReader(tmp_path / "none.tflite")


def test_a_rejected_digit_is_a_question_mark_in_the_text():
    sure, unsure = Digit((0, 0, 5, 9), 4, 0.9), Digit((9, 0, 5, 9), 2, 0.3, rejected=True)

    reading = Reading(((sure, unsure), (sure,)))

    assert reading.text == "4?\n4"
    assert reading.as_dict()["digits"][1] == {"box": [9, 0, 5, 9], "label": 2, "confidence": 0.3, "rejected": True}


def test_everything_is_rejected_below_a_threshold_of_one(reader: DigitReader, mnist_training_digits):
    images, _ = mnist_training_digits
    picture = 255 - cv2.copyMakeBorder(cv2.resize(images[20], (80, 80)), 60, 60, 60, 60, cv2.BORDER_CONSTANT)

    strict = DigitReader(reader.model, reject_below=1.0)

    assert strict.read(picture).text == "?"


def test_what_is_no_array_is_a_clear_error(reader):
    with pytest.raises(EdgedigitsError, match=r"NoneType.*cv2.imread gives None"):
        reader.read(None)


def test_transparent_picture_is_read_as_ink_on_white_paper(reader, tmp_path):
    import cv2

    from edgedigits.edge import load_image

    picture = np.zeros((60, 60, 4), np.uint8)
    cv2.line(picture, (30, 10), (30, 50), (0, 0, 0, 255), 5)
    cv2.imwrite(str(tmp_path / "ink.png"), picture)
    loaded = load_image(tmp_path / "ink.png")
    assert loaded[0, 0].tolist() == [255, 255, 255]
    assert loaded[30, 30].tolist() == [0, 0, 0]
    assert reader.read(picture).text == reader.read(loaded).text
