"""Draw ``core/datasets/samples/digits.png``: 50 digits of each kind by 50 hands, in the form that networks take.

    python tests/samples/make_set.py [core/datasets/samples/digits.png]

Row N of the sheet holds the digits N, each 28x28 pixels. The seed is fixed: the same sheet comes from the same
version of OpenCV.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from handwriting import Hand, any_hand, written
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES, SIDE, normalise
from edgedigits.core.files import write_bytes

HANDS = 50
SEED = 0


def draw_sheet(seed: int = SEED) -> NDArray[np.uint8]:
    """The sheet, uint8 of shape (280, 1400), ink bright on dark; column N is by one hand."""
    draw = np.random.default_rng(seed)
    sheet = np.zeros((CLASSES * SIDE, HANDS * SIDE), np.uint8)
    for column in range(HANDS):
        hand = _hasty(any_hand(draw), draw)
        for label in range(CLASSES):
            place = np.s_[label * SIDE : (label + 1) * SIDE, column * SIDE : (column + 1) * SIDE]
            sheet[place] = normalise(_seen(label, hand, draw))
    return sheet


def _hasty(hand: Hand, draw: np.random.Generator) -> Hand:
    """The same hand in a hurry: of digits that every model reads, one could not see that a device computes wrongly."""
    return replace(
        hand,
        care=draw.uniform(0.03, 0.085),
        slant=hand.slant + draw.normal(0, 0.2),
        width=hand.width * draw.uniform(0.7, 1.3),
    )


def _seen(label: int, hand: Hand, draw: np.random.Generator) -> NDArray[np.uint8]:
    """A written digit as a camera takes it: 12 to 45 pixels high, a little out of focus, with noise."""
    glyph = np.pad(written(label, hand, draw), 24)
    share = draw.uniform(16, 56) / glyph.shape[0]
    small = cv2.resize(glyph, None, fx=share, fy=share, interpolation=cv2.INTER_AREA).astype(np.float32)
    blurred = cv2.GaussianBlur(small, (0, 0), draw.uniform(0.4, 1.2))
    noisy = blurred + draw.normal(0, 8, blurred.shape)
    return np.where(noisy > 40, np.clip(np.rint(noisy), 0, 255), 0).astype(np.uint8)


def main(path: Path) -> None:
    """Write the sheet."""
    write_bytes(path, cv2.imencode(".png", draw_sheet(), [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes())


if __name__ == "__main__":
    here = Path(__file__).parents[2] / "core" / "datasets" / "samples" / "digits.png"
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else here)
