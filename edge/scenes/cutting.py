"""Cutting a line of writing out of its picture: upright, its own ink alone on its own ground."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.contrast import Marks
from edgedigits.edge.scenes.grouping import Group
from edgedigits.edge.scenes.scene import SceneLine, composed, shrunk

DIGIT_HEIGHT = 48
"""Lines with digits twice as high as this are cut from a reduced picture: networks see some 20 pixels."""

MARGIN = 0.2
"""Above and below a line, in heights of its digits;"""

SIDE_MARGIN = 0.3
"""and left and right of it."""

LEVEL = 0.02
"""Lines that climb or fall less than so many rows a column are not turned."""

THINNEST = 0.05
"""Strokes thinner than this share of their digit's height are thickened: networks learned from pens."""

PEN = 0.075
"""and are then about as thick as this share of it."""


def cut_line(grey: NDArray[np.uint8], factor: int, marks: Marks, group: Group, ink: NDArray[np.uint8]) -> SceneLine:
    """The picture of one line.

    Args:
        grey: uint8 (height, width), the whole picture.
        factor: by which it was reduced when the marks were found.
        marks: of the reduced picture.
        group: the line's marks.
        ink: uint8, of the reduced picture's shape: 1 on ink of any kind, printed lines and other lines included.
    """
    numbers = np.concatenate([group.numbers, group.fragments])
    boxes = marks.stats[numbers, :4].astype(np.int64)
    pad = int(0.6 * group.height) + 4
    left, top = (boxes[:, :2].min(axis=0) - pad).tolist()
    right, bottom = ((boxes[:, :2] + boxes[:, 2:]).max(axis=0) + pad).tolist()
    shrink = max(1, int(group.height * factor / DIGIT_HEIGHT))
    window = _Window(left, top, right, bottom)
    own_numbers = np.zeros(len(marks.stats), np.uint8)
    own_numbers[numbers] = 1
    own = own_numbers[window.of(marks.labels)]
    foreign = cv2.subtract(np.asarray(window.of(ink), np.uint8), np.asarray(own, np.uint8))
    picture, known = window.full(grey, factor, shrink)
    size = (picture.shape[1], picture.shape[0])
    own, foreign = (cv2.resize(one, size, interpolation=cv2.INTER_NEAREST) for one in (own, foreign))
    height = group.height * factor / shrink
    clean = _clean(picture, known, np.asarray(own, np.uint8), np.asarray(foreign, np.uint8), height)
    to_picture = np.array([[shrink, 0, left * factor], [0, shrink, top * factor]], np.float64)
    return _upright(clean, np.asarray(own, np.uint8), group, marks, to_picture, factor)


