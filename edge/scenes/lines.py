"""The lines of writing among the marks of a picture, and what is printed around them taken out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.reading.rules import remove_rules
from edgedigits.edge.scenes.cells import cells_of, one_in_each, rows_joined
from edgedigits.edge.scenes.choosing import worth_reading
from edgedigits.edge.scenes.contrast import Marks, marked
from edgedigits.edge.scenes.forms.finding import forms_in
from edgedigits.edge.scenes.forms.form import Form, lines_of, written_in
from edgedigits.edge.scenes.forms.frames import is_boxed, lines_across, lines_down, without
from edgedigits.edge.scenes.forms.masks import either, less, present
from edgedigits.edge.scenes.forms.removing import without_forms
from edgedigits.edge.scenes.grouping import Group, group_lines
from edgedigits.edge.scenes.joining import joined
from edgedigits.edge.scenes.pieces import Pieces, digit_like, pieces_of, typical_height

MOST_LINES = 60
"""Lines that are given at most,"""

MOST_OF_TEXTURE = 20
"""and where they are as irregular as the marks of a texture."""

TEXTURE = 1500
"""With more marks than this in the small picture it shows a texture, and the finer picture more of it."""

HOLLOW, LEAST_HOLLOW = 0.3, 20
"""Frames fill less than this share of the box around them, which is at least so many pixels wide and high."""

FEW = 24
"""Up to so many marks of the size of digits are no broken lines."""

MANY = 100
"""With more marks than this, ruled or squared paper is suspected, whose lines may be broken."""


@dataclass(frozen=True)
class Found:
    """Lines in a reduced picture: their marks, and all ink, that of printed lines included."""

    groups: list[Group]
    marks: Marks
    pieces: Pieces
    ink: NDArray[np.uint8]
    boxed: bool
    printed: bool
    factor: int
    cells: NDArray[np.int64]
    why: str = ""

    @property
    def height(self) -> float:
        """Of the highest digits."""
        return max((group.height for group in self.groups), default=0.0)

    @property
    def in_form(self) -> bool:
        """Whether most marks of the lines stand in boxes of a form."""
        cells = [self.cells[group.numbers] for group in self.groups]
        return bool(cells) and bool((np.concatenate(cells) > 0).mean() > 0.5)

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


def lines_among(marks: Marks, factor: int) -> Found:
    """The lines among marks, printed lines taken out.

    Args:
        marks: of a picture.
        factor: by which it was reduced.
    """
    ink = marks.mask
    pieces = pieces_of(marks)
    digit = _typical(pieces, ink.shape)
    forms = forms_in(_without_chains(ink, marks, pieces), digit)
    if forms:
        marks = marked(without_forms(ink, forms), marks.strength, marks.floor, marks.bright)
        pieces = pieces_of(marks)
        digit = _typical(pieces, ink.shape)
    across, down, mask = _printed(marks, pieces, digit, forms)
    rules = either(across, down)
    if mask is not marks.mask or present(rules):
        marks = marked(without(mask, across, down), marks.strength, marks.floor, marks.bright)
        pieces = _not_along(pieces_of(marks), marks, rules)
        digit = _typical(pieces, ink.shape)
    whole = joined(one_in_each(marks, cells_of(marks, forms)) if forms else marks, digit)
    if whole is not marks:
        marks = whole
        pieces = _not_along(pieces_of(marks), marks, rules)
    boxed = is_boxed(down) or any(len(form.across) > 1 for form in forms)
    if forms:
        rules = either(either(rules, rows_joined(forms, ink.shape)), either(*lines_of(forms, ink.shape)))
    groups = group_lines(pieces, ink.shape, rules if present(rules) else None)
    kept = worth_reading(groups, marks, pieces)
    why = "" if kept else _why_none(ink, pieces)
    if len(kept) > MOST_OF_TEXTURE:
        kept = _most(kept)
    return Found(kept, marks, pieces, ink, boxed, present(rules), factor, cells_of(marks, forms), why)


def _printed(
    marks: Marks, pieces: Pieces, digit: float, forms: tuple[Form, ...]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Printed lines across and down besides the forms, and the mask without ruled paper's."""
    mask = marks.mask
    if MANY < len(pieces) <= TEXTURE:
        mask = remove_rules(mask, across=True, down=True)
    across = down = np.zeros_like(mask)
    if _may_be_printed(pieces, digit):
        straight = _without_chains(mask, marks, pieces)
        across = lines_across(straight, digit)
        if present(across):
            bare = marked(without(mask, across, np.zeros_like(across)), marks.strength, marks.floor, marks.bright)
            digit = _typical(pieces_of(bare), mask.shape)
        down = lines_down(straight, digit, across)
    if forms:
        written = written_in(forms, mask.shape)
        across, down = less(across, written), less(down, written)
    return across, down, mask


def _without_chains(mask: NDArray[np.uint8], marks: Marks, pieces: Pieces) -> NDArray[np.uint8]:
    """A mask without chains of zeros, whose heads and feet would make straight lines."""
    if not pieces.chains.any():
        return mask
    return less(mask, np.isin(marks.labels, pieces.numbers[pieces.chains]).astype(np.uint8))


def _may_be_printed(pieces: Pieces, digit: float) -> bool:
    """Whether printed lines are worth looking for: marks larger than digits, or hollow, or many."""
    _, _, width, height = pieces.boxes.T
    large = (width > 1.5 * digit) | (height > 1.25 * digit)
    large |= (np.minimum(width, height) >= LEAST_HOLLOW) & (pieces.areas < HOLLOW * width * height)
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
