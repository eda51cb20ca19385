"""What several frames say of one piece, put together: probabilities, not votes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.station.pieces.code_reader import RowTexts
from edgedigits.edge.station.pieces.sureness import features_of, sureness
from edgedigits.edge.station.pieces.text_probabilities import TextSeen

_SAME_PLACE = 0.6
"""Of a line's height, how far its middle may be from where it was before on its piece."""

_UNTOLD = 1e-4
"""Probability of a text that a frame does not name among its likeliest."""


@dataclass(frozen=True)
class Fused:
    """What all frames say together of one line on a piece.

    Attributes:
        box: of the line in the last frame that found it, in pixels of the piece.
        texts: with their probabilities, the likeliest first.
        frames: that found it.
        features: of the likeliest, as :func:`edgedigits.edge.station.pieces.sureness.features_of` gives them.
        marks: of the line in that frame, from left to right, in pixels of the piece.
    """

    box: Box
    texts: tuple[tuple[str, float], ...]
    frames: int
    features: tuple[float, ...]
    marks: tuple[Box, ...] = ()

    @property
    def confidence(self) -> float:
        """How likely the likeliest is right, 0 to 1, before a station's own calibration."""
        return sureness(self.features)


@dataclass
class _Place:
    box: Box
    marks: tuple[Box, ...] = ()
    seen: list[dict[str, TextSeen]] = field(default_factory=list)


class Evidence:
    """What was read on one piece so far.

    Attributes:
        frames: that looked at it.
    """

    def __init__(self) -> None:
        self._places: list[_Place] = []
        self._otherwise: Counter[str] = Counter()
        self._upside_down: Counter[str] = Counter()
        self._fused: tuple[Fused, ...] | None = None  # what is known of the frames so far, once it was asked for
        self.frames = 0

    def add(self, lines: Sequence[RowTexts]) -> None:
        """What one frame hears, boxes in pixels of the piece; a frame that hears nothing counts, too."""
        self.frames += 1
        self._fused = None
        for line in lines:
            self._otherwise[line.otherwise] += 1
            self._upside_down[line.upside_down] += 1
            place = next((one for one in self._places if _is_there(one.box, line.box)), None)
            if place is None:
                place = _Place(line.box)
                self._places.append(place)
            place.box, place.marks = line.box, line.marks
            place.seen.append({one.text: one for one in line.texts})

    def otherwise(self) -> str:
        """What most frames read that is no valid code; empty where they read nothing."""
        told = [(count, text) for text, count in self._otherwise.items() if text]
        return max(told)[1] if told else ""

    def upside_down(self) -> str:
        """What the piece may say if it lies upside down; empty where fewer than half of the frames say that it may."""
        told = [(count, text) for text, count in self._upside_down.items() if text]
        return max(told)[1] if 2 * sum(count for count, _ in told) >= max(1, self.frames) else ""

    def fused(self) -> tuple[Fused, ...]:
        """What all frames say of each line that may be a code, the surest first.

        The probability of a text is the geometric mean over all frames, as of experts that look at the same ink
        (Hinton, "Products of experts", ICANN 1999, here with weights that sum to 1: frames of one piece are no
        independent witnesses). A frame that did not find the line, or does not name the text, gives it :data:`_UNTOLD`.
        """
        if self._fused is None:
            told = [_fused(place, self.frames) for place in self._places if any(place.seen)]
            self._fused = tuple(sorted(told, key=lambda one: -one.texts[0][1]))
        return self._fused


def _fused(place: _Place, frames: int) -> Fused:
    texts = {text for seen in place.seen for text in seen}
    means = {text: _mean([seen.get(text) for seen in place.seen], frames) for text in texts}
    ranked = sorted(means.items(), key=lambda item: (-item[1], item[0]))
    best, chance = ranked[0]
    features = features_of(best, chance, [seen[best] for seen in place.seen if best in seen])
    return Fused(place.box, tuple(ranked), len(place.seen), features, place.marks)


def _mean(seen: Sequence[TextSeen | None], frames: int) -> float:
    """The geometric mean of a text's probabilities in so many frames."""
    told = sum(math.log(max(one.probability, _UNTOLD)) for one in seen if one is not None)
    untold = frames - sum(one is not None for one in seen)
    return math.exp((told + untold * math.log(_UNTOLD)) / frames)


def moved(line: RowTexts, right: int, down: int) -> RowTexts:
    """A line with its boxes so many pixels further."""
    box, *marks = ((x + right, y + down, width, height) for x, y, width, height in (line.box, *line.marks))
    return replace(line, box=box, marks=tuple(marks))


def _is_there(one: Box, other: Box) -> bool:
    """Whether two boxes on a piece are of one line: at one height, and one above the other."""
    height = min(one[3], other[3])
    apart = abs((one[1] + one[3] / 2) - (other[1] + other[3] / 2))
    common = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    return apart <= _SAME_PLACE * height and common > 0
