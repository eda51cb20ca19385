"""Pages made by code: digits of every size are found, and what is no writing is read as nothing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgedigits.edge.reading.annotation import READ, REJECTED, annotate
from edgedigits.edge.reading.reader import DigitReader
from edgedigits.edge.reading.reading import Digit, Reading

HEIGHT, WIDTH = 720, 1280


def page(brightness=215.0, noise=3.0, shape=(HEIGHT, WIDTH)):
    return brightness + np.random.default_rng(1).normal(0, noise, shape) if noise else np.full(shape, brightness)


def as_bytes(picture):
    return np.clip(picture, 0, 255).astype(np.uint8)


def written(picture, digits, top, left, height, pitch):
    """The page with MNIST digits (28x28, bright) written on it in ink, ``pitch`` pixels apart."""
    result = picture.copy()
    for position, digit in enumerate(digits):
        glyph = cv2.resize(digit, (height, height), interpolation=cv2.INTER_AREA)
        x = left + position * pitch
        result[top : top + height, x : x + height] -= glyph * 0.7
    return result


def ruled(spacing, thickness, degrees, squared):
    side = WIDTH + 400
    rows, columns = np.mgrid[:side, :side]
    picture = np.full((side, side), 225, np.float32)
    picture[(rows + 7) % spacing < thickness] = 120
    if squared:
        picture[(columns + 5) % spacing < thickness] = 120
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, 1)
    cut = cv2.warpAffine(picture, matrix, (side, side))[300 : 300 + HEIGHT, 200 : 200 + WIDTH]
    return cut + np.random.default_rng(2).normal(0, 3, cut.shape)


@pytest.fixture(scope="module")
def sixteen(mnist_training_digits):
    """Sixteen training images that any usable network knows, and their labels."""
    images, labels = mnist_training_digits
    return images[20:36], "".join(str(label) for label in labels[20:36])


@pytest.mark.parametrize("height", [28, 60, 100, 150])
def test_a_line_of_mnist_digits_is_read(reader: DigitReader, sixteen, height):
    images, labels = sixteen
    pitch = min(int(height * 1.3), 155)

    reading = reader.read(as_bytes(written(page(), images[:8], 250, 20, height, pitch)))

    assert reading.text == labels[:8]


def test_small_digits_in_a_small_picture_are_read(reader: DigitReader, sixteen):
    images, labels = sixteen

    reading = reader.read(as_bytes(written(page(shape=(60, 200)), images[:6], 20, 10, 22, 30)))

    assert reading.text == labels[:6]


def test_one_digit_nearly_as_high_as_the_picture_is_read(reader: DigitReader, sixteen):
    images, labels = sixteen

    reading = reader.read(as_bytes(written(page(), images[:1], 10, 300, 700, 0)))

    assert reading.text == labels[0]


def test_two_lines_are_read_in_order_light_on_dark(reader: DigitReader, sixteen):
    images, labels = sixteen
    picture = written(page(), images[:8], 100, 60, 90, 130)
    picture = written(picture, images[8:], 400, 60, 90, 130)

    reading = reader.read(255 - as_bytes(picture))

    assert reading.text == f"{labels[:8]}\n{labels[8:]}"


def test_a_slanting_line_stays_one_line(reader: DigitReader, sixteen):
    images, labels = sixteen
    picture = as_bytes(written(page(noise=0), images[:8], 320, 100, 80, 130))
    matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 6, 1)

    reading = reader.read(cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE))

    assert len(reading.lines) == 1
    assert reading.text == labels[:8]


def test_dots_and_a_closing_dash_are_not_read(reader: DigitReader, sixteen):
    images, labels = sixteen
    picture = written(page(), images[:4], 300, 100, 90, 130)
    cv2.circle(picture, (345, 378), 6, 60, -1)
    cv2.line(picture, (640, 345), (700, 343), 60, 7)

    assert reader.read(as_bytes(picture)).text == labels[:4]


def test_digits_on_ruled_paper_are_read(reader: DigitReader, sixteen):
    images, labels = sixteen
    picture = written(ruled(90, 2, 0.5, squared=False), images[:8], 296, 60, 90, 130)

    assert reader.read(as_bytes(picture)).text == labels[:8]


@pytest.mark.parametrize("brightness", [0, 128, 255])
def test_a_blank_page_reads_as_nothing(reader: DigitReader, brightness):
    assert reader.read(as_bytes(page(brightness, 0))).text == ""


@pytest.mark.parametrize("deviation", [3, 10, 25])
def test_sensor_noise_reads_as_nothing(reader: DigitReader, deviation):
    assert reader.read(as_bytes(page(150, deviation))).text == ""


def test_a_coarse_texture_reads_as_nothing_and_no_piece_of_it_goes_to_the_model(reader: DigitReader):
    texture = np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH), np.uint8)

    assert reader.read(texture).digits == ()


def test_uneven_light_reads_as_nothing(reader: DigitReader):
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    vignette = 230 * np.exp(-((rows - HEIGHT / 2) ** 2 + (columns - WIDTH / 2) ** 2) / (2 * 600**2))
    for light in (np.broadcast_to(np.linspace(40, 240, WIDTH), (HEIGHT, WIDTH)), vignette):
        assert reader.read(as_bytes(light + page(0, 3))).text == ""


@pytest.mark.parametrize("degrees", [0, 1.5, -3])
@pytest.mark.parametrize("squared", [False, True], ids=["ruled", "squared"])
@pytest.mark.parametrize("spacing", [36, 60, 90])
def test_ruled_and_squared_paper_reads_as_nothing(reader: DigitReader, spacing, squared, degrees):
    assert reader.read(as_bytes(ruled(spacing, 2, degrees, squared))).text == ""


def test_a_frame_and_a_sheet_on_a_dark_table_read_as_nothing(reader: DigitReader):
    frame = page()
    cv2.rectangle(frame, (200, 150), (1000, 550), 40, 3)
    cv2.line(frame, (200, 300), (1000, 300), 40, 3)
    cv2.line(frame, (600, 150), (600, 550), 40, 3)
    sheet = page(60)
    sheet[100:600, 200:1000] += 160
    for picture in (frame, sheet):
        assert reader.read(as_bytes(picture)).text == ""


def test_an_annotated_picture_shows_read_and_rejected_digits():
    picture = np.full((100, 200), 255, np.uint8)
    digits = (Digit((10, 40, 30, 50), 3, 0.97), Digit((100, 40, 30, 50), 5, 0.2, rejected=True))

    drawn = annotate(picture, Reading((digits,)))

    assert drawn.shape == (100, 200, 3)
    assert tuple(drawn[60, 10]) == READ
    assert tuple(drawn[60, 100]) == REJECTED
    assert picture.min() == 255, "the picture itself stays as it is"
