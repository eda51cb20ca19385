"""Codes written in one hand: digits of a labelled set, made alike in slant, width and stroke."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES, SIDE
from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.recordings.mail.codes import SEPARATOR
from edgedigits.edge.recordings.mail.hands import Hand

Mask = NDArray[np.uint8]
"""How much of each pixel is covered, uint8 of shape (height, width)."""

_INKED = 60
_STEADY = 0.85
"""Share of how a digit leans more or less than others of its label that is taken out: the rest is the writer's."""

_MOST_LEAN = 0.7
_THINNER, _THICKER = 0.45, 0.7
"""How far a stroke is made thinner or thicker, as shares of half its width: more would break it or fill its loops."""


@dataclass(frozen=True)
class _Glyph:
    """A digit as it is written: where the line that it stands on begins in its picture, and its width on that line."""

    cover: Mask
    left: float
    base: float
    advance: float


@dataclass(frozen=True)
class Written:
    """A code as a pen left it.

    Attributes:
        cover: of the ink, cropped to it and the boxes that it was written into.
        base: row of the line that the digits stand on.
        boxes: how many; 0 where it was not written into boxes.
        pitch: pixels from one box to the next.
        left: column of the left edge of the first box.
    """

    cover: Mask
    base: float
    boxes: int
    pitch: float
    left: float


class Writer:
    """Writes codes with the digits of a set."""

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.integer[Any]]) -> None:
        """Take the digits.

        Args:
            images: uint8 of shape (count, 28, 28), ink bright on dark, as MNIST has them.
            labels: integers of shape (count,), 0 to 9, each at least once.

        Raises:
            EdgedigitsError: the two do not fit together, or a digit is missing.
        """
        if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE) or len(images) != len(labels):
            raise EdgedigitsError(
                f"{len(labels)} labels for images of shape {images.shape} and type {images.dtype}",
                f"give uint8 of shape (count, {SIDE}, {SIDE}) and as many labels",
            )
        self._images = images
        self._leans = _leans(images)
        self._plain = _plainness(images, labels)
        legible = _legible(images, labels, self._leans)
        self._places = [np.nonzero((labels == label) & legible)[0] for label in range(CLASSES)]
        missing = [str(label) for label, places in enumerate(self._places) if not len(places)]
        if missing:
            raise EdgedigitsError(f"no digit {', '.join(missing)} to write codes with", "give all ten digits")
        for places in self._places:
            self._leans[places] -= self._leans[places].mean()

    def write(self, text: str, hand: Hand, draw: np.random.Generator, *, boxed: bool) -> Written:
        """Write a code.

        Args:
            text: digits, and a dash where one is written.
            hand: of the writer, who forms the same digit in the same way each time.
            draw: how the digits differ from one another all the same.
            boxed: each digit in a box of its own, all equally wide.
        """
        forms = {digit: self._form(int(digit), hand.careful, draw) for digit in sorted(set(text) - {SEPARATOR})}
        glyphs = [
            _dash(hand, draw) if character == SEPARATOR else self._glyph(forms[character], hand, draw)
            for character in text
        ]
        pitch = 0.0
        if boxed:
            pitch = max(max(glyph.advance for glyph in glyphs) + 0.16 * hand.size, hand.size * draw.uniform(0.72, 0.95))
        return _on_a_line(glyphs, hand, pitch, draw)

    def _form(self, label: int, careful: int, draw: np.random.Generator) -> int:
        """The image that is a writer's way of writing a digit."""
        several = draw.choice(self._places[label], careful)
        return int(several[self._plain[several].argmax()])

    def _glyph(self, place: int, hand: Hand, draw: np.random.Generator) -> _Glyph:
        """A digit of the set in a hand."""
        lean = _STEADY * min(max(float(self._leans[place]), -_MOST_LEAN), _MOST_LEAN)
        return _glyph(self._images[place], lean, hand, draw)


