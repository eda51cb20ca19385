"""Finding the lines of writing in a picture of any kind."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.reading.rules import remove_rules
from edgedigits.edge.scenes.choosing import in_reading_order, worth_reading
from edgedigits.edge.scenes.contrast import Marks, marked, marks_of, strengths
from edgedigits.edge.scenes.cutting import cut_line
from edgedigits.edge.scenes.frames import is_boxed, lines_across, lines_down, without
from edgedigits.edge.scenes.grouping import Group, group_lines
from edgedigits.edge.scenes.joining import joined
from edgedigits.edge.scenes.masks import less, present
from edgedigits.edge.scenes.pieces import Pieces, digit_like, pieces_of, typical_height
from edgedigits.edge.scenes.scene import Scene, SceneLine, SceneOptions, composed, rotated, rotation, shrunk
from edgedigits.edge.scenes.sheets import sheet_mask, without_desk
from edgedigits.edge.scenes.tilt import straightened, tilt_of
from edgedigits.edge.scenes.whole import is_field, is_tiny, single_line, whole_line

COARSE, FINE = 260_000, 1_600_000
"""Pixels of the picture that is searched: first, and where digits are small in it."""

SMALL = 20
"""Digits lower than this are searched again in the finer picture."""

MOST_LINES = 60
"""Lines that are given at most,"""

MOST_OF_TEXTURE = 20
"""and where they are as irregular as the marks of a texture."""

TEXTURE = 1500
"""With more marks than this in the small picture it shows a texture, and the finer picture more of it."""

HOLLOW = 0.3
"""Frames fill less than this share of the box around them."""

FEW = 24
"""Up to so many marks of the size of digits are no broken lines."""

MANY = 100
"""With more marks than this, ruled or squared paper is suspected, whose lines may be broken."""

DARK = 1.5
"""Dark writing is so many times likelier: bright marks on a board are reflections."""

EDGE_OF_SHEET = 0.04
"""Marks within this share of the picture's longer side of an empty sheet are its edges."""

FAINT = np.uint8(14)
"""Levels that count for nothing in that."""

EITHER = 0.2
"""Where what is bright is at least this share of what is dark, or the other way round, both are looked at."""


@dataclass(frozen=True)
class _Found:
    """Lines in a reduced picture: their marks, and all ink, that of printed lines included."""

    groups: list[Group]
    marks: Marks
    pieces: Pieces
    ink: NDArray[np.uint8]
    boxed: bool
    printed: bool
    factor: int
    why: str = ""

    @property
    def height(self) -> float:
        """Of the highest digits."""
        return max((group.height for group in self.groups), default=0.0)

    @property
    def weight(self) -> float:
        """How much writing this is: strong, high strokes rather than blots."""
        total = 0.0
        for group in self.groups:
            own = self.pieces.taken(np.isin(self.pieces.numbers, group.numbers))
            _, _, width, height = own.boxes.T
            blots = (own.areas > 0.62 * width * height) & (3 * width > height)
            digits = np.where(own.chains, width / height, 1.0)
            total += float((own.peaks * height * digits)[~blots].sum())
        return total


