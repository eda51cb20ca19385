"""Words in printed letters, as forms and stamps have them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edgedigits.train.augmentation.strokes import Picture, ink_box
from edgedigits.train.lines.composing.hands import resized

SMALL, CAPITAL = "acdefjkmnrtuvwx", "ACDEFHJKLMNRTUVWX"
"""Letters that are no digit in another hand: without b, g, h, i, l, o, p, q, s, y, z and B, G, I, O, P, Q, S, Y, Z."""

CURRENCIES = ("R$", "US$", "$", "EUR", "CHF", "Fr.", "kr", "Kr.", "€", "£", "FCFA", "DM", "Rs.", "DH", "NOK", "€ ")
"""What stands before or after the field of an amount."""

_WORDS = (
    "No",
    "Tel.",
    "PLZ",
    "Date",
    "Betrag",
    "Valor",
    "Montant",
    "Amount",
    "Zip",
    "Fax",
    "Total",
    "Nr.",
    "Kto.",
    "A/C",
)
_FACES = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Italic", "DejaVuSansMono", "DejaVuSans-Oblique")
_HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_PLAIN,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)
_HANDWRITTEN = (cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)
_SIZES = (16, 32, 64)
_WHITE = (255,)


def any_letters(count: int, draw: np.random.Generator) -> str:
    """Letters that nobody reads as digits, in one case or with a capital first."""
    capitals = int(draw.choice([0, 1, count])) if count > 1 else 1
    return "".join(
        letters[draw.integers(len(letters))]
        for letters in (CAPITAL if place < capitals else SMALL for place in range(count))
    )


def any_word(draw: np.random.Generator) -> str:
    """A word that forms have, or letters."""
    return str(draw.choice(_WORDS)) if draw.random() < 0.6 else any_letters(int(draw.integers(2, 7)), draw)


def printed(word: str, height: int, draw: np.random.Generator) -> Picture:
    """A word in a printed font: uint8, bright on 0, ``height`` pixels high, cropped to its ink."""
    if draw.random() < 0.5 or not word.isascii():
        font = _font(str(draw.choice(_FACES)), next((size for size in _SIZES if size >= height), _SIZES[-1]))
        left, top, right, bottom = (round(side) for side in font.getbbox(word))
        image = Image.new("L", (max(right - left, 1) + 4, max(bottom - top, 1) + 4))
        ImageDraw.Draw(image).text((2 - left, 2 - top), word, fill=255, font=font)
        picture = np.asarray(image, np.uint8)
    else:
        picture = _hershey(word, int(draw.choice(_HERSHEY)), height, int(draw.integers(1, 4)))
    return _as_high(picture, height)


def handwritten(word: str, height: int, draw: np.random.Generator) -> Picture:
    """A word in a script font, slanted by lot, as :func:`printed`."""
    picture = _hershey(word, int(draw.choice(_HANDWRITTEN)), 2 * height, int(draw.integers(2, 6)))
    rows, columns = picture.shape
    slant = draw.uniform(-0.2, 0.4)
    move = np.array([[draw.uniform(0.7, 1.1), -slant, max(0.0, slant) * rows], [draw.normal(0, 0.05), 1, 0]])
    turned = cv2.warpAffine(picture, move, (columns + rows, rows + rows // 3))
    return _as_high(ink_box(np.asarray(turned, np.uint8), 0), height)


def _hershey(word: str, face: int, height: int, pen: int) -> Picture:
    scale = cv2.getFontScaleFromHeight(face, max(height, 10), pen)
    (width, above), below = cv2.getTextSize(word, face, scale, pen)
    field = np.zeros((above + 2 * below + 2 * pen, width + 4 * pen + 8), np.uint8)
    cv2.putText(field, word, (2 * pen, above + pen + below // 2), face, scale, _WHITE, pen, cv2.LINE_AA)
    return ink_box(field, 0)


def _as_high(picture: Picture, height: int) -> Picture:
    return resized(picture, height / picture.shape[0])


@lru_cache(maxsize=len(_FACES) * len(_SIZES))
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{face}.ttf")), size)
