"""Combs: a base line with teeth of one height on it, evenly spaced from end to end."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.scenes.forms.dividing import ends_of, even, runs_of, thin
from edgedigits.edge.scenes.forms.form import Form, cells_between
from edgedigits.edge.scenes.forms.segments import Segments

TOOTH, LONGEST_TOOTH, LEAST_TOOTH = 0.15, 1.3, 5
"""Teeth are at least and at most so many times as long as they are apart, and at least so many pixels,"""

LEAST_TEETH, LEAST_APART = 4, 6
"""at least so many, and so many pixels apart."""

FULL = 0.85
"""What stands on the base for this share of a tooth's length may be one."""

HEAD = 1.6
"""Digits reach at most so many times the distance of the teeth above the base."""


def combs_on(sides: Segments, mask: NDArray[np.uint8], boxes: list[Form]) -> list[Form]:
    """The combs whose base one of some lines across is, which is no side of a box."""
    taken = {(one[0], one[1]) for form in boxes for one in form.across}
    found = []
    for place in range(len(sides)):
        begin, end, top, bottom = (int(v[place]) for v in (sides.left, sides.right, sides.top, sides.bottom))
        if any(abs(begin - x) <= 6 and abs(top - y) <= 3 for x, y in taken):
            continue
        comb = _comb(mask, begin, end, top, bottom)
        if comb:
            found.append(comb)
    return found


def _comb(mask: NDArray[np.uint8], begin: int, end: int, top: int, bottom: int) -> Form | None:
    """The comb on a base line; None where it is none."""
    thick = bottom - top
    width = end - begin
    start, above = max(0, begin - 3), max(0, top - round(LONGEST_TOOTH * width / (LEAST_TEETH - 1)))
    if top - above < LEAST_TOOTH:
        return None
    ink = cv2.dilate(mask[above:top, start : end + 3], np.ones((1, 3), np.uint8))[::-1]
    length = np.minimum.accumulate(ink, axis=0).sum(axis=0, dtype=np.int64)
    close = 5 + thick
    teeth = int(min(length[:close].max(), length[-close:].max()))
    if teeth < LEAST_TOOTH:
        return None
    runs = [(start + a, start + b) for a, b in runs_of(length >= FULL * teeth)]
    ends = ends_of(runs, begin, end, close, thick)
    if ends is None:
        return None
    left, right = ends
    inner = thin([(a, b) for a, b in runs if a > left[1] and b < right[0]], thick)
    most = int(width / max(teeth / LONGEST_TOOTH, LEAST_APART))
    inside = even(inner, left, right, most)
    if inside is None or len(inside) + 2 < LEAST_TEETH or teeth < TOOTH * width / (len(inside) + 1):
        return None
    lines = (left, *inside, right)
    own = [int(length[max(0, a - start) : b - start].max()) for a, b in lines]
    teeth = int(np.percentile(own, 40))
    down = tuple((a, top - teeth - 1, b, bottom) for a, b in lines)
    head = max(0, top - max(teeth, round(HEAD * width / (len(inside) + 1))))
    area = (left[0], top - teeth, right[1], bottom)
    return Form(((left[0], top, right[1], bottom),), down, area, True, cells_between(lines, head, top))