def find_strips(grey: NDArray[np.uint8], options: SceneOptions | None = None) -> Scene:
    """Find the lines of writing in a picture and cut them out.

    Args:
        grey: uint8 (height, width); ink may be dark or bright.
        options: what is known about the picture.

    Returns:
        the lines in reading order, at most 60; with none, why.

    Raises:
        EdgedigitsError: the options' region is not inside the picture.
    """
    options = options or SceneOptions()
    height, width = grey.shape
    x, y, across, down = options.checked_region(width, height)
    part = rotated(grey[y : y + down, x : x + across], options.rotate // 90)
    base = rotation(down, across, options.rotate // 90)
    base[:, 2] += (x, y)
    scene = _scene(part, options.single)
    lines = tuple(replace(line, matrix=composed(base, line.matrix)) for line in scene.lines)
    return replace(scene, lines=lines)


def _scene(grey: NDArray[np.uint8], single: bool) -> Scene:
    if is_tiny(grey):
        return Scene((whole_line(grey, _found(grey, 1).marks),))
    if single:
        found = _search(grey)
        return (
            Scene((single_line(grey, found.factor, found.marks, found.ink),))
            if found.marks.mask.any()
            else _none(found)
        )
    found = _search(grey)
    if is_field(grey, found.groups, found.marks, found.pieces, found.factor, found.boxed):
        return Scene((whole_line(grey, found.marks),))
    tilt = tilt_of(found.ink)
    if tilt:
        level = straightened(grey, tilt)
        again = _search(level.picture)
        if again.groups and again.printed:
            scene = _cut(level.picture, again)
            return replace(
                scene, lines=tuple(replace(line, matrix=composed(level.matrix, line.matrix)) for line in scene.lines)
            )
    return _cut(grey, found) if found.groups else _none(found)


def _none(found: _Found) -> Scene:
    return Scene((), found.why or "nothing of the size and shape of digits was found")


def _search(grey: NDArray[np.uint8]) -> _Found:
    """The lines, looked for in a small picture first, in a finer one where digits are small."""
    coarse = max(1, round((grey.size / COARSE) ** 0.5))
    fine = max(1, int(np.ceil((grey.size / FINE) ** 0.5)))
    found = _found(grey, coarse)
    marks = int((found.marks.stats[1:, cv2.CC_STAT_HEIGHT] >= 4).sum())
    if fine < coarse and found.height < SMALL and 1 <= marks <= TEXTURE:
        finer = _found(grey, fine)
        if finer.groups:
            return finer
    return found


def _found(grey: NDArray[np.uint8], factor: int) -> _Found:
    small = shrunk(grey, factor)
    sheet = sheet_mask(small)
    if sheet is not None:
        found = _in_either(without_desk(small, sheet), factor)
        return found if found.groups else _beside(_in_either(small, factor), sheet)
    return _in_either(small, factor)


def _beside(found: _Found, sheet: NDArray[np.uint8]) -> _Found:
    """What was found beside an empty sheet: its edges and corners are no digits."""
    reach = 2 * round(EDGE_OF_SHEET * max(sheet.shape)) + 1
    around = cv2.dilate(sheet, np.ones((reach, reach), np.uint8)) > 0
    touching = np.unique(found.marks.labels[around])
    groups = [group for group in found.groups if not np.isin(group.numbers, touching).any()]
    return replace(found, groups=groups, why=found.why or "a sheet stands out, and nothing is written on it")


def _in_either(small: NDArray[np.uint8], factor: int) -> _Found:
    """Lines of dark writing, or of bright writing where there is more of it."""
    darker, brighter = strengths(small)
    dark, bright = (cv2.sumElems(np.maximum(side, FAINT))[0] - float(FAINT) * side.size for side in (darker, brighter))
    tried = []
    if dark >= EITHER * bright or dark >= bright:
        tried.append(_lines(marks_of(darker, brighter, bright=False), factor))
    if bright > EITHER * dark:
        tried.append(_lines(marks_of(brighter, darker, bright=True), factor))
    return max(tried, key=lambda found: found.weight * (1.0 if found.marks.bright else DARK))


def _lines(marks: Marks, factor: int) -> _Found:
    """The lines among marks, printed lines taken out."""
    ink = marks.mask
    pieces = pieces_of(marks)
    digit = _typical(pieces, ink.shape)
    mask = ink
    if MANY < len(pieces) <= TEXTURE:
        mask = remove_rules(mask, across=True, down=True)
    across = down = np.zeros_like(mask)
    if _may_be_printed(pieces, digit):
        straight = _without_chains(mask, marks, pieces)
        across = lines_across(straight, digit)
        if present(across):
            bare = marked(without(mask, across, np.zeros_like(across)), marks.strength, marks.floor, marks.bright)
            digit = _typical(pieces_of(bare), ink.shape)
        down = lines_down(straight, digit, across)
    printed = np.asarray(cv2.bitwise_or(across, down), np.uint8)
    left = without(mask, across, down)
    if left is not ink:
        marks = marked(left, marks.strength, marks.floor, marks.bright)
        pieces = _not_along(pieces_of(marks), marks, printed)
        digit = _typical(pieces, ink.shape)
    whole = joined(marks, digit)
    if whole is not marks:
        marks = whole
        pieces = _not_along(pieces_of(marks), marks, printed)
    groups = group_lines(pieces, ink.shape, printed if present(printed) else None)
    kept = worth_reading(groups, marks, pieces)
    why = "" if kept else _why_none(ink, pieces)
    if len(kept) > MOST_OF_TEXTURE:
        kept = _most(kept)
    return _Found(kept, marks, pieces, ink, is_boxed(down), present(printed), factor, why)


def _without_chains(mask: NDArray[np.uint8], marks: Marks, pieces: Pieces) -> NDArray[np.uint8]:
    """A mask without chains of zeros, whose heads and feet would make straight lines."""
    if not pieces.chains.any():
        return mask
    return less(mask, np.isin(marks.labels, pieces.numbers[pieces.chains]).astype(np.uint8))


def _may_be_printed(pieces: Pieces, digit: float) -> bool:
    """Whether printed lines are worth looking for: marks larger than digits, or hollow, or many."""
    _, _, width, height = pieces.boxes.T
    large = (width > 1.5 * digit) | (height > 1.25 * digit)
    large |= (np.minimum(width, height) >= SMALL) & (pieces.areas < HOLLOW * width * height)
    return bool(large.any() or (np.maximum(width, height) >= 6).sum() > FEW)


def _typical(pieces: Pieces, shape: tuple[int, ...]) -> float:
    """Height of digits as far as it is known before printed lines are gone."""
    x, y, width, height = pieces.boxes.T
    good = digit_like(pieces, shape) & (width <= 2.5 * height)
    marks = good & (height <= 0.3 * shape[0]) & (width <= 0.3 * shape[1])
    for large in np.flatnonzero(good & (width > 0.3 * shape[1])).tolist():
        # What has marks inside is a frame.
        inside = (x > x[large]) & (x + width < x[large] + width[large])
        inside &= (y > y[large]) & (y + height < y[large] + height[large])
        inside &= marks
        many = inside.sum() >= 4 and pieces.areas[inside].sum() >= 0.15 * pieces.areas[large]
        good[large] = not (many or (height[inside] >= 0.25 * height[large]).any())
    # Dividers are many, high and thin; digits are wider, but for some.
    weights = (pieces.areas * np.clip(width / (0.4 * height), 0.1, 1.0) ** 2)[good]
    return typical_height(height[good], weights) or min(shape) / 3


def _not_along(pieces: Pieces, marks: Marks, lines: NDArray[np.uint8]) -> Pieces:
    """The pieces without the remains of printed lines."""
    near = cv2.dilate(lines, np.ones((5, 5), np.uint8))
    inside = np.bincount(marks.labels[near > 0], minlength=len(marks.stats))[pieces.numbers]
    return pieces.taken(inside <= 0.6 * pieces.areas)


def _most(groups: list[Group]) -> list[Group]:
    """Of many lines all up to 60 where they are alike, else the 20 with the most writing."""
    heights = np.array([group.height for group in groups])
    alike = np.mean(np.abs(heights / np.median(heights) - 1) < 0.35) > 0.75
    several = np.mean([len(group.numbers) >= 2 for group in groups]) > 0.5
    most = MOST_LINES if alike and several else MOST_OF_TEXTURE
    return sorted(groups, key=lambda group: -len(group.numbers) * group.height)[:most]


def _why_none(ink: NDArray[np.uint8], pieces: Pieces) -> str:
    if not ink.any():
        return "no ink was found: nothing stands out of its ground"
    if not len(pieces):
        return "no ink was found but specks and straight lines"
    tallest = int(pieces.boxes[:, 3].max())
    return f"only specks, lines or edges were found, nothing of a digit's size and shape (the highest {tallest} pixels)"


def _cut(grey: NDArray[np.uint8], found: _Found) -> Scene:
    lines: list[SceneLine] = [
        cut_line(grey, found.factor, found.marks, group, found.ink).closed_up() for group in found.groups
    ]
    boxes = [line.box_in_picture((0, 0, line.picture.shape[1], line.picture.shape[0])) for line in lines]
    order = in_reading_order([(float(x), float(y), float(w), float(h)) for x, y, w, h in boxes])
    return Scene(tuple(lines[position] for position in order))
