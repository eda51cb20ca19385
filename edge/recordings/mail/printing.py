"""What is printed on mail: addresses, senders, numbers, stamps, postmarks, bars. All names are made up."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.recordings.mail.hands import Colour
from edgedigits.edge.sources.base import Image

_FIRST = ("Ada", "Bruno", "Clara", "Dirk", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Karin", "Leo", "Mira")
_LAST = ("Albers", "Bergstrom", "Conti", "Dorn", "Eklund", "Farrow", "Gruber", "Holt", "Ivers", "Jansen", "Kowal")
_STREETS = ("Mill Lane", "Station Road", "Harbour Street", "Oak Avenue", "Church Hill", "Garden Row", "Market Square")
_TOWNS = ("Ashby", "Brookfield", "Claremont", "Dunmore", "Eastwick", "Fairhaven", "Greenford", "Holloway", "Kingsport")
_FIRMS = ("Northern Light Co.", "Hansen & Sons", "City Library", "Water Works", "Blue Door Books", "Old Town Dental")
_LANDS = ("POST", "MAIL", "REPUBLIC", "NORDA")
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)

PRINT: Colour = (45, 42, 40)

_CAPITALS = 22.0
"""Height of capitals of OpenCV's fonts at scale 1."""


def any_font(draw: np.random.Generator) -> int:
    """One of OpenCV's upright fonts."""
    return _FONTS[int(draw.integers(len(_FONTS)))]


def text_lines(
    paper: Image, lines: list[str], place: tuple[int, int], size: float, font: int, colour: Colour = PRINT
) -> int:
    """Print lines below one another.

    Args:
        paper: drawn on.
        lines: of ASCII text.
        place: left and upper end of the first.
        size: height of capitals in pixels.
        font: of OpenCV.
        colour: of the print.

    Returns:
        the row below the last.
    """
    x, y = place
    for line in lines:
        y += round(size)
        cv2.putText(paper, line, (x, y), font, size / _CAPITALS, colour, 2 if size > 16 else 1, cv2.LINE_AA)
        y += round(0.85 * size)
    return y


def any_address(draw: np.random.Generator) -> list[str]:
    """Name, firm now and then, street with a house number, town."""
    lines = [f"{_one(_FIRST, draw)} {_one(_LAST, draw)}"]
    if draw.random() < 0.25:
        lines.insert(0, _one(_FIRMS, draw))
    street, house = _one(_STREETS, draw), int(draw.integers(1, 190))
    lines.append(f"{house} {street}" if draw.random() < 0.6 else f"{street} {house}")
    lines.append(_one(_TOWNS, draw).upper() if draw.random() < 0.5 else _one(_TOWNS, draw))
    return lines


def any_sender(draw: np.random.Generator) -> list[str]:
    """A sender's corner: firm or name, street, town."""
    name = _one(_FIRMS, draw) if draw.random() < 0.5 else f"{_one(_FIRST, draw)} {_one(_LAST, draw)}"
    return [name, f"{_one(_STREETS, draw)} {int(draw.integers(1, 99))}", _one(_TOWNS, draw)]


def any_number(draw: np.random.Generator) -> str:
    """A printed number that is no code: telephone, reference, weight, item."""
    figures = "".join(str(digit) for digit in draw.integers(0, 10, 9))
    kinds = (
        f"Tel. 0{figures[:3]} {figures[3:]}",
        f"Ref. {figures[:5]}-{figures[5]}",
        f"{figures[0]},{figures[1:3]} kg",
        f"No. {figures[:8]}",
    )
    return _one(kinds, draw)