class _Window:
    """A part of the reduced picture that may reach beyond its edges."""

    def __init__(self, left: int, top: int, right: int, bottom: int) -> None:
        self.left, self.top, self.right, self.bottom = left, top, right, bottom

    def of(self, array: NDArray[np.generic]) -> NDArray[np.generic]:
        """The part, 0 beyond the edges."""
        height, width = array.shape
        inside = array[max(0, self.top) : min(height, self.bottom), max(0, self.left) : min(width, self.right)]
        beyond = (
            (max(0, -self.top), max(0, self.bottom - height)),
            (max(0, -self.left), max(0, self.right - width)),
        )
        return np.pad(inside, beyond) if any(map(any, beyond)) else inside

    def full(self, grey: NDArray[np.uint8], factor: int, shrink: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The part of the whole picture, reduced by ``shrink``, and 1 where it lies in the picture."""
        whole = _Window(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)
        height, width = grey.shape
        inside = grey[max(0, whole.top) : min(height, whole.bottom), max(0, whole.left) : min(width, whole.right)]
        if shrink == 1 and inside.shape == (whole.bottom - whole.top, whole.right - whole.left):
            return np.ascontiguousarray(inside), np.ones_like(inside)
        sides = (max(0, -whole.top), max(0, whole.bottom - height), max(0, -whole.left), max(0, whole.right - width))
        known = cv2.copyMakeBorder(np.ones_like(inside), *sides, cv2.BORDER_CONSTANT, value=(0,))
        part = cv2.copyMakeBorder(inside, *sides, cv2.BORDER_REPLICATE)
        known = shrunk(np.asarray(np.asarray(known, np.uint8) * 255, np.uint8), shrink)
        return shrunk(np.asarray(part, np.uint8), shrink), (known > 200).astype(np.uint8)


def _clean(
    picture: NDArray[np.uint8],
    known: NDArray[np.uint8],
    own: NDArray[np.uint8],
    foreign: NDArray[np.uint8],
    height: float,
) -> NDArray[np.uint8]:
    """The picture with its own ink alone: the rest of the ink, and what lies beyond the edge, painted over."""
    if not foreign.any() and known.all():
        return picture
    reach = max(1, round(0.06 * height))
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    ink = cv2.dilate(cv2.bitwise_or(own, foreign), kernel)
    free = cv2.bitwise_and(known, 1 - ink)
    painted = cv2.bitwise_or(cv2.dilate(foreign, kernel), 1 - known)
    painted = cv2.bitwise_and(
        painted, 1 - cv2.bitwise_or(cv2.bitwise_and(cv2.dilate(own, np.ones((3, 3), np.uint8)), known), own)
    )
    if not painted.any():
        return picture
    ground = local_ground(picture, np.asarray(free, np.uint8), height)
    return np.where(painted > 0, ground, picture)


def local_ground(picture: NDArray[np.uint8], free: NDArray[np.uint8], height: float) -> NDArray[np.uint8]:
    """The mean of what is free of ink around each pixel, uint8 of the picture's shape."""
    if not free.any():
        return np.full_like(picture, int(np.median(picture)))
    weight = free.astype(np.float32)
    light = picture.astype(np.float32) * weight
    mean = float(light.sum() / weight.sum())
    ground = np.full(picture.shape, mean, np.float32)
    for reach in (6.0, 2.0, 0.7):
        side = max(3, int(reach * height)) | 1
        around = cv2.blur(weight, (side, side), borderType=cv2.BORDER_REPLICATE)
        bright = cv2.blur(light, (side, side), borderType=cv2.BORDER_REPLICATE)
        share = np.minimum(1, around / 0.15)
        ground = (1 - share) * ground + share * bright / np.maximum(around, 1e-6)
    return np.clip(np.rint(ground), 0, 255).astype(np.uint8)


def _upright(
    clean: NDArray[np.uint8],
    own: NDArray[np.uint8],
    group: Group,
    marks: Marks,
    to_picture: NDArray[np.float64],
    factor: int,
) -> SceneLine:
    """The line turned level, cut to its margins, and its pieces."""
    angle = float(np.arctan(group.slope)) if abs(group.slope) >= LEVEL else 0.0
    back = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0]], np.float64)
    forth = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0]], np.float64)
    shrink = to_picture[0, 0]
    boxes = []
    scale = factor / shrink
    for number in np.concatenate([group.numbers, group.fragments]).tolist():
        x, y, width, height = marks.stats[number, :4].tolist()
        rows, columns = np.array([0, height - 1]), np.array([0, width - 1])
        if angle:
            rows, columns = np.nonzero(marks.labels[y : y + height, x : x + width] == number)
        points = np.stack([columns + x, rows + y], axis=1).astype(np.float64) * factor
        there = (points - to_picture[:, 2]) / shrink @ forth[:, :2].T
        low, high = there.min(axis=0), there.max(axis=0) + scale
        boxes.append([*low, *high])
    found = np.array(boxes)
    seeds = found[: len(group.numbers)]
    digit = float(np.median(seeds[:, 3] - seeds[:, 1]))
    low, high = found[:, :2].min(axis=0), found[:, 2:].max(axis=0)
    margin = np.array([SIDE_MARGIN * digit, MARGIN * digit + 1])
    start, stop = np.floor(low - margin), np.ceil(high + margin)
    width, height = np.maximum(stop - start, 1).astype(int).tolist()
    shift = np.array([[1, 0, start[0]], [0, 1, start[1]]], np.float64)
    inner = composed(back, shift)
    picture = np.asarray(
        cv2.warpAffine(
            clean,
            inner,
            (width, height),
            flags=(cv2.INTER_LINEAR if angle else cv2.INTER_NEAREST) | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )
    pieces = [
        (round(x - start[0]), round(y - start[1]), max(1, round(right - x)), max(1, round(bottom - y)))
        for x, y, right, bottom in seeds
    ]
    stroke = _stroke_width(own)
    return SceneLine(
        thickened(picture, stroke, digit, marks.bright),
        composed(to_picture, inner),
        digit * shrink,
        tuple(sorted(pieces)),
    )


def _stroke_width(own: NDArray[np.uint8]) -> float:
    """Typical width of strokes in pixels: ink is on average a quarter of it away from the ground."""
    distance = cv2.distanceTransform(own, cv2.DIST_L2, 3)
    inside = distance[own > 0]
    return float(4 * inside.mean()) - 2 if inside.size else 0.0


def thickened(picture: NDArray[np.uint8], stroke: float, digit: float, bright: bool) -> NDArray[np.uint8]:
    """The picture with its strokes made as thick as of a pen where they are as thin as a hair.

    Args:
        picture: uint8 (height, width).
        stroke: its strokes' width in pixels.
        digit: its digits' height.
        bright: ink is brighter than its ground.
    """
    if stroke > THINNEST * digit or digit < 24:
        return picture
    side = max(2, round(PEN * digit - max(stroke, 1) + 1))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    thick = cv2.dilate(picture, kernel) if bright else cv2.erode(picture, kernel)
    return np.asarray(thick, np.uint8)
