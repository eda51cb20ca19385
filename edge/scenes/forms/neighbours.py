"""Boxes that stand apart in one row: those that were not found by themselves are between and beside the others."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.forms.dividing import OFF
from edgedigits.edge.scenes.forms.form import Area, Form

ALIKE = 0.15
"""Boxes of one row differ in size and in their rows by at most this share of their height, or 3 pixels."""

FARTHEST = 2.0
"""They begin at most so many of their widths after each other."""

COVERED, SIDES = 0.7, 3
"""So many of a box's sides have ink on this share of their length, where a box is expected."""

MOST = 30
"""Boxes that are looked for at most on either side of a row."""


def rows_of(boxes: list[Form]) -> list[list[Form]]:
    """Boxes of about one size that stand apart in one row, from left to right; rows of one among them."""
    rows: list[list[Form]] = []
    for box in sorted(boxes, key=lambda one: one.area):
        left, top, right, bottom = box.area
        near = max(3, round(ALIKE * (bottom - top)))
        for row in rows:
            before = row[-1].area
            alike = abs(before[1] - top) <= near and abs(before[3] - bottom) <= near
            if alike and left >= before[2] and abs((before[2] - before[0]) - (right - left)) <= near:
                row.append(box)
                break
        else:
            rows.append([box])
    return rows


def missing_of(row: list[Form], mask: NDArray[np.uint8]) -> list[Form]:
    """Boxes of a row that were not found by themselves, as a digit lies over a side: between and beside the others."""
    starts = np.array([box.area[0] for box in row], np.float64)
    size = np.median([np.subtract(box.area[2:], box.area[:2]) for box in row], axis=0)
    if len(row) < 2 or (np.diff(starts) < size[0]).any():
        return []
    apart = np.diff(starts)
    pitch = float(apart.min())
    pitch = float((starts[-1] - starts[0]) / np.rint(apart / pitch).sum())
    if pitch > FARTHEST * size[0] or (np.abs(apart / pitch - np.rint(apart / pitch)) > OFF).any():
        return []
    thick = np.array([[one[3] - one[1] for one in row[0].across], [one[2] - one[0] for one in row[0].down[:2]]]).max()
    ink = np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), np.uint8)
    found = []
    taken = np.rint((starts - starts[0]) / pitch).astype(int).tolist()
    inside = [place for place in range(taken[-1]) if place not in taken]
    for places in (inside, range(-1, -MOST, -1), range(taken[-1] + 1, taken[-1] + MOST)):
        for place in places:
            near = row[int(np.argmin(np.abs(np.array(taken) - place)))]
            left = round(starts[0] + place * pitch)
            box = _framed(ink, (left, near.area[1], round(left + size[0]), near.area[3]), int(thick))
            if box:
                found.append(box)
            elif places is not inside:
                break
    return found


def _framed(ink: NDArray[np.uint8], area: Area, thick: int) -> Form | None:
    """A box where one is expected; None where fewer than three of its sides have ink."""
    left, top, right, bottom = area
    if left < 0 or top < 0 or right > ink.shape[1] or bottom > ink.shape[0]:
        return None
    across = ((left, top, right, top + thick), (left, bottom - thick, right, bottom))
    down = ((left, top, left + thick, bottom), (right - thick, top, right, bottom))
    shares = [ink[y0:y1, x0:x1].max(axis=0).mean() for x0, y0, x1, y1 in across]
    shares += [ink[y0:y1, x0:x1].max(axis=1).mean() for x0, y0, x1, y1 in down]
    if sum(share >= COVERED for share in shares) < SIDES:
        return None
    cell = (left + thick, top + thick, right - thick, bottom - thick)
    return Form(across, down, area, True, (cell,))
