"""Pictures without a digit: letters, scribbles, wood, edges, stamps, marks, empty forms, blobs and noise."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from edgedigits.train.augmentation.strokes import Picture, Points, polyline, spline
from edgedigits.train.lines.composing.paper import (
    Grey,
    Layout,
    base_line,
    cells,
    frame,
    ground,
    level,
    patterned,
    press,
    press_at,
    ruled,
    stamp,
    upright,
)
from edgedigits.train.lines.composing.printing import any_letters, any_word, handwritten, printed
from edgedigits.train.lines.composing.scanning import any_strength, inked

Kind = Callable[[Grey, np.random.Generator], None]
_WHITE = (255,)


def nothing(kind: str, draw: np.random.Generator) -> Grey:
    """A field of one of :data:`KINDS`: float32 grey levels, to be scanned."""
    height = int(np.clip(math.exp(draw.normal(3.8, 0.35)), 18, 100))
    paper = ground((height, round(height * math.exp(draw.uniform(-0.3, 1.9)))), draw)
    if draw.random() < 0.35:
        patterned(paper, 0.35, draw)
    KINDS[kind](paper, draw)
    return paper


def any_kind(draw: np.random.Generator) -> str:
    """One of :data:`KINDS`, letters and what is left of forms twice as often as the others."""
    return str(draw.choice([*KINDS, "printed", "handwritten", "stubs"]))


def _empty(paper: Grey, draw: np.random.Generator) -> None:
    """Nothing but paper."""


def _noise(paper: Grey, draw: np.random.Generator) -> None:
    grain = int(draw.integers(1, 5))
    coarse = draw.standard_normal((paper.shape[0] // grain + 1, paper.shape[1] // grain + 1), np.float32)
    paper += cv2.resize(coarse, paper.shape[::-1], interpolation=cv2.INTER_LINEAR) * np.float32(draw.uniform(5, 60))


def _pattern(paper: Grey, draw: np.random.Generator) -> None:
    patterned(paper, 0.9, draw)


def _printed(paper: Grey, draw: np.random.Generator) -> None:
    """One or two words of a form."""
    size = paper.shape[0] * draw.uniform(0.3, 1)
    column = round(draw.uniform(0, 0.2) * paper.shape[1])
    strength = draw.uniform(0.3, 0.9)
    while column < paper.shape[1]:
        word = any_word(draw) if draw.random() < 0.5 else any_letters(int(draw.integers(1, 9)), draw)
        mask = printed(word, max(6, round(size)), draw)
        press_at(paper, mask, round((paper.shape[0] - mask.shape[0]) * draw.uniform(0.2, 0.8)), column, strength)
        column += mask.shape[1] + round(size * draw.uniform(0.3, 3))


def _handwritten(paper: Grey, draw: np.random.Generator) -> None:
    size = max(8, round(paper.shape[0] * draw.uniform(0.4, 1)))
    word = handwritten(any_letters(int(draw.integers(2, 9)), draw), size, draw)
    cover = np.zeros(paper.shape, np.uint8)
    row, column = round((paper.shape[0] - size) * draw.random()), round(draw.uniform(0, 0.3) * paper.shape[1])
    part = cover[row : row + word.shape[0], column : column + word.shape[1]]
    part[:] = word[: part.shape[0], : part.shape[1]]
    inked(paper, cover, any_strength(draw), draw)


def _scribble(paper: Grey, draw: np.random.Generator) -> None:
    """Loops and zigzags of a pen in a hurry, as in signatures: they overlap, and no two are of one size."""
    height, width = paper.shape
    turns = int(draw.integers(5, 14))
    time = np.linspace(0, 2 * math.pi * turns, turns * 12)
    swell = np.interp(time, np.linspace(0, time[-1], turns), draw.uniform(0.1, 1, turns))
    reach = width / turns * draw.uniform(0.6, 1.6)
    x = (
        width * draw.uniform(0.02, 0.2)
        + time / time[-1] * width * draw.uniform(0.5, 0.9)
        + reach * swell * np.sin(time)
    )
    y = height / 2 + height * 0.45 * swell * np.cos(time * draw.choice([1.0, draw.uniform(0.7, 1.4)]))
    lean = draw.uniform(0, 0.6)
    _draw_ways(paper, [np.column_stack([x + lean * (height / 2 - y), y])], draw)


def _wood(paper: Grey, draw: np.random.Generator) -> None:
    """Grain: noise drawn out along one direction."""
    height, width = paper.shape
    bands = draw.standard_normal((height // 2 + 2, max(2, width // 60)), np.float32)
    grain = cv2.resize(bands, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(draw.uniform(4, 30))
    paper += grain
    if draw.random() < 0.3:
        paper *= 0.5


def _edge(paper: Grey, draw: np.random.Generator) -> None:
    """Where a sheet or a box ends: beyond it, another brightness."""
    height, width = paper.shape
    mask = np.zeros(paper.shape, np.uint8)
    corners: list[tuple[float, float]]
    for _ in range(int(draw.integers(1, 3))):
        if draw.random() < 0.6:  # mostly level: an upright edge alone could be a stroke
            row, lean = draw.uniform(0.1, 0.9) * height, draw.normal(0, 0.1) * height
            corners = [(-2, row), (width + 2, row + lean), (width + 2, 2 * height), (-2, 2 * height)]
        else:
            column, lean = draw.uniform(0.1, 0.9) * width, draw.normal(0, 0.3) * height
            corners = [(column, -2), (column + lean, height + 2), (2 * width, height + 2), (2 * width, -2)]
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], _WHITE)
    press(paper, mask, draw.uniform(0.1, 0.8))


def _stamps(paper: Grey, draw: np.random.Generator) -> None:
    for _ in range(int(draw.integers(1, 4))):
        stamp(paper, 0.6, draw)


def _marks(paper: Grey, draw: np.random.Generator) -> None:
    """Dots, dashes and crosses of a pen, alone or in a row."""
    height, width = paper.shape
    size = height * draw.uniform(0.15, 0.4)
    kind = draw.integers(4)
    ways: list[Points] = []
    for _ in range(int(draw.integers(1, 6))):
        middle = np.array([draw.uniform(0.1, 0.9) * width, draw.uniform(0.3, 0.7) * height])
        reach = np.array([size, draw.normal(0, 0.15) * size])
        if kind == 0:
            ways.append(np.array([middle, middle + draw.normal(0, 1, 2)]))
        elif kind == 1:
            ways.append(np.array([middle - reach, middle + reach]))
        elif kind == 2:
            ways += [np.array([middle - reach, middle + reach]), np.array([middle - reach[::-1], middle + reach[::-1]])]
        else:
            lean = np.array([size, size * draw.uniform(0.7, 1.2)])
            ways += [
                np.array([middle - lean, middle + lean]),
                np.array([middle - lean * [1, -1], middle + lean * [1, -1]]),
            ]
    _draw_ways(paper, ways, draw)


def _strike(paper: Grey, draw: np.random.Generator) -> None:
    """A long stroke or a wave from side to side, as empty fields are closed with."""
    height, width = paper.shape
    points = np.column_stack(
        [
            np.linspace(draw.uniform(0, 0.2), draw.uniform(0.75, 1), 7) * width,
            draw.normal(0.5, draw.uniform(0.02, 0.15), 7) * height,
        ]
    )
    _draw_ways(paper, [spline(points)], draw)


def _form(paper: Grey, draw: np.random.Generator) -> None:
    """Base lines, boxes, combs or ruled paper with nothing on them."""
    layout = _layout(paper, draw)
    printing = (base_line, cells, ruled, frame)[draw.integers(4)]
    printing(paper, layout, draw)
    if draw.random() < 0.3:
        base_line(paper, layout, draw)


def _stubs(paper: Grey, draw: np.random.Generator) -> None:
    """What is left of boxes and squared paper whose long lines were taken out: short upright strokes, all alike."""
    height, width = paper.shape
    mask = np.zeros(paper.shape, np.uint8)
    apart = min(height * draw.uniform(0.4, 1.6), 0.4 * width)
    pen = max(1, round(height * draw.uniform(0.02, 0.12)))
    top, bottom = draw.uniform(0, 0.25) * height, draw.uniform(0.75, 1) * height
    foot = draw.uniform(0, 0.4) * apart if draw.random() < 0.5 else 0.0
    first = draw.uniform(0, 0.9) * apart
    for column in np.arange(first, min(width, first + 7 * apart), apart):
        upright(mask, column, top, bottom, pen)
        if foot:
            level(mask, bottom, 0, pen, column - foot * draw.random(), column + foot)
    press(paper, mask, draw.uniform(0.15, 0.9))


def _blobs(paper: Grey, draw: np.random.Generator) -> None:
    """Soft round things, some like faces: an oval with darker spots in it."""
    height, width = paper.shape
    for _ in range(int(draw.integers(1, 4))):
        mask = np.zeros(paper.shape, np.uint8)
        middle = (int(draw.uniform(0, 1) * width), int(draw.uniform(0.2, 0.8) * height))
        axes = (int(draw.uniform(0.25, 0.9) * height) + 2, int(draw.uniform(0.3, 0.9) * height) + 2)
        cv2.ellipse(mask, middle, axes, draw.uniform(-20, 20), 0, 360, (140,), -1)
        for dx, dy in ((-0.35, -0.2), (0.35, -0.2), (0, 0.4)):
            spot = (round(middle[0] + dx * axes[0]), round(middle[1] + dy * axes[1]))
            cv2.ellipse(mask, spot, (axes[0] // 5 + 1, axes[1] // 8 + 1), 0, 0, 360, _WHITE, -1)
        press(
            paper,
            np.asarray(cv2.GaussianBlur(mask, (0, 0), height * draw.uniform(0.02, 0.15)), np.uint8),
            draw.uniform(0.2, 0.8),
        )


def _draw_ways(paper: Grey, ways: list[Points], draw: np.random.Generator) -> None:
    cover: Picture = np.zeros(paper.shape, np.uint8)
    pen = max(1, round(paper.shape[0] * draw.uniform(0.025, 0.09)))
    for way in ways:
        polyline(cover, way, pen)
    inked(paper, cover, any_strength(draw), draw)


def _layout(paper: Grey, draw: np.random.Generator) -> Layout:
    """Where digits would stand."""
    height, width = paper.shape
    top, base = draw.uniform(0.05, 0.3) * height, draw.uniform(0.7, 0.95) * height
    pitch = (base - top) * draw.uniform(0.6, 1.3)
    left = draw.uniform(0, 1) * pitch
    return Layout(top, base, left, left + max(1, int((width - left) / pitch)) * pitch, pitch)


KINDS: dict[str, Kind] = {
    "empty": _empty,
    "noise": _noise,
    "pattern": _pattern,
    "printed": _printed,
    "handwritten": _handwritten,
    "scribble": _scribble,
    "wood": _wood,
    "edge": _edge,
    "stamps": _stamps,
    "marks": _marks,
    "strike": _strike,
    "form": _form,
    "stubs": _stubs,
    "blobs": _blobs,
}
"""What there is instead of digits."""
