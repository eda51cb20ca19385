"""What a reader reads of pictures that nobody cut: photos of cases, digits as files, and pictures without a digit.

    python tests/benchmarks/bench_reading.py SET [--model MODEL] [--limit N] [--json] [--show]

SET is one of

    whiteboard    $EDGEDIGITS_DATA/cases/whiteboard: phone photos of one digit each
    photos        $EDGEDIGITS_DATA/cases/photos and photos: their names say what is right
    digits        MNIST's test digits as 28x28 pictures, dark on white
    nothing       500 pictures made here without a digit: paper of all kinds, wood, letters, noise

and the figure is how many are read as they should be, or how many digits are read where there are none (a ``?`` is
none). A picture is read as `edgedigits predict` reads it, with no option given. ``--show`` prints a line for each that
is not right.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edgedigits.cli.reading_options import ReadingModel, ReadingOptions, opened_reader
from edgedigits.core.contract.finding import NOTHING_TOLD
from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge import load_image

PICTURES = 500
SEED = 20_261_129
COLUMN = {"dim_column": "1\n2\n3\n4\n5\n6\n7\n8\n9"}


def main() -> None:
    options = arguments()
    try:
        reader = opened_reader(
            ReadingModel().convert(options.model, None, None), None, NOTHING_TOLD, True, ReadingOptions()
        )
        report = measured(reader, options)
    except EdgedigitsError as error:
        sys.exit(f"Error: {error}")
    if options.json:
        print(json.dumps(report, indent=2))
        return
    print(
        f"{options.set}: {report['right']} of {report['pictures']} right, {report['empty']} empty, "
        f"{report['digits']} digits read, {report['milliseconds']:.1f} ms a picture"
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--show", action="store_true")
    return parser.parse_args()


def measured(reader, options) -> dict[str, object]:
    right = empty = digits = count = 0
    started = time.perf_counter()
    for name, image, truth in SETS[options.set]():
        if count == options.limit:
            break
        reading = reader.read(image)
        count += 1
        right += reading.text == truth
        empty += not reading.text
        digits += sum(not digit.rejected for digit in reading.digits)
        if options.show and reading.text != truth:
            print(f"{name}: {truth!r} read as {reading.text!r} {reading.why}")
    seconds = time.perf_counter() - started
    return {
        "set": options.set,
        "pictures": count,
        "right": right,
        "empty": empty,
        "digits": digits,
        "milliseconds": 1e3 * seconds / max(1, count),
    }


def data() -> Path:
    folder = os.environ.get("EDGEDIGITS_DATA")
    if not folder:
        raise EdgedigitsError("EDGEDIGITS_DATA is not set", "let it name the folder with cases, photos and mnist")
    return Path(folder)


def whiteboard() -> Iterator[tuple[str, np.ndarray, str]]:
    for path in sorted((data() / "cases" / "whiteboard").glob("*.jpg")):
        yield path.name, load_image(path), path.name[0]


def photos() -> Iterator[tuple[str, np.ndarray, str]]:
    for folder in ("cases/photos", "photos"):
        for path in sorted((data() / folder).iterdir()):
            yield path.name, load_image(path), truth_of(path.stem)


def truth_of(stem: str) -> str:
    """What a photo's name says is on it: its first or last word of digits."""
    if stem in COLUMN:
        return COLUMN[stem]
    words = [word for word in stem.split("_") if word.isdigit()]
    return words[0] if re.match(r"\d", stem) else words[-1]


def digits() -> Iterator[tuple[str, np.ndarray, str]]:
    test = split_dataset(load_dataset("mnist"), "default", 0).test
    for place, (image, label) in enumerate(zip(test.images, test.labels, strict=True)):
        yield f"digit {place}", 255 - image, str(label)


def nothing() -> Iterator[tuple[str, np.ndarray, str]]:
    draw = np.random.default_rng(SEED)
    for place in range(PICTURES):
        kind = KINDS[place % len(KINDS)]
        shape = [(480, 640), (720, 1280), (300, 400)][int(draw.integers(3))]
        yield f"{kind.__name__} {place}", kind(shape, draw), ""


Shape = tuple[int, int]
Draw = np.random.Generator


def lit(shape: Shape, draw: Draw, level: float | None = None) -> np.ndarray:
    """A ground with a slope of light and some noise, float32."""
    height, width = shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    ground = np.full(shape, draw.uniform(150, 245) if level is None else level, np.float32)
    ground += draw.uniform(-60, 60) * rows / height + draw.uniform(-60, 60) * columns / width
    return ground + draw.normal(0, draw.uniform(0.5, 5), shape).astype(np.float32)


def finished(picture: np.ndarray, draw: Draw) -> np.ndarray:
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    if draw.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), draw.uniform(0.4, 1.5))
    if draw.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(draw.integers(50, 95))]
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_GRAYSCALE)
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)


def blank(shape: Shape, draw: Draw) -> np.ndarray:
    return finished(lit(shape, draw), draw)


