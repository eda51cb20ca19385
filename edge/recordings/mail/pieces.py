"""Mail pieces with their truth: what stands on each, and where it is in every frame."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import SIZE


@dataclass(frozen=True)
class MailPiece:
    """A piece that passed under the camera.

    Attributes:
        index: from 0, in the order in which they come into view.
        code: digits that are written on it; empty where none stands there, or it was crossed out.
        first: frame in which any of it shows first.
        first_whole: first frame in which all of it is in view.
        last_whole: the last such frame.
        last: in which any of it shows.
        start: x of its left edge in frame 0, as if it had always moved.
        step: pixels that it moves to the right with each frame; below 0 it moves to the left.
        top: y of its upper edge.
        size: width and height of the box around it.
        field: box of its code field, from the upper left corner of that box.
    """

    index: int
    code: str
    first: int
    first_whole: int
    last_whole: int
    last: int
    start: float
    step: float
    top: int
    size: tuple[int, int]
    field: Box

    def left_at(self, frame: int) -> int:
        """X of its left edge in a frame."""
        return round(self.start + self.step * frame)

    def box_at(self, frame: int) -> Box | None:
        """The part of the picture that it takes in a frame; None where none of it shows."""
        return _in_view((self.left_at(frame), self.top, *self.size))

    def field_at(self, frame: int) -> Box | None:
        """The same of its code field."""
        x, y, wide, high = self.field
        return _in_view((self.left_at(frame) + x, self.top + y, wide, high))


def _in_view(box: Box) -> Box | None:
    x, y, wide, high = box
    left, top, right, bottom = max(0, x), max(0, y), min(SIZE[0], x + wide), min(SIZE[1], y + high)
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def passing(start: float, step: float, wide: int) -> tuple[int, int, int, int]:
    """Frames in which a box of a width first shows, is first and last wholly in view, and last shows.

    Raises:
        ValueError: it is never wholly in view.
    """
    crossing = (SIZE[0] + wide) / abs(step)
    entering = (-wide - start) / step if step > 0 else (SIZE[0] - start) / step
    frames = range(int(entering) - 2, int(entering + crossing) + 3)
    lefts = {frame: round(start + step * frame) for frame in frames}
    shown = [frame for frame, left in lefts.items() if -wide < left < SIZE[0]]
    whole = [frame for frame, left in lefts.items() if 0 <= left <= SIZE[0] - wide]
    if not whole:
        raise ValueError(f"a box {wide} wide that moves by {step} is never wholly in view")
    return shown[0], whole[0], whole[-1], shown[-1]
