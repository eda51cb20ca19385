"""One mail piece as it lies flat: an envelope, a card or a parcel's label, with print, stamp and a handwritten code."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.recordings.mail.hands import THICKEST, Colour, Hand, HandKind, any_hand
from edgedigits.edge.recordings.mail.levels import Level
from edgedigits.edge.recordings.mail.printing import (
    PRINT,
    any_address,
    any_font,
    any_number,
    any_sender,
    bars,
    postmark,
    stamp,
    text_lines,
    window,
)
from edgedigits.edge.recordings.mail.writing import Mask, Writer, Written
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import Image

SCALE = 3.4
"""Pixels a millimetre."""

_SIZES = {"envelope": ((162, 114), (220, 110)), "card": ((148, 105),), "parcel": ((190, 140), (170, 130))}
"""Width and height in millimetres: envelopes C6 and DL, postcards A6, small parcels."""

_KINDS = ("envelope", "envelope", "envelope", "card", "parcel")
_TINTS: dict[str, tuple[Colour, ...]] = {
    "envelope": ((255, 255, 255), (232, 246, 255), (255, 246, 236), (243, 243, 243), (214, 236, 250), (196, 222, 240)),
    "card": ((255, 255, 255), (238, 248, 255), (230, 242, 250)),
    "parcel": ((128, 172, 206), (112, 155, 190), (150, 185, 212)),
}
"""Blue, green and red of papers under white light, as shares of 255: white, cream, pale blue, grey, manila, card."""

_BOX_INKS: tuple[Colour, ...] = ((60, 110, 230), (120, 120, 120), (60, 60, 60), (180, 130, 70))
_CODE_WORDS = ("CODE", "ZIP", "POSTAL CODE", "PLZ")
_EDGE = 16

_AROUND = 0.18
"""Room of a code field around the ink, in heights of its digits."""

_SMALLER = 0.92
"""Written again for want of room, a code is this much smaller than would just fit: no two times are quite alike."""


@dataclass(frozen=True)
class Flat:
    """A piece before it lies on the belt.

    Attributes:
        picture: uint8 BGR.
        field: box of its code field, with the room that a printed box or a pen takes; of an empty one too.
    """

    picture: Image
    field: Box


@dataclass(frozen=True)
class Order:
    """What a piece is going to be.

    Attributes:
        kind: envelope, card or parcel.
        size: width and height in pixels.
        written: in its code field.
        empty: nothing is written there after all.
        crossed: what is written was crossed out.
    """

    kind: str
    size: tuple[int, int]
    written: str
    empty: bool
    crossed: bool


def any_order(level: Level, written: str, draw: np.random.Generator) -> Order:
    """A piece of some kind and size that carries a code, or at the harder levels none."""
    kind = _KINDS[int(draw.integers(len(_KINDS)))]
    wide, high = _SIZES[kind][int(draw.integers(len(_SIZES[kind])))]
    lot = draw.random()
    empty, crossed = lot < level.empty, level.empty <= lot < level.empty + level.crossed
    size = (round(wide * SCALE * draw.uniform(0.97, 1.03)), round(high * SCALE * draw.uniform(0.97, 1.03)))
    return Order(kind, size, written, empty, crossed)


class Stationer:
    """Makes mail pieces."""

    def __init__(self, writer: Writer, level: Level, kind: HandKind, seed: int) -> None:
        """Take who writes, and how well."""
        self._writer, self._level, self._kind = writer, level, kind
        draw = np.random.default_rng((seed, 1))
        grain = draw.standard_normal((700, 900), np.float32) * 1.6
        fibres = cv2.GaussianBlur(draw.standard_normal((700, 900), np.float32), (0, 0), 5) * 14
        self._grain = np.clip(242 + grain + fibres, 0, 255).astype(np.uint8)

    def piece(self, order: Order, draw: np.random.Generator) -> Flat:
        """Make a piece of an order."""
        level = self._level
        hand = any_hand(self._kind, level, draw)
        paper = self._sheet(order.size, _TINTS[order.kind], draw.uniform(*level.pale), draw)
        x, y, wide, high = _LAYOUTS[order.kind](paper, level, draw)
        boxed = bool(draw.random() < level.boxed)
        into_boxes = boxed and bool(draw.random() < 0.75)
        written, hand = self._written(order.written, hand, (wide, high), into_boxes, draw)
        field = _placed(written, (x, y, wide, high), hand, draw)
        label = order.kind == "parcel" or draw.random() < 0.3
        _field(paper, field, written, hand, boxed, label, draw)
        if not order.empty:
            cover = _crossed(written.cover, hand, draw) if order.crossed else written.cover
            _ink(paper, cover, _ink_place(field, written), hand, draw)
        return Flat(paper, _inside(field, order.size))

    def _written(
        self, text: str, hand: Hand, room: tuple[int, int], boxed: bool, draw: np.random.Generator
    ) -> tuple[Written, Hand]:
        """A code, and the hand that wrote it: smaller where it did not fit into its room."""
        written = self._writer.write(text, hand, draw, boxed=boxed)
        around = 2 * _AROUND * hand.size
        share = min(room[0] / (written.cover.shape[1] + around), room[1] / (written.cover.shape[0] + around))
        if share >= 1:
            return written, hand
        size = _SMALLER * share * hand.size
        hand = replace(hand, size=size, pen=min(hand.pen, THICKEST * size))
        return self._writer.write(text, hand, draw, boxed=boxed), hand

    def _sheet(self, size: tuple[int, int], tints: tuple[Colour, ...], pale: float, draw: np.random.Generator) -> Image:
        """Paper with its grain, lit at its upper edges."""
        wide, high = size
        top, left = draw.integers(0, (700 - high, 900 - wide))
        grain = self._grain[top : top + high, left : left + wide]
        tint = np.array(tints[int(draw.integers(len(tints)))]) * (pale / 255)
        steps = np.arange(256)[:, np.newaxis]
        colours = np.clip(steps * (tint / 242), 0, 255).round().astype(np.uint8)[:, np.newaxis]
        paper = np.asarray(cv2.LUT(cv2.merge([grain] * 3), colours), np.uint8)
        cv2.rectangle(paper, (0, 0), (wide - 1, high - 1), _shaded(paper, 0.82), 1)
        return paper


def _shaded(paper: Image, share: float) -> Colour:
    blue, green, red = (int(share * level) for level in paper[3, 3])
    return blue, green, red


def _envelope(paper: Image, level: Level, draw: np.random.Generator) -> Box:
    """Sender, stamp and address; the room below the address, or the lower left, is for the code."""
    high, wide = paper.shape[:2]
    font = any_font(draw)
    if draw.random() < 0.7:
        text_lines(paper, any_sender(draw), (_EDGE + 6, _EDGE + 4), 9, font)
    _stamped(paper, draw)
    lines = any_address(draw)
    low_left = draw.random() < 0.3
    size = draw.uniform(10, 13)
    top = round((0.36 if not low_left else 0.4) * high)
    left = round(wide * draw.uniform(0.4, 0.5))
    if draw.random() < 0.25:
        window(paper, (left - 14, top - 12), (wide - left - 10, round(len(lines) * 1.85 * size) + 20))
    below = text_lines(paper, lines, (left, top), size, font)
    if draw.random() < level.numbers:
        text_lines(paper, [any_number(draw)], (_EDGE + 6, round(0.48 * high)), draw.uniform(9, 14), font)
    if low_left:
        return (_EDGE + 4, round(0.62 * high), round(0.86 * wide), round(0.38 * high) - _EDGE)
    start = round(draw.uniform(0.28, 0.4) * wide)
    return (start, below + 8, wide - _EDGE - start, high - below - 8 - _EDGE)


def _card(paper: Image, level: Level, draw: np.random.Generator) -> Box:
    """A postcard: a line down the middle, some print on its left, address lines on its right."""
    high, wide = paper.shape[:2]
    font = any_font(draw)
    middle = round(0.42 * wide)
    text_lines(paper, ["Greetings from", *any_sender(draw)[2:]], (_EDGE + 4, round(0.16 * high)), 10, font)
    _stamped(paper, draw)
    below = text_lines(paper, any_address(draw)[-3:], (middle + 16, round(0.36 * high)), 10.5, font)
    cv2.line(paper, (middle, round(0.2 * high)), (middle, below - 10), PRINT, 1, cv2.LINE_AA)
    if draw.random() < level.numbers:
        text_lines(paper, [any_number(draw)], (_EDGE + 4, round(0.5 * high)), 10, font)
    return (_EDGE, below + 6, wide - 2 * _EDGE, high - below - 6 - _EDGE)


def _parcel(paper: Image, level: Level, draw: np.random.Generator) -> Box:
    """A parcel with tape and a white label: sender, a bar code, the address and the code."""
    high, wide = paper.shape[:2]
    tape = round(high * draw.uniform(0.05, 0.14))
    strip = paper[tape : tape + 34]
    strip[:] = cv2.addWeighted(strip, 0.75, np.full_like(strip, (150, 190, 215)), 0.25, 0)
    x, y = round(0.1 * wide), round(draw.uniform(0.14, 0.2) * high)
    label_wide, label_high = round(0.8 * wide), round(0.72 * high)
    label = paper[y : y + label_high, x : x + label_wide]
    grey = cv2.cvtColor(label, cv2.COLOR_BGR2GRAY)
    white = cv2.convertScaleAbs(grey, alpha=draw.uniform(*level.pale) / max(1.0, float(grey.mean())))
    label[:] = cv2.merge([white] * 3)
    cv2.rectangle(paper, (x, y), (x + label_wide, y + label_high), (120, 120, 120), 1, cv2.LINE_AA)
    font = any_font(draw)
    text_lines(paper, ["FROM", *any_sender(draw)], (x + 12, y + 10), 8.5, font)
    bars(paper, (x + round(0.5 * label_wide), y + 14), (round(0.44 * label_wide), 46), draw)
    if draw.random() < max(level.numbers, 0.2):
        text_lines(paper, [any_number(draw)], (x + round(0.55 * label_wide), y + 68), 9, font)
    rule = y + round(0.28 * label_high)
    cv2.line(paper, (x, rule), (x + label_wide, rule), (120, 120, 120), 1, cv2.LINE_AA)
    below = text_lines(paper, ["TO", *any_address(draw)], (x + 12, rule + 8), 10.5, font)
    return (x + 10, below + 4, label_wide - 20, y + label_high - below - 12)


_LAYOUTS: dict[str, Callable[[Image, Level, np.random.Generator], Box]] = {
    "envelope": _envelope,
    "card": _card,
    "parcel": _parcel,
}
"""Kind to what prints it, which gives the room that is left for the code."""


def _stamped(paper: Image, draw: np.random.Generator) -> None:
    """A stamp in the upper right corner, and its cancellation."""
    high, wide = paper.shape[:2]
    size = (round(draw.uniform(21, 27) * SCALE), round(draw.uniform(25, 30) * SCALE))
    place = (wide - size[0] - _EDGE - int(draw.integers(0, 8)), _EDGE + int(draw.integers(0, 6)))
    stamp(paper, place, size, draw)
    if draw.random() < 0.8:
        radius = round(0.1 * high)
        postmark(paper, (place[0] + int(draw.integers(-20, 25)), place[1] + round(0.5 * size[1])), radius, draw)


def _placed(written: Written, room: Box, hand: Hand, draw: np.random.Generator) -> Box:
    """The code field: somewhere in its room."""
    x, y, wide, high = room
    around = round(_AROUND * hand.size)
    field_wide = min(wide, written.cover.shape[1] + 2 * around)
    field_high = min(high, written.cover.shape[0] + 2 * around)
    left = x + round((wide - field_wide) * draw.random())
    return left, y + round((high - field_high) * draw.uniform(0.3, 0.9)), field_wide, field_high


def _ink_place(field: Box, written: Written) -> tuple[int, int]:
    """Where the upper left corner of the ink lies in a code field: in its middle."""
    x, y, wide, high = field
    return x + (wide - written.cover.shape[1]) // 2, y + (high - written.cover.shape[0]) // 2


def _field(
    paper: Image, field: Box, written: Written, hand: Hand, boxed: bool, label: bool, draw: np.random.Generator
) -> None:
    """What is printed for the code: boxes or a comb where it is written into them, else a line or a frame."""
    x, y, wide, _ = field
    colour = _BOX_INKS[int(draw.integers(len(_BOX_INKS)))]
    if label:
        word = _CODE_WORDS[int(draw.integers(len(_CODE_WORDS)))]
        text_lines(paper, [word], (x + 2, max(2, y - 16)), 7.5, cv2.FONT_HERSHEY_SIMPLEX)
    if not boxed:
        return
    left, top = _ink_place(field, written)
    base = round(top + written.base + 0.1 * hand.size)
    if not written.boxes:
        cv2.line(paper, (x + 4, base), (x + wide - 4, base), colour, 1, cv2.LINE_AA)
        return
    upper = round(top + written.base - 1.14 * hand.size)
    edges = [round(left + written.left + place * written.pitch) for place in range(written.boxes + 1)]
    comb = draw.random() < 0.3
    rise = round((base - upper) * (0.35 if comb else 1))
    for edge in edges:
        cv2.line(paper, (edge, base - rise), (edge, base), colour, 1, cv2.LINE_AA)
    cv2.line(paper, (edges[0], base), (edges[-1], base), colour, 1, cv2.LINE_AA)
    if not comb:
        cv2.line(paper, (edges[0], upper), (edges[-1], upper), colour, 1, cv2.LINE_AA)


def _crossed(cover: Mask, hand: Hand, draw: np.random.Generator) -> Mask:
    """The code with strokes of the same pen through it, to and fro."""
    high, wide = cover.shape
    out, pen = cover.copy(), max(2, round(hand.pen))
    turns = int(draw.integers(5, 12))
    across = np.linspace(0.01, 0.99, turns) * wide
    down = (0.5 + np.where(np.arange(turns) % 2, 0.38, -0.38) * draw.uniform(0.6, 1.1, turns)) * high
    points = np.column_stack([across, down]).round().astype(np.int32)
    cv2.polylines(out, [points], False, (255,), pen, cv2.LINE_AA)
    for share in draw.uniform(0.3, 0.7, 2):
        cv2.line(out, (0, round(share * high)), (wide, round(share * high)), (255,), pen, cv2.LINE_AA)
    return out


def _ink(paper: Image, cover: Mask, place: tuple[int, int], hand: Hand, draw: np.random.Generator) -> None:
    """Let ink take light from the paper, a little more here than there, as a pen is pressed."""
    x, y = max(0, place[0]), max(0, place[1])
    part = paper[y : place[1] + cover.shape[0], x : place[0] + cover.shape[1]]
    inside = cover[y - place[1] :, x - place[0] :][: part.shape[0], : part.shape[1]]
    coarse = draw.uniform(0.8, 1.1, (3, max(2, math.ceil(inside.shape[1] / 30)))).astype(np.float32)
    press = cv2.resize(coarse, (inside.shape[1], inside.shape[0]), interpolation=cv2.INTER_LINEAR)
    taken: NDArray[np.float32] = np.clip(inside * press * np.float32(hand.strength / 255), 0, 0.97)
    ink = np.array(hand.ink, np.float32)
    part[:] = (part * (1 - taken[..., np.newaxis]) + ink * taken[..., np.newaxis]).round().astype(np.uint8)


def _inside(field: Box, size: tuple[int, int]) -> Box:
    """The field where it lies on the piece."""
    x, y = max(0, field[0]), max(0, field[1])
    return x, y, min(field[2] + field[0], size[0]) - x, min(field[3] + field[1], size[1]) - y
