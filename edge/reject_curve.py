"""A picture of what rejecting does: errors among the accepted over the share that is rejected."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from edgedigits.core.lines.confidence import RejectPoint
from edgedigits.core.pictures.drawing import draw_text

_PLOT, _MARGIN, _LETTERS = (560, 360), 50, 0.42


def draw_reject_curve(curve: Sequence[RejectPoint], target_error: float, what: str) -> bytes:
    """The share of wrong ones among those accepted over the share that is rejected, as a PNG.

    Args:
        curve: of :func:`edgedigits.core.lines.confidence.reject_curve`.
        target_error: share that may be wrong, drawn as a red line.
        what: is rejected, such as ``fields``.
    """
    width, height = _PLOT
    sheet = np.full((height + 2 * _MARGIN, width + 2 * _MARGIN, 3), 255, np.uint8)
    most = max([point.error for point in curve] + [2 * target_error, 0.01])

    def place(rejected: float, error: float) -> tuple[int, int]:
        return _MARGIN + round(width * rejected), _MARGIN + height - round(height * error / most)

    cv2.rectangle(sheet, place(0, 0), place(1, most), (0, 0, 0), 1)
    for share in np.linspace(0, 1, 6):
        x, y = place(share, 0)
        draw_text(sheet, f"{100 * share:.0f}", (x - 10, y + 18), _LETTERS)
        x, y = place(0, share * most)
        draw_text(sheet, f"{100 * share * most:.1f}", (4, y + 4), _LETTERS)
    cv2.line(sheet, place(0, target_error), place(1, target_error), (0, 0, 200), 1, cv2.LINE_AA)
    points = np.array([place(point.rejected, point.error) for point in curve], np.int32)
    cv2.polylines(sheet, [points], False, (160, 60, 0), 2, cv2.LINE_AA)
    draw_text(sheet, f"rejected % of {what}", (_MARGIN + width // 2 - 70, height + 2 * _MARGIN - 8), _LETTERS)
    title = f"wrong % of those accepted; red: the target of {100 * target_error:g} %"
    draw_text(sheet, title, (_MARGIN, 24), _LETTERS)
    return bytes(cv2.imencode(".png", sheet)[1])