def ruled(shape: Shape, draw: Draw) -> np.ndarray:
    picture, apart = lit(shape, draw), int(draw.integers(18, 60))
    for row in range(int(draw.integers(apart)), shape[0], apart):
        cv2.line(picture, (0, row), (shape[1], row + int(draw.integers(-4, 5))), float(draw.uniform(90, 170)), 1)
    return finished(picture, draw)


def squared(shape: Shape, draw: Draw) -> np.ndarray:
    picture, apart = lit(shape, draw), int(draw.integers(14, 50))
    grey, pen = float(draw.uniform(90, 190)), int(draw.integers(1, 3))
    for row in range(int(draw.integers(apart)), shape[0], apart):
        cv2.line(picture, (0, row), (shape[1], row), grey, pen)
    for column in range(int(draw.integers(apart)), shape[1], apart):
        cv2.line(picture, (column, 0), (column, shape[0]), grey, pen)
    return finished(picture, draw)


def wood(shape: Shape, draw: Draw) -> np.ndarray:
    height, width = shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    bend = cv2.resize(draw.normal(0, 1, (5, 7)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    rings = np.sin(rows / draw.uniform(4, 14) + 3 * bend + columns / 200)
    grain = cv2.resize(draw.normal(0, 1, (height, max(2, width // 40))).astype(np.float32), (width, height))
    return finished(draw.uniform(90, 160) + 18 * rings + 10 * grain, draw)


def letters(shape: Shape, draw: Draw) -> np.ndarray:
    """A page of words in OpenCV's faces, without letters that look like a digit."""
    picture = lit(shape, draw)
    face = int(draw.integers(0, 8))
    scale, pen = draw.uniform(0.5, 1.6), int(draw.integers(1, 3))
    for row in range(40, shape[0] - 10, int(40 * scale + 14)):
        words = " ".join(
            "".join(draw.choice(list("ACDEFHKMNRTUVWXacdefhkmnrtuvwx"), int(draw.integers(3, 9))))
            for _ in range(max(1, int(shape[1] / (130 * scale))))
        )
        cv2.putText(picture, words, (20, row), face, scale, float(draw.uniform(10, 90)), pen, cv2.LINE_AA)
    return finished(picture, draw)


def typefaces(shape: Shape, draw: Draw) -> np.ndarray:
    """A few large words in Matplotlib's typefaces."""
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    fonts = sorted((Path(get_data_path()) / "fonts" / "ttf").glob("DejaVuS*.ttf"))
    image = Image.fromarray(np.clip(lit(shape, draw), 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for row in range(20, shape[0] - 60, int(draw.integers(60, 140))):
        size = int(draw.integers(18, 64))
        font = ImageFont.truetype(str(fonts[int(draw.integers(len(fonts)))]), size)
        word = "".join(draw.choice(list("ACDEFHKMNRTUVWXacdefhkmnrtuvwx"), int(draw.integers(3, 12))))
        pen.text((int(draw.integers(10, shape[1] // 2)), row), word, int(draw.integers(0, 90)), font)
    return finished(np.asarray(image, np.float32), draw)


def noise(shape: Shape, draw: Draw) -> np.ndarray:
    deviation = draw.uniform(5, 90)
    picture = draw.normal(128, deviation, shape).astype(np.float32)
    if draw.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), draw.uniform(0.8, 3)) * draw.uniform(1, 3) - 60
    return finished(picture, draw)


def sheet_on_desk(shape: Shape, draw: Draw) -> np.ndarray:
    picture = wood(shape, draw)[..., 0].astype(np.float32)
    height, width = shape
    corners = np.array([[0.2, 0.15], [0.85, 0.2], [0.8, 0.85], [0.15, 0.8]]) + draw.uniform(-0.1, 0.1, (4, 2))
    cv2.fillPoly(picture, [(corners * (width, height)).astype(np.int32)], float(draw.uniform(190, 250)), cv2.LINE_AA)
    return finished(picture, draw)


def boxes(shape: Shape, draw: Draw) -> np.ndarray:
    """An empty form: rows of boxes and words beside them."""
    picture = lit(shape, draw)
    side, pen, grey = int(draw.integers(24, 60)), int(draw.integers(1, 4)), float(draw.uniform(20, 150))
    for top in range(30, shape[0] - side, int(side * draw.uniform(1.6, 3))):
        cv2.putText(picture, "Name", (10, top + side // 2), cv2.FONT_HERSHEY_SIMPLEX, side / 60, grey, 1, cv2.LINE_AA)
        for place in range(int(draw.integers(3, 10))):
            left = 30 + 2 * side + place * side
            cv2.rectangle(picture, (left, top), (left + side, top + side), grey, pen)
    return finished(picture, draw)


KINDS = (blank, ruled, squared, wood, letters, typefaces, noise, sheet_on_desk, boxes)
SETS = {"whiteboard": whiteboard, "photos": photos, "digits": digits, "nothing": nothing}


if __name__ == "__main__":
    main()
