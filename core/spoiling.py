"""Pictures that reached the network in a bad state, for networks to learn from.

Families of distortions with ranges that are drawn by lot: place and size, blur, noise, light, fog, negatives, outlines,
strokes and holes. They overlap with most kinds of :mod:`edgedigits.core.corruptions`, by which robustness is measured,
but none of those functions is used here, and their severities are hit by chance at most (about one negative band in 300
is the measured stripe). Nothing here draws photons, drops or dots.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import SIDE

Picture = NDArray[np.uint8]

_MOVED = 0.5
"""Share of the pictures that are moved; of the others each is spoilt otherwise, at least."""

_MOVED_ONLY, _TWICE = 0.3, 0.15
"""Of those that were moved, the share that is left at that; of all others, the share that is spoilt in two ways."""


def spoilt(picture: Picture, draw: np.random.Generator) -> Picture:
    """A digit in a bad state, still to be read by people in most cases.

    Args:
        picture: uint8 of shape (28, 28), ink bright on a dark ground.
        draw: what happens to it.

    Returns:
        uint8 of shape (28, 28), not normalised anew.
    """
    if draw.random() < _MOVED:
        picture = _moved(picture, draw)
        if draw.random() < _MOVED_ONLY:
            return picture
    for _ in range(1 + (draw.random() < _TWICE)):
        picture = _WAYS[np.searchsorted(_REACHED, draw.random())](picture, draw)
    return picture


def some_spoilt(images: Picture, share: float, lot: int | tuple[int, ...]) -> Picture:
    """A batch in which some of the pictures are spoilt.

    Args:
        images: uint8 of shape (count, 28, 28).
        share: of the pictures, on average.
        lot: which ones and how; no number is negative.
    """
    draw = np.random.default_rng(lot)
    batch = images.copy()
    for place in np.flatnonzero(draw.random(len(batch)) < share):
        batch[place] = spoilt(batch[place], draw)
    return batch


def _bytes(values: NDArray[np.float32]) -> Picture:
    return np.clip(values, 0, 255).astype(np.uint8)


def _moved(picture: Picture, draw: np.random.Generator) -> Picture:
    """Turned, slanted, larger or smaller, and anywhere in the field where its ink still fits."""
    angle, slant = math.radians(draw.normal(0, 14)), draw.uniform(-0.5, 0.5)
    wide, high = math.exp(draw.uniform(-0.7, 0.15)) * np.exp(draw.normal(0, 0.08, 2))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.array([[wide, slant * high], [0, high]])
    centre = np.full(2, (SIDE - 1) / 2)
    whole = np.column_stack([matrix, centre - matrix @ centre])
    placed = cv2.warpAffine(picture, whole, (SIDE, SIDE), flags=cv2.INTER_LINEAR).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(placed)
    if not width:
        return picture
    ink = placed[top : top + height, left : left + width]
    left = int(np.clip(left + draw.integers(-6, 7), 0, SIDE - width))
    top = int(np.clip(top + draw.integers(-6, 7), 0, SIDE - height))
    field = np.zeros_like(picture)
    field[top : top + height, left : left + width] = ink
    return field


def _soft(picture: Picture, draw: np.random.Generator) -> Picture:
    """Out of focus, or moved along a line while the light came in."""
    if draw.random() < 0.4:
        return cv2.GaussianBlur(picture, (0, 0), draw.uniform(0.5, 1.7)).astype(np.uint8)
    length = int(draw.integers(2, 9))
    way = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    angle = draw.uniform(0, 2 * math.pi)
    end = (round(length + length * math.cos(angle)), round(length + length * math.sin(angle)))
    start = (length, length) if draw.random() < 0.5 else (2 * length - end[0], 2 * length - end[1])
    cv2.line(way, start, end, (1.0,))
    return cv2.filter2D(picture, -1, way / way.sum(), borderType=cv2.BORDER_CONSTANT).astype(np.uint8)


def _frayed(picture: Picture, draw: np.random.Generator) -> Picture:
    """Every pixel from a place nearby, as behind rippled glass: alone, or with its neighbours; then a little soft."""
    aside = draw.standard_normal((2, SIDE, SIDE), np.float32) * np.float32(draw.uniform(0.4, 1.5))
    if draw.random() < 0.4:
        width = draw.uniform(0.5, 2)
        aside = np.stack([cv2.GaussianBlur(one, (0, 0), width) for one in aside]) * np.float32(1 + 2 * width)
    frayed = cv2.remap(picture, _COLUMNS + aside[0], _ROWS + aside[1], cv2.INTER_LINEAR)
    return cv2.GaussianBlur(frayed, (0, 0), draw.uniform(0.3, 1.2)).astype(np.uint8)


def _noisy(picture: Picture, draw: np.random.Generator) -> Picture:
    """Grey noise over everything, or single pixels of any grey level."""
    if draw.random() < 0.35:
        return _bytes(picture + draw.standard_normal((SIDE, SIDE), np.float32) * np.float32(draw.uniform(10, 80)))
    lot = draw.random((SIDE, SIDE), np.float32)
    share = draw.uniform(0.02, 0.28)
    levels = 255 * np.round(draw.random((SIDE, SIDE), np.float32) ** draw.uniform(0.5, 2))
    if draw.random() < 0.2:
        levels = draw.integers(0, 256, (SIDE, SIDE))
    return np.where(lot < share, levels, picture).astype(np.uint8)


def _lit(picture: Picture, draw: np.random.Generator) -> Picture:
    """Another ground, another contrast, over-exposed or dim; now and then a slope from side to side."""
    values = picture * np.float32(draw.uniform(0.3, 1.4)) + np.float32(draw.uniform(-20, 190))
    if draw.random() < 0.3:
        values += np.float32(draw.uniform(-5, 5)) * (_COLUMNS - SIDE / 2) + np.float32(draw.uniform(-5, 5)) * _ROWS
    return _bytes(values)


def _fogged(picture: Picture, draw: np.random.Generator) -> Picture:
    """Under a cloud of one to four sizes of patches, which takes part of the contrast."""
    cloud = np.zeros((SIDE, SIDE), np.float32)
    fading = draw.uniform(0.35, 0.75)
    strength, points = 1.0, int(draw.integers(2, 6))
    for _ in range(draw.integers(1, 5)):
        way = cv2.INTER_CUBIC if draw.random() < 0.5 else cv2.INTER_LINEAR
        cloud += strength * cv2.resize(draw.random((points, points), np.float32), (SIDE, SIDE), interpolation=way)
        strength, points = strength * fading, min(2 * points, SIDE)
    cloud = (cloud - cloud.min()) * np.float32(255 / max(float(np.ptp(cloud)), 1e-3))
    share = draw.uniform(0.2, 0.75)
    return _bytes(picture * (1 - share) + cloud * share)


def _negative(picture: Picture, draw: np.random.Generator) -> Picture:
    """A band or a block of it is inverted."""
    negative = picture.copy()
    top, bottom = 0, SIDE
    left, right = sorted(int(end) for end in draw.integers(0, SIDE + 1, 2))
    if draw.random() < 0.5:  # a band about the middle
        half = int(draw.integers(2, SIDE // 2))
        middle = SIDE // 2 + int(draw.integers(-4, 5))
        left, right = max(0, middle - half), middle + half
    if draw.random() < 0.2:
        top, bottom = sorted(int(end) for end in draw.integers(0, SIDE + 1, 2))
    part = negative[top:bottom, left:right]
    if draw.random() < 0.3:
        part = part.T if part.shape[0] == part.shape[1] else negative[left:right, top:bottom]
    np.bitwise_xor(part, 255, out=part)
    return negative


def _outlined(picture: Picture, draw: np.random.Generator) -> Picture:
    """The edges of its strokes alone: inside, outside or on both sides; soft or black and white."""
    kind = draw.integers(4)
    if kind == 3:
        across, down = cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)
        edges = cv2.magnitude(across, down) * np.float32(draw.uniform(0.2, 0.6))
    else:
        tip = _TIPS[draw.integers(len(_TIPS))]
        outside = picture if kind == 0 else cv2.dilate(picture, tip)
        inside = picture if kind == 1 else cv2.erode(picture, tip)
        edges = cv2.subtract(outside, inside).astype(np.float32)
    if draw.random() < 0.6:
        edges = (edges > draw.uniform(60, 160)) * np.float32(255)
    return _bytes(edges)


def _crossed_out(picture: Picture, draw: np.random.Generator) -> Picture:
    """Straight, bent or broken strokes across it, some of them so dark that they cut it."""
    field = picture.copy()
    for _ in range(draw.integers(1, 3)):
        corners = int(draw.integers(2, 9))
        ends = draw.uniform(-2, SIDE + 2, (2, 2))
        if draw.random() < 0.5:
            ends[:, draw.integers(2)] = (-2, SIDE + 2)
        points = np.linspace(ends[0], ends[1], corners) + draw.normal(0, draw.uniform(0, 3.5), (corners, 2))
        level = int(draw.integers(100, 256)) if draw.random() < 0.8 else 0
        soft = cv2.LINE_AA if draw.random() < 0.5 else cv2.LINE_8
        way = np.round(points).astype(np.int32)
        cv2.polylines(field, [way], False, (level,), 1 + int(draw.random() < 0.25), soft)
    return field


def _covered(picture: Picture, draw: np.random.Generator) -> Picture:
    """Blocks of one grey level on it, most of them as dark as the ground."""
    field = picture.copy()
    for _ in range(draw.integers(1, 5)):
        width, height = draw.integers(2, 9, 2)
        left, top = draw.integers(0, SIDE - 2, 2)
        field[top : top + height, left : left + width] = 0 if draw.random() < 0.6 else draw.integers(0, 256)
    return field


_ROWS, _COLUMNS = np.meshgrid(np.arange(SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32), indexing="ij")
_TIPS = tuple(cv2.getStructuringElement(shape, (size, size)) for shape in (0, 1) for size in (2, 3))

_SHARES: dict[Callable[[Picture, np.random.Generator], Picture], float] = {
    _soft: 0.09,
    _frayed: 0.13,
    _noisy: 0.14,
    _lit: 0.09,
    _fogged: 0.16,
    _negative: 0.14,
    _outlined: 0.1,
    _crossed_out: 0.1,
    _covered: 0.05,
}
"""Ways to spoil a picture, each with its share: more for what is harder to read."""

_WAYS = tuple(_SHARES)
_REACHED = np.cumsum(list(_SHARES.values()))
