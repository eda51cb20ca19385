"""Pages of digits, written and photographed by the tests themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

PAPER, PEN = 214.0, 62.0


@dataclass
class Page:
    """Ink on a page, 0 to 1, and the lines that were written on it: their boxes x, y, width, height.

    ``digits`` are uint8 (count, 28, 28); ``seed`` chooses among them.
    """

    width: int
    height: int
    digits: np.ndarray
    seed: int = 0
    boxes: list = field(default_factory=list)

    def __post_init__(self):
        self.draw = np.random.default_rng(self.seed)
        self.ink = np.zeros((self.height, self.width), np.float32)

    def write(self, x, y, count, high, gap=0.25):
        """Write ``count`` digits of about that height from x, y on; ``gap`` in heights."""
        left, tops, bottoms = float(x), [], []
        for _ in range(count):
            glyph = self.glyph(high * self.draw.uniform(0.9, 1.1))
            top = round(y + self.draw.uniform(-0.06, 0.06) * high + (high - glyph.shape[0]) / 2)
            place = self.ink[top : top + glyph.shape[0], round(left) : round(left) + glyph.shape[1]]
            np.maximum(place, glyph[: place.shape[0], : place.shape[1]], out=place)
            tops.append(top)
            bottoms.append(top + glyph.shape[0])
            left += glyph.shape[1] + gap * high * self.draw.uniform(0.7, 1.3)
        self.boxes.append((x, min(tops), round(left - gap * high) - x, max(bottoms) - min(tops)))
        return self

    def glyph(self, high):
        """One digit, cut to its ink and brought to a height, 0 to 1."""
        picture = self.digits[self.draw.integers(len(self.digits))]
        rows, columns = np.flatnonzero(picture.max(axis=1) > 60), np.flatnonzero(picture.max(axis=0) > 60)
        cut = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        share = high / len(cut)
        size = (max(2, round(cut.shape[1] * share)), max(2, round(high)))
        way = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
        return np.clip(cv2.resize(cut, size, interpolation=way).astype(np.float32) / 255, 0, 1)

    def rule(self, start, stop, thick=2, strength=0.8, broken=0.0):
        """A printed line, ``broken`` of which is missing."""
        line = np.zeros_like(self.ink)
        cv2.line(line, start, stop, strength, thick, cv2.LINE_AA)
        if broken:
            holes = self.draw.random((self.height // 6 + 1, self.width // 6 + 1)) < broken
            line[cv2.resize(holes.astype(np.uint8), (self.width, self.height), interpolation=cv2.INTER_NEAREST) > 0] = 0
        self.ink = np.maximum(self.ink, line)
        return self

    def boxes_with_digits(self, x, y, count, side, thick=2, broken=0.0, empty=(), comb=False):
        """A row of boxes, or a comb, with one digit in each box that is not empty."""
        high = round(0.6 * side)
        for place in range(count):
            if place not in empty:
                left = x + place * side + round(0.25 * side + self.draw.uniform(-0.05, 0.05) * side)
                glyph = self.glyph(high)
                glyph = glyph[:, : round(0.6 * side)]
                top = y + round(0.2 * side)
                part = self.ink[top : top + glyph.shape[0], left : left + glyph.shape[1]]
                np.maximum(part, glyph, out=part)
        for place in range(count + 1):
            top = y + round(0.3 * side) if comb else y
            self.rule((x + place * side, top), (x + place * side, y + side), thick, broken=broken)
        self.rule((x, y + side), (x + count * side, y + side), thick, broken=broken)
        if not comb:
            self.rule((x, y), (x + count * side, y), thick, broken=broken)
        self.boxes.append((x, y, count * side, side))
        return self

    def photo(self, light=1.0, turned=0.0, noise=3.0, paper=PAPER, pen=PEN, blur=0.8):
        """The page as a camera sees it, uint8; ``light`` is a number or an array of the page's shape."""
        picture = paper + (pen - paper) * self.ink
        if turned:
            matrix = cv2.getRotationMatrix2D((self.width / 2, self.height / 2), turned, 1)
            picture = cv2.warpAffine(picture, matrix, (self.width, self.height), borderValue=paper)
        return seen(picture * light, self.draw, noise, blur)


def seen(picture, draw, noise=3.0, blur=0.8):
    """A picture as a camera sees it: blurred, with noise, uint8."""
    soft = cv2.GaussianBlur(np.asarray(picture, np.float32), (0, 0), blur) if blur else picture
    return np.clip(np.rint(soft + draw.normal(0, noise, soft.shape)), 0, 255).astype(np.uint8)


def on_a_desk(page, width, height, turned=0.0, desk=90.0, grain=14.0):
    """A page in the middle of a desk of that size, with grain like wood, uint8."""
    draw = np.random.default_rng(page.seed + 1)
    wood = cv2.resize(draw.normal(0, 1, (height // 2, 8)).astype(np.float32), (width, height))
    ground = desk + grain * cv2.GaussianBlur(wood, (0, 0), 1.5) * 2
    matrix = cv2.getRotationMatrix2D((page.width / 2, page.height / 2), turned, 1)
    matrix[:, 2] += ((width - page.width) / 2, (height - page.height) / 2)
    paper = PAPER + (PEN - PAPER) * page.ink
    sheet = cv2.warpAffine(np.ones_like(page.ink), matrix, (width, height))
    lying = cv2.warpAffine(paper, matrix, (width, height), borderValue=PAPER)
    shade = 1 - 0.25 * cv2.GaussianBlur(sheet, (0, 0), 6)
    return seen(ground * shade * (1 - sheet) + lying * sheet, draw)


def dim(width, height, least=0.25, corner=(0.0, 0.0)):
    """Light that falls off to one corner: float32 (height, width)."""
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    far = np.hypot(across - corner[0], down - corner[1])
    return (least + (1 - least) * np.clip(far / 0.9, 0, 1)).astype(np.float32)
