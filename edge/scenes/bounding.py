"""Questions about the boxes around what was found in a picture."""

from __future__ import annotations

from edgedigits.edge.scenes.scene import Box


def common(one: Box, other: Box) -> Box | None:
    """The box that two have in common; None where they have none."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right = min(one[0] + one[2], other[0] + other[2])
    bottom = min(one[1] + one[3], other[1] + other[3])
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def area(box: Box) -> int:
    """Pixels in a box."""
    return box[2] * box[3]
