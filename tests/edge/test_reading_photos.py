"""Photos of digits on paper are read exactly, however they were taken."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgedigits.edge.reading.reader import DigitReader

PHOTOS = {"pencil_05221859.jpg": "05221859", "pen_13540.jpg": "13540"}


def turned(image, degrees):
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def scaled(image, factor):
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def lit(image, ramp):
    return np.clip(image * ramp, 0, 255).astype(np.uint8)


def noisy(image):
    return np.clip(image + np.random.default_rng(0).normal(0, 12, image.shape), 0, 255).astype(np.uint8)


def as_jpeg(image, quality):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


VARIANTS = {
    "as it is": lambda image: image,
    "grey": lambda image: cv2.cvtColor(image, cv2.COLOR_BGR2GRAY),
    "with an alpha channel": lambda image: cv2.cvtColor(image, cv2.COLOR_BGR2BGRA),
    "light on dark": lambda image: 255 - image,
    "half as large": lambda image: scaled(image, 0.5),
    "a third as large": lambda image: scaled(image, 0.33),
    "twice as large": lambda image: scaled(image, 2),
    "turned left": lambda image: turned(image, 5),
    "turned right": lambda image: turned(image, -5),
    "lit from the right": lambda image: lit(image, np.linspace(0.35, 1.2, image.shape[1])[None, :, None]),
    "lit from above": lambda image: lit(image, np.linspace(1.2, 0.35, image.shape[0])[:, None, None]),
    "a bad JPEG": lambda image: as_jpeg(image, 15),
    "noisy": noisy,
}


@pytest.fixture(scope="module")
def photos(data_folder):
    return {name: cv2.imread(str(data_folder / "photos" / name)) for name in PHOTOS}


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_photo_is_read_exactly(reader: DigitReader, photos, name, variant):
    assert reader.read(VARIANTS[variant](photos[name])).text == PHOTOS[name]


@pytest.mark.parametrize("name", PHOTOS)
def test_two_lines_are_read_from_top_to_bottom(reader: DigitReader, photos, name):
    image = photos[name]
    other = turned(image, 2)

    reading = reader.read(np.vstack([image, other]))

    assert reading.text == f"{PHOTOS[name]}\n{PHOTOS[name]}"


def test_boxes_lie_on_the_ink_in_pixels_of_the_picture(reader: DigitReader, photos):
    large = scaled(photos["pen_13540.jpg"], 2)

    digits = reader.read(large).digits

    lefts = [digit.box[0] / 2 for digit in digits]
    assert lefts == pytest.approx([171, 251, 384, 476, 582], abs=6)
    assert digits[0].box[3] / 2 == pytest.approx(102, abs=8)


def test_a_photo_file_is_turned_as_its_exif_data_say(reader: DigitReader, photos, tmp_path):
    sideways = cv2.rotate(photos["pen_13540.jpg"], cv2.ROTATE_90_COUNTERCLOCKWISE)
    data = cv2.imencode(".jpg", sideways)[1].tobytes()
    # An EXIF block of one entry: orientation (0x0112) 6, the camera was held a quarter turn to the left.
    tiff = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
    block = b"Exif\x00\x00" + tiff
    path = tmp_path / "photo.jpg"
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + data[2:])

    assert reader.read_file(path).text == "13540"
