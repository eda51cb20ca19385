"""What a line stands on: paper with its light and shadow, its patterns, and what is printed or stamped on it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.train.augmentation.strokes import Picture
from edgedigits.train.lines.composing.patterns import any_pattern
from edgedigits.train.lines.composing.printing import CURRENCIES, any_word, printed

Grey = NDArray[np.float32]
_WHITE = (255,)


@dataclass(frozen=True)
class Layout:
    """Where the digits stand in a field; all in pixels.

    Attributes:
        top: row of their upper edge, ``base`` the one they stand on.
        left: column where they begin, ``right`` where they end.
        pitch: from one cell to the next, the first at ``left``; 0 where they were not written in cells.
    """

    top: float
    base: float
    left: float
    right: float
    pitch: float = 0.0

    @property
    def size(self) -> float:
        """Height of the digits."""
        return self.base - self.top


def ground(shape: tuple[int, int], draw: np.random.Generator) -> Grey:
    """Empty paper in some light: float32 grey levels of a shape (height, width)."""
    height, width = shape
    level = draw.uniform(130, 250)
    paper = np.full(shape, level, np.float32)
    if draw.random() < 0.45:  # light from one side
        corners = np.asarray(draw.uniform(-1, 1, (2, 2)) * draw.uniform(5, 60), np.float32)
        paper += cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    if draw.random() < 0.3:  # clouds and stains
        clouds = draw.normal(0, draw.uniform(2, 14), (3, 6)).astype(np.float32)
        paper += cv2.resize(clouds, (width, height), interpolation=cv2.INTER_CUBIC)
    if draw.random() < 0.12:
        _shadow(paper, draw)
    if draw.random() < 0.08:
        across, down = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
        paper *= 1 - draw.uniform(0.1, 0.45) * (across**2 + down[:, np.newaxis] ** 2) / 2
    if draw.random() < 0.35:  # the paper's fibres
        fibres = draw.normal(0, draw.uniform(2, 10), (height // 2 + 1, width // 2 + 1)).astype(np.float32)
        paper += cv2.resize(fibres, (width, height), interpolation=cv2.INTER_LINEAR)
    return paper


def patterned(paper: Grey, most: float, draw: np.random.Generator) -> None:
    """Print a security pattern on paper that takes away ``most`` of its brightness, a share, where it is strongest."""
    pattern = any_pattern((paper.shape[0], paper.shape[1]), draw)
    if draw.random() < 0.6:
        pattern = np.asarray(cv2.GaussianBlur(pattern, (0, 0), draw.uniform(0.4, 1.0)), np.uint8)
    press(paper, pattern, draw.uniform(0.15, 1) * most)
    if draw.random() < 0.2:
        press(paper, any_pattern((paper.shape[0], paper.shape[1]), draw), draw.uniform(0.1, 0.5) * most)


def press(paper: Grey, mask: Picture, strength: float) -> None:
    """Darken paper by a share of its brightness where a mask is bright."""
    paper *= 1 - mask * np.float32(strength / 255)


def base_line(paper: Grey, layout: Layout, draw: np.random.Generator) -> None:
    """A line below the digits, sometimes one above: solid, dashed or dotted."""
    rows = [layout.base + draw.uniform(-0.06, 0.22) * layout.size]
    if draw.random() < 0.2:
        rows.append(layout.top - draw.uniform(0.05, 0.3) * layout.size)
    mask = np.zeros(paper.shape, np.uint8)
    pen, lean = _pen(layout, draw), draw.normal(0, 0.006) * paper.shape[1]
    for row in rows:
        level(mask, row, lean, pen)
    if draw.random() < 0.3:
        period, share = int(draw.integers(3, 16)), draw.uniform(0.3, 0.7)
        mask[:, np.arange(paper.shape[1]) % period >= max(1, share * period)] = 0
    press(paper, mask, draw.uniform(0.15, 0.85))


def ruled(paper: Grey, layout: Layout, draw: np.random.Generator) -> None:
    """Ruled or squared paper; the writing need not keep to it."""
    mask = np.zeros(paper.shape, np.uint8)
    apart = layout.size * draw.uniform(0.45, 1.6)
    pen, squared = _pen(layout, draw), draw.random() < 0.6
    for row in np.arange(draw.uniform(0, apart), paper.shape[0], apart):
        level(mask, row, 0, pen)
    if squared:
        for column in np.arange(draw.uniform(0, apart), paper.shape[1], apart):
            upright(mask, column, 0, paper.shape[0], pen)
    press(paper, mask, draw.uniform(0.08, 0.35))


def frame(paper: Grey, layout: Layout, draw: np.random.Generator) -> None:
    """A box around the field, whose edges may lie outside the picture."""
    mask = np.zeros(paper.shape, np.uint8)
    off = draw.uniform(0.08, 0.5, 4) * layout.size
    corner = (round(layout.left - off[0]), round(layout.top - off[1]))
    other = (round(layout.right + off[2]), round(layout.base + off[3]))
    cv2.rectangle(mask, corner, other, _WHITE, _pen(layout, draw), cv2.LINE_AA)
    press(paper, mask, draw.uniform(0.2, 0.9))


def cells(paper: Grey, layout: Layout, draw: np.random.Generator) -> None:
    """Boxes, one for each digit, or a comb below them; empty ones at both sides go on to the edges."""
    mask = np.zeros(paper.shape, np.uint8)
    size, pen = layout.size, _pen(layout, draw)
    up, down = layout.top - draw.uniform(0.08, 0.3) * size, layout.base + draw.uniform(0.05, 0.3) * size
    before = int(layout.left / layout.pitch) if draw.random() < 0.8 else 0
    after = int((paper.shape[1] - layout.right) / layout.pitch) if draw.random() < 0.8 else 0
    first = layout.left - before * layout.pitch
    count = round((layout.right - layout.left) / layout.pitch) + before + after
    last = first + count * layout.pitch
    kind = draw.choice(["boxes", "apart", "comb", "dividers"], p=[0.4, 0.2, 0.25, 0.15])
    tooth = (down - up) * draw.uniform(0.15, 0.45) if kind == "comb" else down - up
    gap = draw.uniform(0.03, 0.1) * layout.pitch if kind == "apart" else 0.0
    for place in range(count + 1):
        column = first + place * layout.pitch
        for edge in {column - gap, column + gap}:
            upright(mask, edge, down - tooth, down, pen)
    if kind in {"boxes", "apart"}:
        level(mask, up, 0, pen, first + gap, last - gap)
    if kind != "dividers":
        level(mask, down, 0, pen, first + gap, last - gap)
    if draw.random() < 0.2:  # a broken or dotted print
        period = int(draw.integers(3, 9))
        mask[np.arange(paper.shape[0]) % period >= max(1, period * draw.uniform(0.3, 0.8))] //= 3
    press(paper, mask, draw.uniform(0.15, 0.8))


def word_beside(paper: Grey, layout: Layout, draw: np.random.Generator) -> None:
    """A printed word or the sign of a currency left of the digits, or right of them, where there is room."""
    word = str(draw.choice(CURRENCIES)) if draw.random() < 0.6 else any_word(draw)
    mask = printed(word, max(5, round(layout.size * draw.uniform(0.3, 0.9))), draw)
    row = round(layout.base - mask.shape[0] + draw.uniform(-0.4, 0.15) * layout.size)
    near = draw.uniform(0.08, 0.3) * layout.size
    on_left = layout.left > paper.shape[1] - layout.right
    column = round(layout.left - near - mask.shape[1]) if on_left else round(layout.right + near)
    press_at(paper, mask, row, column, draw.uniform(0.3, 0.9))


def stamp(paper: Grey, most: float, draw: np.random.Generator) -> None:
    """A stamp or emblem behind everything: a ring or frame around letters that darkens by ``most`` at most."""
    height, width = paper.shape
    side = int(height * draw.uniform(0.6, 2.0)) + 12
    mask = np.zeros((side, 2 * side), np.uint8)
    middle = (side, side // 2)
    if draw.random() < 0.5:
        cv2.ellipse(
            mask, middle, (int(side * draw.uniform(0.45, 0.9)), side // 2 - 3), 0, 0, 360, _WHITE, 2, cv2.LINE_AA
        )
    else:
        cv2.rectangle(mask, (3, 3), (2 * side - 4, side - 4), _WHITE, 2)
    word = printed(any_word(draw).upper(), max(6, side // 3), draw)[:, : side + side // 2]
    top, left = side // 3, max(0, side - word.shape[1] // 2)
    mask[top : top + word.shape[0], left : left + word.shape[1]] |= word
    turn = cv2.getRotationMatrix2D(middle, draw.uniform(-40, 40), 1)
    mask = np.asarray(cv2.warpAffine(mask, turn, (2 * side, side)), np.uint8)
    place = (int(draw.uniform(-0.6, 0.8) * height), int(draw.uniform(-0.3, 0.9) * width))
    press_at(paper, mask, *place, draw.uniform(0.2, 1) * most)


def press_at(paper: Grey, mask: Picture, row: int, column: int, strength: float) -> None:
    """:func:`press` a mask with its upper left corner at a place that may lie outside."""
    top, left = max(row, 0), max(column, 0)
    part = paper[top : max(row + mask.shape[0], 0), left : max(column + mask.shape[1], 0)]
    if part.size:
        press(part, mask[top - row :, left - column :][: part.shape[0], : part.shape[1]], strength)


def level(mask: Picture, row: float, lean: float, pen: int, left: float = 0, right: float | None = None) -> None:
    """Draw a level line that falls by ``lean`` pixels."""
    end = mask.shape[1] if right is None else right
    cv2.line(mask, (round(left), round(row - lean / 2)), (round(end), round(row + lean / 2)), _WHITE, pen, cv2.LINE_AA)


def upright(mask: Picture, column: float, top: float, bottom: float, pen: int) -> None:
    """Draw an upright line."""
    cv2.line(mask, (round(column), round(top)), (round(column), round(bottom)), _WHITE, pen)


def _pen(layout: Layout, draw: np.random.Generator) -> int:
    return max(1, round(layout.size * draw.uniform(0.01, 0.08)))


def _shadow(paper: Grey, draw: np.random.Generator) -> None:
    """The soft or hard edge of a shadow."""
    height, width = paper.shape
    corners = draw.uniform(-0.5, 1.5, (4, 2)) * [width, height]
    mask = np.zeros(paper.shape, np.uint8)
    cv2.fillPoly(mask, [cv2.convexHull(np.round(corners).astype(np.int32))], _WHITE)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), draw.uniform(1, 12)), np.uint8)
    press(paper, mask, draw.uniform(0.06, 0.28))
