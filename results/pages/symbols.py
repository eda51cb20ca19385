"""The shapes of points as SVG, for a legend that every browser draws alike, whatever fonts it has."""

from __future__ import annotations

import numpy as np
from matplotlib.markers import MarkerStyle

SIZE = 12
"""Width and height of a shape, pixels."""


def symbol_path(marker: str) -> str:
    """The outline of a marker of matplotlib as the ``d`` of an SVG path in a square of :data:`SIZE` pixels."""
    style = MarkerStyle(marker)
    outlines = [np.asarray(one) for one in style.get_path().transformed(style.get_transform()).to_polygons()]
    reach = max(float(np.abs(outline).max()) for outline in outlines)
    scale = (SIZE / 2 - 0.5) / reach
    moves = []
    for outline in outlines:
        points = [f"{SIZE / 2 + x * scale:.2f},{SIZE / 2 - y * scale:.2f}" for x, y in outline]
        moves.append(f"M{' L'.join(points)}Z")
    return " ".join(moves)
