"""How hard simulated mail is to read: four levels, each a table of what may happen on it."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.core.naming import no_entry

Range = tuple[float, float]
"""From and to; what is drawn lies evenly between them."""


@dataclass(frozen=True)
class Level:
    """What a belt of a level shows. Lengths are pixels of the 1280x720 picture, brightnesses 0 to 255, shares 0 to 1.

    Attributes:
        name: of the level.
        about: what it is like, for people.
        frames_in_view: frames in which a piece of middling width is wholly in view.
        gap: between pieces; below 0 they overlap, never so far that a code is covered.
        turn: degrees by which a piece lies turned at most.
        bend: how far the corners of a piece lie off a rectangle at most, as a share of its width: perspective.
        digits: height of the written digits.
        pen: width of its stroke.
        ink: how much of the light it takes.
        pale: brightness of the paper.
        colours: share of pieces with ink that is neither blue nor black, or with a pencil.
        uneven: how much the digits of one hand differ in height, place and slant.
        careful: ways of writing a digit that a writer has, of which the one least like another digit is taken: codes
            are written with more care than the forms that MNIST comes from. 1 is as careless as these.
        touching: share of hands whose digits touch one another.
        boxed: share of code fields with printed boxes or a line to write on.
        empty: share of pieces whose code field is empty.
        crossed: share of pieces whose code was crossed out.
        numbers: share of pieces with printed numbers beside the address: telephone, reference, weight.
        belt: brightness of the belt.
        shade: how much darker the darkest corner is than the brightest place, as a share.
        shadows: how much light a shadow takes that lies across the picture, as a share.
        exposure: gain of the camera, of which one is drawn for a belt.
        flicker: change of that gain from frame to frame, as a share.
        noise: standard deviation of the sensor's noise.
        blur: standard deviation of the lens' blur.
        smear: way of a piece while the shutter is open; it does not depend on the speed, as faster belts have flashes.
            An odd number: a blur of two pixels by OpenCV 4.11 makes 255 into 0.
    """

    name: str
    about: str
    frames_in_view: int
    gap: Range
    turn: float
    bend: float
    digits: Range
    pen: Range
    ink: Range
    pale: Range
    colours: float
    uneven: float
    careful: int
    touching: float
    boxed: float
    empty: float
    crossed: float
    numbers: float
    belt: Range
    shade: float
    shadows: float
    exposure: Range
    flicker: float
    noise: float
    blur: float
    smear: int


LEVELS = {
    level.name: level
    for level in (
        Level(
            "easy",
            "a slow belt, white paper, dark pens, even light, pieces far apart and nearly straight",
            frames_in_view=30,
            gap=(180, 320),
            turn=1.5,
            bend=0.0,
            digits=(42, 70),
            pen=(3.2, 5.0),
            ink=(0.85, 0.95),
            pale=(225, 245),
            colours=0.0,
            uneven=0.6,
            careful=4,
            touching=0.0,
            boxed=0.5,
            empty=0.0,
            crossed=0.0,
            numbers=0.0,
            belt=(30, 60),
            shade=0.12,
            shadows=0.0,
            exposure=(0.92, 1.0),
            flicker=0.0,
            noise=2.0,
            blur=0.5,
            smear=1,
        ),
        Level(
            "ordinary",
            "a decently installed station: a fixed camera over the belt, fair light, pieces apart by a gap and turned "
            "by up to 4 degrees, ordinary pens and hands on paper of several colours",
            frames_in_view=20,
            gap=(50, 220),
            turn=4.0,
            bend=0.006,
            digits=(30, 70),
            pen=(2.4, 4.6),
            ink=(0.72, 0.95),
            pale=(195, 245),
            colours=0.05,
            uneven=1.0,
            careful=2,
            touching=0.05,
            boxed=0.4,
            empty=0.0,
            crossed=0.0,
            numbers=0.05,
            belt=(30, 95),
            shade=0.25,
            shadows=0.1,
            exposure=(0.85, 1.05),
            flicker=0.0,
            noise=3.5,
            blur=0.7,
            smear=3,
        ),
        Level(
            "hard",
            "a belt that nobody looks after: pieces close together, some overlapping and turned by up to 9 degrees, "
            "faint pens, shadows, noise and blur, fields left empty or crossed out, other printed numbers",
            frames_in_view=14,
            gap=(-40, 120),
            turn=9.0,
            bend=0.015,
            digits=(26, 62),
            pen=(2.0, 4.8),
            ink=(0.5, 0.9),
            pale=(165, 240),
            colours=0.2,
            uneven=1.5,
            careful=1,
            touching=0.25,
            boxed=0.45,
            empty=0.03,
            crossed=0.03,
            numbers=0.4,
            belt=(35, 125),
            shade=0.4,
            shadows=0.3,
            exposure=(0.7, 1.15),
            flicker=0.02,
            noise=6.0,
            blur=1.1,
            smear=5,
        ),
        Level(
            "extreme",
            "what a station should mostly reject: small faint digits that touch, pieces over one another and turned by "
            "up to 15 degrees, deep shadows, wrong exposure, strong noise and blur",
            frames_in_view=9,
            gap=(-90, 70),
            turn=15.0,
            bend=0.03,
            digits=(20, 50),
            pen=(1.6, 5.0),
            ink=(0.35, 0.85),
            pale=(140, 235),
            colours=0.35,
            uneven=2.2,
            careful=1,
            touching=0.5,
            boxed=0.5,
            empty=0.06,
            crossed=0.06,
            numbers=0.7,
            belt=(40, 150),
            shade=0.55,
            shadows=0.5,
            exposure=(0.55, 1.3),
            flicker=0.05,
            noise=10.0,
            blur=1.5,
            smear=7,
        ),
    )
}
"""Name to level, the easiest first."""


def level_of(name: str) -> Level:
    """The level of a name.

    Raises:
        EdgedigitsError: there is none; names the nearest and all.
    """
    if name not in LEVELS:
        raise no_entry(LEVELS, name, "level")
    return LEVELS[name]