def _leans(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Columns that the ink of each image moves to the right on each row further down, by least squares."""
    ink = images.astype(np.float32)
    total = np.maximum(ink.sum(axis=(1, 2)), 1)
    row = np.arange(SIDE, dtype=np.float32)
    by_row, by_column = ink.sum(axis=2), ink.sum(axis=1)
    middle_row, middle_column = by_row @ row / total, by_column @ row / total
    across = np.einsum("nrc,r,c->n", ink, row, row, optimize=True) / total - middle_row * middle_column
    down = by_row @ row**2 / total - middle_row**2
    found: NDArray[np.float64] = (across / np.maximum(down, 0.1)).astype(np.float64)
    return found


_NEIGHBOURS = 10


def _legible(
    images: NDArray[np.uint8], labels: NDArray[np.integer[Any]], leans: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which images look like what their label says to at least one of their ten nearest neighbours.

    The truth of a piece must be what stands on it, and some labels of such sets are wrong. Leaving out what all
    neighbours contradict is a mild form of Wilson's editing ("Asymptotic properties of nearest neighbor rules using
    edited data", IEEE Transactions on Systems, Man, and Cybernetics 2, 1972); no network has a say in it.
    """
    legible = np.ones(len(images), np.bool_)
    if len(images) <= 10 * _NEIGHBOURS:
        return legible
    coarse = _coarse(_upright(images, leans))
    doubtful = np.flatnonzero(_more_like_own(coarse, labels) < 0)
    for part in np.array_split(doubtful, max(1, len(doubtful) // 500)):
        alike = coarse[part] @ coarse.T
        alike[np.arange(len(part)), part] = -1
        nearest = np.argpartition(-alike, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
        legible[part] = (labels[nearest] == labels[part][:, np.newaxis]).any(axis=1)
    return legible


def _upright(images: NDArray[np.uint8], leans: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The images without their slant, a little blurred."""
    middle = (SIDE - 1) / 2
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    turned = [
        cv2.warpAffine(image, np.array([[1, lean, -lean * middle], [0, 1, 0]]), (SIDE, SIDE), flags=flags)
        for image, lean in zip(images, leans, strict=True)
    ]
    return np.stack([cv2.GaussianBlur(image, (0, 0), 0.8) for image in turned]).astype(np.uint8)


def _coarse(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The images at half their size, as vectors of length 1 with the mean 0."""
    half = SIDE // 2
    coarse = images.reshape(len(images), half, 2, half, 2).mean(axis=(2, 4), dtype=np.float32).reshape(len(images), -1)
    coarse -= coarse.mean(axis=1, keepdims=True)
    coarse /= np.maximum(np.linalg.norm(coarse, axis=1, keepdims=True), 1e-9)
    return np.asarray(coarse, np.float32)


def _plainness(images: NDArray[np.uint8], labels: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """How much more each image is like the mean of its label than like that of any other, by correlation."""
    return _more_like_own(_coarse(images), labels)


def _more_like_own(coarse: NDArray[np.float32], labels: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    means = np.stack([coarse[labels == label].mean(axis=0) for label in range(CLASSES)])
    alike = coarse @ (means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)).T
    rows = np.arange(len(coarse))
    own = alike[rows, labels].copy()
    alike[rows, labels] = -1
    found: NDArray[np.float64] = own - alike.max(axis=1)
    return found


def _glyph(image: NDArray[np.uint8], lean: float, hand: Hand, draw: np.random.Generator) -> _Glyph:
    """An image in a hand: its lean taken out, then scaled, slanted, and of the pen's width."""
    rows, columns = np.nonzero(image > _INKED)
    middle = float(rows.mean())
    straight = columns - lean * (rows - middle)
    top, bottom, left, right = rows.min(), rows.max() + 1, straight.min() - 0.5, straight.max() + 0.5
    height = hand.size * math.exp(draw.normal(0, 0.045) * hand.uneven)
    down = height / max(1, bottom - top)
    across = down * hand.width * math.exp(draw.normal(0, 0.04) * hand.uneven)
    slant = hand.slant + draw.normal(0, 0.035) * hand.uneven
    room = math.ceil(hand.pen) + 3
    start = room + max(0.0, -slant) * height
    advance = float(right - left) * across
    size = (math.ceil(advance + abs(slant) * height) + 2 * room, math.ceil(height) + 2 * room)
    shift = (lean * middle - left) * across + slant * bottom * down + start
    matrix = np.array([[across, -lean * across - slant * down, shift], [0, down, room - top * down]], np.float64)
    large = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC)
    smooth = np.asarray(cv2.GaussianBlur(large, (0, 0), 0.5 * down), np.uint8)
    return _Glyph(_of_width(smooth, hand.pen), start, room + height, advance)


def _of_width(smooth: NDArray[np.uint8], pen: float) -> Mask:
    """The digit with strokes as wide as the pen's: its outline is moved, by the distance of each pixel to it.

    In a stroke of even width the mean distance to the edge is a quarter of that width.
    """
    inside = (smooth > 110).astype(np.uint8)
    within = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    outside = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
    half = max(0.5, 2 * float(within.sum()) / max(1, int(inside.sum())) - 1)
    change = min(max(pen / 2 - half, -_THINNER * half), _THICKER * half)
    cover: Mask = (np.clip(within - outside + change + np.where(inside, 0.0, 1.0), 0, 1) * 255).astype(np.uint8)
    return cover


def _dash(hand: Hand, draw: np.random.Generator) -> _Glyph:
    """The dash between two groups."""
    wide, room = round(hand.size * draw.uniform(0.3, 0.5)), math.ceil(hand.pen) + 3
    cover = np.zeros((math.ceil(hand.size) + 2 * room, wide + 2 * room), np.uint8)
    row = room + hand.size * draw.uniform(0.45, 0.6)
    end = row + draw.normal(0, 0.03) * hand.size
    cv2.line(cover, (room, round(row)), (room + wide, round(end)), (255,), max(1, round(hand.pen)), cv2.LINE_AA)
    return _Glyph(cover, room, room + hand.size, wide)


def _on_a_line(glyphs: list[_Glyph], hand: Hand, pitch: float, draw: np.random.Generator) -> Written:
    """The digits beside one another, each where the hand puts it."""
    room = round(1.2 * hand.size) + 4
    total = sum(max(pitch, glyph.advance + abs(hand.space) * hand.size * 1.5) for glyph in glyphs)
    cover = np.zeros((3 * room, math.ceil(total) + 2 * room), np.uint8)
    base = 2.0 * room
    x = float(room)
    joins: list[tuple[NDArray[np.intp], NDArray[np.intp]]] = []
    for place, glyph in enumerate(glyphs):
        left = room + (place + 0.5) * pitch - glyph.advance / 2 - hand.slant * hand.size / 2 if pitch else x
        left += draw.normal(0, 0.02) * hand.uneven * hand.size
        foot = base - hand.rise * (left - room) + draw.normal(0, 0.025) * hand.uneven * hand.size
        corner = (round(left - glyph.left), round(foot - glyph.base))
        _press(cover, glyph.cover, corner)
        if hand.joined and (ends := _ends(glyph.cover)) is not None:
            joins.append((ends[0] + corner, ends[1] + corner))
        x = left + glyph.advance + hand.space * hand.size * math.exp(draw.normal(0, 0.12) * hand.uneven)
    for (_, leaving), (reaching, _) in pairwise(joins):
        if draw.random() < hand.joined:
            _join(cover, leaving, reaching, hand)
    left, top, wide, high = cv2.boundingRect(cover)
    boxes = len(glyphs) if pitch else 0
    start, end = min(left, room), max(left + wide, room + round(boxes * pitch))
    return Written(cover[top : top + high, start:end], base - top, boxes, pitch, room - start)


def _press(cover: Mask, glyph: Mask, corner: tuple[int, int]) -> None:
    x, y = max(0, corner[0]), max(0, corner[1])
    part = cover[y : corner[1] + glyph.shape[0], x : corner[0] + glyph.shape[1]]
    inside = glyph[y - corner[1] :, x - corner[0] :][: part.shape[0], : part.shape[1]]
    np.maximum(part, inside, out=part)


def _ends(cover: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Where a pen that joins digits comes in (the leftmost ink of the upper half) and goes out (the lower right)."""
    rows, columns = np.nonzero(cover > 127)
    if not len(rows):
        return None
    middle = (rows.min() + rows.max()) / 2
    upper, lower = np.nonzero(rows <= middle)[0], np.nonzero(rows >= middle)[0]
    first, last = upper[columns[upper].argmin()], lower[columns[lower].argmax()]
    return np.array([columns[first], rows[first]]), np.array([columns[last], rows[last]])


def _join(cover: Mask, leaving: NDArray[np.intp], reaching: NDArray[np.intp], hand: Hand) -> None:
    """A stroke from the end of a digit to the start of the next: it sags a little, as a pen that hurries on."""
    bend = (leaving + reaching) / 2 + [0.08 * hand.size, 0.16 * hand.size]
    time = np.linspace(0, 1, 9)[:, np.newaxis]
    points = (1 - time) ** 2 * leaving + 2 * time * (1 - time) * bend + time**2 * reaching
    cv2.polylines(cover, [np.round(points).astype(np.int32)], False, (255,), max(1, round(hand.pen)), cv2.LINE_AA)
