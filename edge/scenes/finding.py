"""Finding the lines of writing in a picture of any kind."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.cells import all_in_cells
from edgedigits.edge.scenes.choosing import in_reading_order
from edgedigits.edge.scenes.contrast import marks_of, strengths
from edgedigits.edge.scenes.cutting import cut_line
from edgedigits.edge.scenes.lines import TEXTURE, Found, lines_among
from edgedigits.edge.scenes.scene import Scene, SceneLine, SceneOptions, composed, rotated, rotation, shrunk
from edgedigits.edge.scenes.sheets import sheet_mask, without_desk
from edgedigits.edge.scenes.tilt import straightened, tilt_of
from edgedigits.edge.scenes.whole import is_field, is_tiny, single_line, whole_line

COARSE, FINE = 260_000, 1_600_000
"""Pixels of the picture that is searched: first, and where digits are small in it."""

SMALL = 20
"""Digits lower than this are searched again in the finer picture."""

DARK = 1.5
"""Dark writing is so many times likelier: bright marks on a board are reflections."""

IN_FORM = 3
"""and so is what stands in boxes: the ground between dark sides may pass for bright writing."""

EDGE_OF_SHEET = 0.04
"""Marks within this share of the picture's longer side of an empty sheet are its edges."""

MOSTLY = 0.5
"""A line is one of such marks where this share of its marks is: a line of digits may reach into a bright corner."""

FAINT = np.uint8(14)
"""Levels that count for nothing in that."""

EITHER = 0.2
"""Where what is bright is at least this share of what is dark, or the other way round, both are looked at."""


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


def _none(found: Found) -> Scene:
    return Scene((), found.why or "nothing of the size and shape of digits was found")


def _search(grey: NDArray[np.uint8]) -> Found:
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


def _found(grey: NDArray[np.uint8], factor: int) -> Found:
    small = shrunk(grey, factor)
    sheet = sheet_mask(small)
    if sheet is not None:
        found = _in_either(without_desk(small, sheet), factor)
        return found if found.groups else _beside(_in_either(small, factor), sheet)
    return _in_either(small, factor)


def _beside(found: Found, sheet: NDArray[np.uint8]) -> Found:
    """What was found beside an empty sheet: its edges and corners are no digits."""
    reach = 2 * round(EDGE_OF_SHEET * max(sheet.shape)) + 1
    around = cv2.dilate(sheet, np.ones((reach, reach), np.uint8)) > 0
    touching = np.unique(found.marks.labels[around])
    groups = [group for group in found.groups if np.isin(group.numbers, touching).mean() < MOSTLY]
    return replace(found, groups=groups, why=found.why or "a sheet stands out, and nothing is written on it")


def _in_either(small: NDArray[np.uint8], factor: int) -> Found:
    """Lines of dark writing, or of bright writing where there is more of it."""
    darker, brighter = strengths(small)
    dark, bright = (cv2.sumElems(np.maximum(side, FAINT))[0] - float(FAINT) * side.size for side in (darker, brighter))
    tried = []
    if dark >= EITHER * bright or dark >= bright:
        tried.append(lines_among(marks_of(darker, brighter, bright=False), factor))
    if bright > EITHER * dark:
        tried.append(lines_among(marks_of(brighter, darker, bright=True), factor))
    return max(
        tried, key=lambda one: one.weight * (1.0 if one.marks.bright else DARK) * (IN_FORM if one.in_form else 1)
    )


def _cut(grey: NDArray[np.uint8], found: Found) -> Scene:
    lines: list[SceneLine] = []
    for group in found.groups:
        line = cut_line(grey, found.factor, found.marks, group, found.ink).closed_up()
        lines.append(replace(line, in_cells=all_in_cells(found.cells[group.numbers], line.pieces)))
    boxes = [line.box_in_picture((0, 0, line.picture.shape[1], line.picture.shape[0])) for line in lines]
    order = in_reading_order([(float(x), float(y), float(w), float(h)) for x, y, w, h in boxes])
    return Scene(tuple(lines[position] for position in order))
