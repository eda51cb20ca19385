"""Real fields made into more of their kind: turned, slanted, with other pens and light, and joined from two halves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.lines.labelled import LabelledPicture
from edgedigits.core.lines.strip import WIDEST, strip_of

Picture = NDArray[np.uint8]

_JOINED = 0.6
"""Share of the lines that are joined from the left part of one field and the right part of another one."""

_TURN, _SLANT, _STRETCH, _BEND = 3.5, 0.3, 0.2, 0.03
_CUT, _ADDED = 0.04, 0.2
"""Largest turn in degrees, slant in columns a row; deviations of the width and, in heights, of a smooth bend; shares of
the height cut and added."""

_PEN, _BLUR, _NOISE = 0.25, 0.25, 0.3
"""Shares of the lines with a thicker or thinner pen, blurred, and with noise."""


@dataclass(frozen=True)
class _Strip:
    pixels: Picture
    text: str
    spans: tuple[tuple[float, float], ...]


def distorted_line(fields: tuple[LabelledPicture, ...], draw: np.random.Generator) -> tuple[Picture, str]:
    """A line made of one or two of some fields, as a strip, uint8 of shape (32, width), and its digits."""
    first = _distorted(_any(fields, draw), draw)
    if draw.random() >= _JOINED:
        return first.pixels, first.text
    second = _distorted(_any(fields, draw), draw)
    if len(first.spans) < 2 or len(second.spans) < 2:
        return first.pixels, first.text
    left, right = int(draw.integers(1, len(first.spans))), int(draw.integers(1, len(second.spans)))
    end, start = _between(first, left), _between(second, right)
    pixels = np.concatenate([first.pixels[:, :end], second.pixels[:, start:]], axis=1)
    if pixels.shape[1] > WIDEST or pixels.shape[1] < 1:
        return first.pixels, first.text
    return pixels, first.text[:left] + second.text[right:]


def _any(fields: tuple[LabelledPicture, ...], draw: np.random.Generator) -> LabelledPicture:
    return fields[int(draw.integers(len(fields)))]


def _between(strip: _Strip, digit: int) -> int:
    """The column between a digit and the one before it."""
    middle = (strip.spans[digit - 1][1] + strip.spans[digit][0]) / 2
    return int(np.clip(round(middle), 0, strip.pixels.shape[1]))


def _distorted(field: LabelledPicture, draw: np.random.Generator) -> _Strip:
    grey, move = _moved(field.grey, draw)
    strip = strip_of(_lit(_bent(grey, draw), draw))
    middle = field.grey.shape[0] / 2
    spans = [[(move[0] @ (column, middle, 1)) / strip.across for column in span] for span in field.spans]
    return _Strip(_pen(strip.pixels, draw), field.text, tuple((left, right) for left, right in spans))


def _moved(grey: Picture, draw: np.random.Generator) -> tuple[Picture, NDArray[np.float64]]:
    """The picture turned, slanted, stretched and cut anew, and where its pixels went."""
    height, width = grey.shape
    angle, slant = math.radians(draw.uniform(-_TURN, _TURN)), draw.uniform(-_SLANT, _SLANT)
    across, down = math.exp(draw.normal(0, _STRETCH)), math.exp(draw.normal(0, _STRETCH / 2))
    top, bottom, left, right = draw.uniform(-_CUT, _ADDED, 4) * height
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.array([[across, -slant], [0, down]])
    size = (max(8, round(width * across + left + right)), max(8, round(height * down + top + bottom)))
    centre = np.array([width / 2, height / 2])
    wanted = np.array([width * across / 2 + left, height * down / 2 + top])
    move = np.column_stack([matrix, wanted - matrix @ centre])
    moved = cv2.warpAffine(grey, move, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8), move


def _bent(grey: Picture, draw: np.random.Generator) -> Picture:
    """The picture with its strokes bent a little, each place in its own way."""
    height, width = grey.shape
    grid = (4, max(4, round(4 * width / height)), 2)
    bend = cv2.resize(
        draw.normal(0, _BEND * height, grid).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    rows, columns = np.indices(grey.shape, np.float32)
    moved = cv2.remap(
        grey, columns + bend[..., 0], rows + bend[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.uint8)


def _lit(grey: Picture, draw: np.random.Generator) -> Picture:
    """The picture in another light: contrast, a slope, blur, noise."""
    height, width = grey.shape
    if draw.random() < _BLUR:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), draw.uniform(0.3, 1.1)), np.uint8)
    light = grey.astype(np.float32) * draw.uniform(0.6, 1.1) + draw.uniform(-20, 40)
    light += np.linspace(0, draw.uniform(-40, 40), width, dtype=np.float32)
    if draw.random() < _NOISE:
        light += draw.normal(0, draw.uniform(2, 9), (height, width)).astype(np.float32)
    return np.clip(light, 0, 255).astype(np.uint8)


def _pen(pixels: Picture, draw: np.random.Generator) -> Picture:
    """Strokes of a strip somewhat thicker, thinner, stronger or fainter."""
    if draw.random() < _PEN:
        tip = np.ones((2, 2), np.uint8)
        changed = cv2.dilate(pixels, tip) if draw.random() < 0.6 else cv2.erode(pixels, tip)
        pixels = cv2.addWeighted(pixels, 0.4, np.asarray(changed, np.uint8), 0.6, 0).astype(np.uint8)
    return np.clip(pixels.astype(np.float32) * draw.uniform(0.75, 1.3), 0, 255).astype(np.uint8)
