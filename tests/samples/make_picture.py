"""Draw the sample picture: three lines of digits on paper, half in the shadow of the phone that sees them.

    python tests/samples/make_picture.py [out/sample.jpg]

``docs/sample.jpg`` was made so, under OpenCV 4.11. The seed is fixed, but only the same version of OpenCV gives the
same bytes: others blur and code JPEG a little differently. Its truth is :data:`LINES`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from handwriting import HEIGHT as FORM_HEIGHT
from handwriting import Hand, any_hand, written
from numpy.typing import NDArray

from edgedigits.core.files import write_bytes
from edgedigits.train.augmentation.strokes import Picture

LINES = ("0123456789", "31415926", "5807")
SEED = 3
WIDTH, HEIGHT = 1280, 860
_PAPER, _PEN = np.array([214.0, 224.0, 228.0]), np.array([118.0, 62.0, 48.0])
"""Blue, green, red: paper under a warm lamp, and a blue pen."""

_DIGIT = 104
"""Height of a digit in pixels; a hand keeps it to a few percent."""

_LEFT, _FIRST, _APART = 110, 250, 240
"""Where the lines begin, the foot of the first one, and from one to the next, pixels."""


def draw_picture(seed: int = SEED) -> NDArray[np.uint8]:
    """The picture, uint8 (height, width, 3) BGR."""
    draw = np.random.default_rng(seed)
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    for row, line in enumerate(LINES):
        _write_line(ink, line, any_hand(draw), (_LEFT, _FIRST + _APART * row), draw)
    fibres = cv2.GaussianBlur(draw.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 2)
    paper = _PAPER * (1 + 0.03 * fibres[:, :, None])
    scene = (paper + (_PEN - paper) * 0.9 * _turned(draw, ink)[:, :, None]) * _light()[:, :, None]
    seen = cv2.GaussianBlur(scene, (0, 0), 0.9) + draw.normal(0, 2, scene.shape)
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8)


def _write_line(
    ink: NDArray[np.float32], line: str, hand: Hand, start: tuple[int, int], draw: np.random.Generator
) -> None:
    """Write a line whose base line climbs or falls a little, as on paper without rules."""
    left, base = float(start[0]), start[1]
    climb = draw.uniform(-0.03, 0.03)
    for label in line:
        glyph = _scaled(written(int(label), hand, draw), draw)
        foot = round(base + climb * (left - start[0]) + draw.normal(0, 4))
        place = ink[foot - glyph.shape[0] : foot, round(left) : round(left) + glyph.shape[1]]
        np.maximum(place, glyph.astype(np.float32) / 255, out=place)
        left += glyph.shape[1] + draw.uniform(0.2, 0.36) * _DIGIT


def _scaled(glyph: Picture, draw: np.random.Generator) -> Picture:
    share = _DIGIT / FORM_HEIGHT * draw.normal(1, 0.04)
    size = (max(1, round(glyph.shape[1] * share)), max(1, round(glyph.shape[0] * share)))
    return cv2.resize(glyph, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def _turned(draw: np.random.Generator, ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is written, as a phone that is held a little askew sees it."""
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    seen = (corners + draw.uniform(-24, 24, corners.shape)).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    return cv2.warpPerspective(ink, matrix, (WIDTH, HEIGHT)).astype(np.float32)


def _light() -> NDArray[np.float64]:
    """The share of light that falls on each pixel: a lamp at the upper left, and the shadow of the phone."""
    across, down = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    lamp = 1.05 - 0.4 * np.hypot(across - 0.25, 0.8 * (down - 0.15))
    edge = 3 * (down - 0.5) + 2 * (across - 0.7) + 0.1 * np.sin(7 * across)
    light: NDArray[np.float64] = lamp * (1 - 0.3 / (1 + np.exp(-14 * edge)))
    return light


def main(path: Path) -> None:
    """Write the picture."""
    write_bytes(path, cv2.imencode(".jpg", draw_picture(), [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes())
    print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/sample.jpg"))