def stamp(paper: Image, place: tuple[int, int], size: tuple[int, int], draw: np.random.Generator) -> None:
    """A postage stamp with perforated edges, a picture, a value and a country."""
    (x, y), (wide, high) = place, size
    back = paper[y : y + high, x : x + wide]
    back[:] = (235, 240, 242)
    for along in range(0, wide, 6):
        for row in (y, y + high):
            cv2.circle(paper, (x + along, row), 2, (190, 195, 198), -1, cv2.LINE_AA)
    for along in range(0, high, 6):
        for column in (x, x + wide):
            cv2.circle(paper, (column, y + along), 2, (190, 195, 198), -1, cv2.LINE_AA)
    top, bottom = draw.uniform(60, 220, 3), draw.uniform(40, 200, 3)
    shade = np.linspace(0, 1, high - 12)[:, np.newaxis, np.newaxis]
    back[6:-6, 6:-6] = (top * (1 - shade) + bottom * shade).astype(np.uint8)
    middle = (x + round(wide * draw.uniform(0.35, 0.65)), y + round(high * draw.uniform(0.4, 0.6)))
    colour = _colour(draw.uniform(30, 240, 3))
    if draw.random() < 0.5:
        cv2.circle(paper, middle, round(0.2 * wide), colour, -1, cv2.LINE_AA)
    else:
        hill = [(x + 7, y + high - 7), middle, (x + wide - 7, y + high - 7)]
        cv2.fillPoly(paper, [np.array(hill, np.int32)], colour, cv2.LINE_AA)
    value = str(int(draw.choice((60, 75, 85, 95, 110, 160))))
    text_lines(paper, [value], (x + 9, y + 8), 0.16 * high, cv2.FONT_HERSHEY_DUPLEX, (245, 245, 245))
    text_lines(paper, [_one(_LANDS, draw)], (x + 9, y + high - 20), 8, cv2.FONT_HERSHEY_SIMPLEX, (245, 245, 245))


def postmark(paper: Image, middle: tuple[int, int], radius: int, draw: np.random.Generator) -> None:
    """A cancellation: two rings with a date across, and wavy lines to their left."""
    x, y = middle
    wide = 5 * radius
    part = paper[max(0, y - radius - 4) : y + radius + 4, max(0, x - wide) : x + radius + 4]
    ink = np.full_like(part, 255)
    centre = (x - max(0, x - wide), y - max(0, y - radius - 4))
    dark = (70, 65, 65)
    for ring in (radius, round(0.68 * radius)):
        cv2.circle(ink, centre, ring, dark, 2, cv2.LINE_AA)
    date = f"{int(draw.integers(1, 29))}.{int(draw.integers(1, 13))}.{int(draw.integers(20, 27))}"
    text_lines(ink, [date], (centre[0] - round(0.6 * radius), centre[1] - 5), 9, cv2.FONT_HERSHEY_SIMPLEX, dark)
    time = np.arange(0, centre[0] - radius)
    for row in np.linspace(-0.6, 0.6, 5) * radius:
        wave = centre[1] + row + 4 * np.sin(time / 11.0)
        cv2.polylines(ink, [np.column_stack([time, wave]).round().astype(np.int32)], False, dark, 2, cv2.LINE_AA)
    taken = draw.uniform(0.45, 0.8)
    light = cv2.addWeighted(ink, taken, np.full_like(ink, 255), 1 - taken, 0)
    part[:] = cv2.multiply(part, light, scale=1 / 255)


def bars(paper: Image, place: tuple[int, int], size: tuple[int, int], draw: np.random.Generator) -> None:
    """A bar code."""
    (x, y), (wide, high) = place, size
    at = x
    while at < x + wide - 8:
        bar = int(draw.integers(2, 6))
        cv2.rectangle(paper, (at, y), (at + bar - 1, y + high), PRINT, -1)
        at += bar + int(draw.integers(2, 6))


def window(paper: Image, place: tuple[int, int], size: tuple[int, int]) -> None:
    """An address window: the letter behind a foil, a little darker, with a lit edge."""
    (x, y), (wide, high) = place, size
    part = paper[y : y + high, x : x + wide]
    part[:] = cv2.addWeighted(part, 0.25, np.full_like(part, (228, 230, 230)), 0.75, -6)
    cv2.rectangle(paper, (x, y), (x + wide, y + high), (165, 168, 170), 1, cv2.LINE_AA)
    cv2.line(paper, (x + 2, y + high - 2), (x + wide - 2, y + high - 2), (250, 250, 250), 1, cv2.LINE_AA)
    sheen = math.floor(0.7 * wide)
    corners = [(sheen, 1), (sheen + 30, 1), (sheen - 10, high - 1), (sheen - 40, high - 1)]
    glow = part.copy()
    cv2.fillPoly(glow, [np.array(corners, np.int32)], (255, 255, 255), cv2.LINE_AA)
    part[:] = cv2.addWeighted(part, 0.8, glow, 0.2, 0)


def _one(words: tuple[str, ...], draw: np.random.Generator) -> str:
    return words[int(draw.integers(len(words)))]


def _colour(levels: NDArray[np.float64]) -> Colour:
    blue, green, red = (int(level) for level in levels)
    return blue, green, red
