"""Which way up a piece lies, by the print on it: lines below one another begin at one left edge and end anywhere."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_GROUND, _FAINTEST, _SHARE = 21, 12, 0.2
"""Pixels of half size that strokes are narrower than; grey levels that ink is darker than paper at least, and the share
of the darkest ink."""

_BETWEEN_WORDS = 7
"""Pixels of half size between the words of a line, at most."""

_LEAST_HEIGHT, _MOST_HEIGHT, _LEAST_WIDTH = 3, 12, 2.5
"""Pixels of half size of a line's height, and its width in heights."""

_NEAR, _FAR, _ALIKE = 0.8, 3.0, 1.8
"""Heights from one line to the next, at least and at most; how many times as high as the other one of them may be."""

_TURN = 0.16
"""Slope that a piece lies at, at most: the edge of a block moves by that share of the way down."""

_SAME, _OTHER = 2.0, 4.0
"""Pixels of half size that edges are apart at most that are one, and at least that are not."""


def print_upright(grey: NDArray[np.uint8]) -> int:
    """How many more pairs of printed lines have one left edge than have one right edge.

    Addresses and senders are set flush left nearly everywhere that Latin letters are written; upside down they are
    flush right. Print that is centred, in one line or absent says nothing.

    Args:
        grey: uint8 (height, width), the piece, dark ink on brighter paper.

    Returns:
        above 0 where the piece stands upright, below 0 where it lies upside down, 0 where the print does not say.
    """
    lines = _lines(np.ascontiguousarray(grey[::2, ::2])).astype(np.float64)
    x, y, width, height = lines.T
    down = y[np.newaxis, :] - y[:, np.newaxis]
    high, low = np.maximum.outer(height, height), np.minimum.outer(height, height)
    shared = np.minimum.outer(x + width, x + width) - np.maximum.outer(x, x)
    below = (down > _NEAR * high) & (down < _FAR * high) & (high < _ALIKE * low) & (shared > 0)
    left = np.abs(x[np.newaxis, :] - x[:, np.newaxis])
    right = np.abs((x + width)[np.newaxis, :] - (x + width)[:, np.newaxis])
    same, other = _SAME + _TURN * down, _OTHER + _TURN * down
    flush_left, flush_right = (left <= same) & (right > other), (right <= same) & (left > other)
    return int((below & flush_left).sum()) - int((below & flush_right).sum())


def _lines(grey: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Boxes of what may be printed lines, int32 (lines, 4): x, y, width and height."""
    ground = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((_GROUND, _GROUND), np.uint8))
    darker = cv2.subtract(ground, grey)
    level = max(_FAINTEST, _SHARE * float(np.percentile(darker, 99.5)))
    words = cv2.morphologyEx((darker > level).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, _BETWEEN_WORDS), np.uint8))
    boxes = cv2.connectedComponentsWithStats(words, connectivity=8)[2][1:, :4]
    height = boxes[:, 3]
    fits = (height >= _LEAST_HEIGHT) & (height <= _MOST_HEIGHT) & (boxes[:, 2] >= _LEAST_WIDTH * height)
    return np.asarray(boxes[fits], np.int32)
