"""Writers' hands: what the digits of one mail piece have in common."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgedigits.core.naming import no_entry
from edgedigits.edge.recordings.mail.levels import Level, Range

Colour = tuple[int, int, int]
"""Blue, green and red, 0 to 255."""

THICKEST = 0.14
"""Width of a stroke at most, in heights of a digit: wider ones fill its loops."""

_PENS: tuple[Colour, ...] = ((30, 25, 25), (50, 35, 30), (120, 45, 25), (150, 60, 30), (90, 50, 40))
_OTHER_PENS: tuple[Colour, ...] = ((45, 40, 180), (60, 120, 40), (130, 50, 120), (105, 100, 100))


@dataclass(frozen=True)
class HandKind:
    """What hands of a kind have in common.

    Attributes:
        about: what they look like.
        slant: how far the top leans to the right, in heights, more than digits of the set do.
        width: of a digit, as a multiple of how it was given.
        pen: width of the stroke as a multiple of the level's.
        space: between digits, in heights.
        joined: share of neighbours that a stroke of the pen joins.
    """

    about: str
    slant: Range
    width: Range
    pen: Range
    space: Range
    joined: float


HANDS = {
    "any": HandKind("ordinary hands, upright to a little slanted", (-0.18, 0.2), (0.85, 1.15), (1, 1), (0.14, 0.42), 0),
    "slanted": HandKind("strongly slanted, of a thin pen", (0.4, 0.6), (0.9, 1.15), (0.65, 0.8), (0.2, 0.42), 0),
    "unusual": HandKind(
        "very strongly slanted and wide, of a thin pen that seldom leaves the paper",
        (0.6, 0.8),
        (1.2, 1.45),
        (0.6, 0.75),
        (0.25, 0.45),
        0.4,
    ),
}
"""Name to kind of hands."""


@dataclass(frozen=True)
class Hand:
    """One writer with one pen, at work on one piece. Lengths in pixels, or in heights of a digit where it says so.

    Attributes:
        size: height of the digits.
        slant: how far the top leans to the right, in heights.
        width: of a digit, as a multiple of how it was given.
        pen: width of the stroke.
        space: between digits, in heights.
        rise: how the line climbs to the right, as a share of its way.
        uneven: how much digits differ in height, place and slant.
        careful: how many ways of writing a digit there are, of which the one least like another digit is taken.
        joined: share of neighbours that a stroke joins.
        ink: colour of the pen.
        strength: how much of the light the ink takes.
    """

    size: float
    slant: float
    width: float
    pen: float
    space: float
    rise: float
    uneven: float
    careful: int
    joined: float
    ink: Colour
    strength: float


def hand_kind(name: str) -> HandKind:
    """The kind of hands of a name.

    Raises:
        EdgedigitsError: there is none; names the nearest and all.
    """
    if name not in HANDS:
        raise no_entry(HANDS, name, "hand")
    return HANDS[name]


def any_hand(kind: HandKind, level: Level, draw: np.random.Generator) -> Hand:
    """A writer of a kind, as the level has them."""
    size = math.exp(draw.uniform(*np.log(level.digits)))
    touching = draw.random() < level.touching
    pens = _OTHER_PENS if draw.random() < level.colours else _PENS
    thickness = draw.uniform(*level.pen) * draw.uniform(*kind.pen)
    return Hand(
        size=size,
        slant=draw.uniform(*kind.slant),
        width=draw.uniform(*kind.width),
        pen=min(thickness, THICKEST * size),
        space=draw.uniform(-0.06, 0.04) if touching else draw.uniform(*kind.space),
        rise=draw.normal(0, 0.012) * level.uneven,
        uneven=level.uneven,
        careful=level.careful,
        joined=kind.joined,
        ink=pens[int(draw.integers(len(pens)))],
        strength=draw.uniform(*level.ink),
    )
