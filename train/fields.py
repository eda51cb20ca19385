"""Pictures as a reader of fields and photos cuts them out, made of labelled digits: the augmentation ``reading``.

A reader that cuts a written number into digits meets strokes of other pens, remnants of neighbours, base lines and
specks; and where it cuts wrongly, pictures that are no digit at all. The first are made here with their label, the
second with the same target for all ten digits, so that a wrong cut gets a low confidence. Shares and ranges were
chosen on cheque fields and photos that are used for no report.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets import Digits
from edgedigits.core.digit import CLASSES, SIDE, normalise

Picture = NDArray[np.uint8]

PLAIN_SHARE = 1 / 6
"""Of the pictures, those that stay as they are."""

FALSE_CUT_SHARE = 0.3
"""Of the rest, those that are no digit."""

SMOOTHING = 0.03
"""Share of the target that is spread over all ten digits where the picture is one."""

_HEIGHT = 56  # pixels in which strokes are drawn: enough that a pixel more or less is a small change of the pen
_INK = 60
_WHITE = (255,)


@dataclass(frozen=True)
class _Hand:
    """How one writer writes: slant, width factor, rotation in degrees, pixels of pen more or less."""

    slant: float
    width: float
    rotation: float
    pen: int


def field_pictures(digits: Digits, indices: NDArray[np.intp], seed: int) -> tuple[Picture, NDArray[np.float32]]:
    """Make a picture for each index.

    Args:
        digits: where the strokes are taken from.
        indices: which digits the pictures show (or start from, where they show none).
        seed: of everything that is drawn by lot.

    Returns:
        uint8 of shape (count, 28, 28), normalised, and float32 targets of shape (count, 10) that sum to 1.
    """
    draw = np.random.default_rng(seed)
    images = np.empty((len(indices), SIDE, SIDE), np.uint8)
    targets = np.full((len(indices), CLASSES), SMOOTHING / CLASSES, np.float32)
    for place, index in enumerate(indices):
        label = int(digits.labels[index])
        if draw.random() < PLAIN_SHARE:
            images[place] = digits.images[index]
        elif draw.random() >= FALSE_CUT_SHARE:
            images[place] = _scanned(_digit_with_remnants(digits, int(index), draw), draw)
        else:
            images[place] = _scanned(_no_digit(digits, int(index), draw), draw)
            targets[place] = 1 / CLASSES
            continue
        targets[place, label] += 1 - SMOOTHING
    return images, targets


def _hand(draw: np.random.Generator) -> _Hand:
    return _Hand(
        draw.uniform(-0.25, 0.55),
        math.exp(draw.normal(0.05, 0.18)),
        draw.uniform(-8, 8),
        int(draw.choice([-2, -1, 0, 0, 0, 1, 2, 3])),
    )


def _written(image: Picture, hand: _Hand, draw: np.random.Generator) -> Picture:
    """The digit 56 pixels high in that hand, cropped to its ink; no two are written quite alike."""
    crop = _ink_box(image, 0)
    scale = _HEIGHT / max(crop.shape[0], 0.6 * crop.shape[1])
    size = (max(3, round(crop.shape[1] * scale * hand.width)), max(3, round(crop.shape[0] * scale)))
    large = cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC)
    frame = _HEIGHT // 2
    large = cv2.copyMakeBorder(large, frame, frame, frame, frame, cv2.BORDER_CONSTANT)
    angle = math.radians(hand.rotation + draw.normal(0, 3))
    slant = hand.slant + draw.normal(0, 0.05)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.array([[1, -slant], [0, 1]])
    centre = np.array([large.shape[1] / 2, large.shape[0] / 2])
    move = np.column_stack([matrix, centre - matrix @ centre])
    turned = cv2.warpAffine(large, move, (large.shape[1], large.shape[0])).astype(np.uint8)
    return _ink_box(_with_pen(turned, hand.pen), _INK)


def _with_pen(picture: Picture, pen: int) -> Picture:
    """Strokes thicker or thinner by ``pen`` pixels on either side, unless nothing would be left of them."""
    if pen == 0:
        return picture
    tip = cv2.getStructuringElement(cv2.MORPH_ELLIPSE if abs(pen) > 1 else cv2.MORPH_RECT, (2 * abs(pen) + 1,) * 2)
    changed = (cv2.dilate(picture, tip) if pen > 0 else cv2.erode(picture, tip)).astype(np.uint8)
    return changed if np.count_nonzero(changed > 100) > _INK else picture


def _ink_box(picture: Picture, above: int) -> Picture:
    """The picture cut to the pixels brighter than ``above``; unchanged where there are none."""
    left, top, width, height = cv2.boundingRect((picture > above).astype(np.uint8))
    return picture[top : top + height, left : left + width] if width and height else picture


def _side_by_side(left: Picture, right: Picture, gap: float, draw: np.random.Generator) -> tuple[Picture, int, int]:
    """Two glyphs with ``gap`` (in heights, negative for an overlap) between them.

    Returns:
        The picture, the column where the left glyph ends and the one where the right glyph starts.
    """
    start = max(0, left.shape[1] + round(gap * _HEIGHT))
    rise = round((left.shape[0] - right.shape[0]) / 2 + draw.normal(0, 0.08) * _HEIGHT)
    top_left, top_right = max(0, -rise), max(0, rise)
    height = max(top_left + left.shape[0], top_right + right.shape[0])
    field = np.zeros((height, max(left.shape[1], start + right.shape[1])), np.uint8)
    for glyph, top, column in ((left, top_left, 0), (right, top_right, start)):
        part = field[top : top + glyph.shape[0], column : column + glyph.shape[1]]
        np.maximum(part, glyph, out=part)
    return field, left.shape[1], start


def _cut(picture: Picture, column: float, slant: float, keep_right: bool) -> Picture:
    """What lies on one side of a line through ``column`` at half height that leans as the hand does."""
    rows = np.arange(picture.shape[0])[:, np.newaxis]
    line = column + (picture.shape[0] / 2 - rows) * slant
    right = np.arange(picture.shape[1]) >= line
    return np.where(right if keep_right else ~right, picture, 0).astype(np.uint8)


def _digit_with_remnants(digits: Digits, index: int, draw: np.random.Generator) -> Picture:
    """A digit, often with what a cut left of its neighbour, or with a sliver of its own cut away."""
    hand = _hand(draw)
    glyph = _written(digits.images[index], hand, draw)
    lot = draw.random()
    if lot < 0.35:
        sides = [True, False] if draw.random() < 0.2 else [bool(draw.random() < 0.5)]
        for on_right in sides:
            neighbour = _written(digits.images[draw.integers(len(digits))], hand, draw)
            gap, rest = draw.uniform(-0.15, 0.12), draw.uniform(0, 0.16) * _HEIGHT
            if on_right:
                field, end, _ = _side_by_side(glyph, neighbour, gap, draw)
                glyph = _ink_box(_cut(field, end + rest, hand.slant, keep_right=False), 0)
            else:
                field, _, start = _side_by_side(neighbour, glyph, gap, draw)
                glyph = _ink_box(_cut(field, start - rest, hand.slant, keep_right=True), 0)
    elif lot < 0.45 and glyph.shape[1] > 20:
        sliver = draw.uniform(0, 0.1) * glyph.shape[1]
        keep_right = bool(draw.random() < 0.5)
        glyph = _cut(glyph, sliver if keep_right else glyph.shape[1] - sliver, hand.slant / 2, keep_right)
    return glyph


def _no_digit(digits: Digits, index: int, draw: np.random.Generator) -> Picture:
    """Two digits, one and a half, a part of one, or a mark."""
    hand = _hand(draw)
    first = _written(digits.images[index], hand, draw)
    second = _written(digits.images[draw.integers(len(digits))], hand, draw)
    lot = draw.random()
    if lot < 0.5:
        picture = _side_by_side(first, second, draw.uniform(-0.12, 0.12), draw)[0]
    elif lot < 0.75 and digits.labels[index] != 1:  # half a 1 is still a 1
        column = first.shape[1] * draw.uniform(0.3, 0.7)
        picture = _cut(first, column, hand.slant * draw.random(), bool(draw.random() < 0.5))
    elif lot < 0.9:
        field, end, start = _side_by_side(first, second, draw.uniform(-0.1, 0.1), draw)
        share = draw.uniform(0.4, 0.75)
        if draw.random() < 0.5:
            picture = _cut(field, end + second.shape[1] * share, hand.slant, keep_right=False)
        else:
            picture = _cut(field, start - first.shape[1] * share, hand.slant, keep_right=True)
    else:
        picture = _mark(draw)
    return picture if picture.max() >= 100 else _mark(draw)


def _mark(draw: np.random.Generator) -> Picture:
    """A dot, a dash, an equals sign or an arc."""
    field = np.zeros((80, 80), np.uint8)
    kind = draw.integers(4)
    if kind == 0:
        axes = (int(draw.integers(3, 9)), int(draw.integers(3, 9)))
        cv2.ellipse(field, (40, 40), axes, int(draw.integers(180)), 0, 360, _WHITE, -1)
    elif kind == 1:
        left, right = (int(value) for value in draw.integers(32, 48, 2))
        cv2.line(field, (10, left), (70, right), _WHITE, int(draw.integers(3, 9)))
    elif kind == 2:
        apart, lean, pen = int(draw.integers(8, 16)), int(draw.integers(-6, 6)), int(draw.integers(3, 7))
        for row in (40 - apart, 40 + apart):
            cv2.line(field, (15, row), (60, row + lean), _WHITE, pen)
    else:
        axes = (int(draw.integers(5, 12)), int(draw.integers(15, 30)))
        first, last = int(draw.integers(180)), int(draw.integers(200, 300))
        cv2.ellipse(field, (40, 40), axes, int(draw.integers(60, 120)), first, last, _WHITE, int(draw.integers(3, 8)))
    return field


def _scanned(picture: Picture, draw: np.random.Generator) -> Picture:
    """The strokes as a camera or scanner shows them after thresholding, normalised to 28x28."""
    picture = _with_specks(_with_base_line(picture, draw), draw)
    height = draw.uniform(14, 44)
    scale = height / (max(picture.shape) if draw.random() < 0.5 else _HEIGHT)
    if scale < 1:
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    if draw.random() < 0.5:
        framed = cv2.copyMakeBorder(picture, 3, 3, 3, 3, cv2.BORDER_CONSTANT)
        picture = cv2.GaussianBlur(framed, (0, 0), draw.uniform(0.3, 1.0)).astype(np.uint8)
    ink = np.clip((picture.astype(np.float32) - draw.uniform(10, 70)) * draw.uniform(1, 2), 0, 255)
    if draw.random() < 0.3:
        patches = cv2.resize(draw.random((4, 4), np.float32), (picture.shape[1], picture.shape[0]))
        ink = ink * (1 - draw.uniform(0, 0.5) * patches)
    return normalise(ink.astype(np.uint8))


def _with_base_line(picture: Picture, draw: np.random.Generator) -> Picture:
    if draw.random() >= 0.1:
        return picture
    picture = picture.copy()
    height, width = picture.shape
    pen = int(draw.integers(1, 4))
    top = max(0, int(height * draw.uniform(0.8, 1.0)) - pen)
    line = picture[top : top + pen, int(draw.uniform(0, 0.5) * width) : int(draw.uniform(0.5, 1) * width)]
    np.maximum(line, draw.integers(120, 255, dtype=np.uint8), out=line)
    return picture


def _with_specks(picture: Picture, draw: np.random.Generator) -> Picture:
    if draw.random() >= 0.1:
        return picture
    framed = cv2.copyMakeBorder(picture, 6, 6, 6, 6, cv2.BORDER_CONSTANT)
    for _ in range(draw.integers(1, 4)):
        centre = (int(draw.integers(framed.shape[1])), int(draw.integers(framed.shape[0])))
        cv2.circle(framed, centre, int(draw.integers(1, 4)), (int(draw.integers(120, 255)),), -1)
    return framed.astype(np.uint8)
