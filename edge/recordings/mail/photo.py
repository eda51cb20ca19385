"""The belt itself, the light on it, and what the camera makes of both."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.recordings.mail.levels import Level
from edgedigits.edge.sources.base import SIZE, Image

_LENGTH = 2 * SIZE[0]
"""Pixels after which the belt looks the same again."""

_BRIGHTEST = 212.0
"""What the table of the light holds for white light at a gain of 1: gains up to 1.2 are kept in eight bits."""


class Camera:
    """Takes a picture of what lies on the belt: light, gain and noise, all of it drawn once for a belt."""

    def __init__(self, level: Level, seed: int) -> None:
        """Draw light and noise."""
        draw = np.random.default_rng((seed, 2))
        self._level, self._seed = level, seed
        share = _light(level, draw) * draw.uniform(*level.exposure)
        tint = 1 - draw.uniform(0, 0.07, 3) * [1, 0.5, 0]
        self._light = np.clip(share[..., np.newaxis] * tint * _BRIGHTEST, 0, 255).round().astype(np.uint8)
        grain = (draw.standard_normal((SIZE[1] + 256, SIZE[0] + 256, 3), np.float32) * np.float32(level.noise)).round()
        self._brighter = np.clip(grain, 0, 255).astype(np.uint8)
        self._darker = np.clip(-grain, 0, 255).astype(np.uint8)

    def take(self, picture: Image, frame: int) -> None:
        """Turn what lies on the belt into what the camera shows of it, in place."""
        draw = np.random.default_rng((self._seed, 3, frame))
        gain = 1 + self._level.flicker * draw.uniform(-1, 1)
        cv2.multiply(picture, self._light, picture, gain / _BRIGHTEST)
        x, y, x_too, y_too = draw.integers(0, 256, 4)
        cv2.add(picture, self._brighter[y : y + SIZE[1], x : x + SIZE[0]], picture)
        cv2.subtract(picture, self._darker[y_too : y_too + SIZE[1], x_too : x_too + SIZE[0]], picture)


def _light(level: Level, draw: np.random.Generator) -> NDArray[np.float32]:
    """Share of the light that falls on each pixel: brightest somewhere near the middle, with a shadow across."""
    across, down = np.meshgrid(np.linspace(-1, 1, SIZE[0]), np.linspace(-0.6, 0.6, SIZE[1]))
    middle = draw.uniform(-0.5, 0.5), draw.uniform(-0.3, 0.3)
    far = (across - middle[0]) ** 2 + (down - middle[1]) ** 2
    light = 1 - level.shade * far / far.max()
    if level.shadows:
        angle, offset, wide = draw.uniform(-0.5, 0.5), draw.uniform(-0.8, 0.8), draw.uniform(0.1, 0.5)
        way = across * np.cos(angle) + down * np.sin(angle) - offset
        soft = draw.uniform(0.02, 0.15)
        inside = 1 / (1 + np.exp(np.clip((np.abs(way) - wide) / soft, -50, 50)))
        light = light * (1 - level.shadows * draw.uniform(0.5, 1) * inside)
    found: NDArray[np.float32] = light.astype(np.float32)
    return found


def belt_picture(level: Level, seed: int) -> Image:
    """The belt, uint8 of shape (720, a belt's length and a picture more, 3): woven, worn, with a seam and scratches."""
    draw = np.random.default_rng((seed, 4))
    size = (SIZE[1], _LENGTH)
    grain = cv2.GaussianBlur(_wrapped(draw.standard_normal(size, np.float32)), (0, 0), 1.0) * 9
    worn = cv2.blur(_wrapped(draw.standard_normal(size, np.float32)), (61, 3)) * 60
    grey = draw.uniform(*level.belt) + (grain + worn)[:, SIZE[0] // 2 : SIZE[0] // 2 + _LENGTH]
    rows, columns = np.arange(SIZE[1])[:, np.newaxis], np.arange(_LENGTH)[np.newaxis]
    grey = grey + 2.5 * np.cos(2 * np.pi * rows / 9) * np.cos(2 * np.pi * columns / 8)
    picture = np.clip(grey, 4, 250).astype(np.uint8)
    for _ in range(12):
        x, y, far = int(draw.integers(_LENGTH - 400)), int(draw.integers(SIZE[1])), int(draw.integers(60, 400))
        end = (x + far, y + int(draw.integers(-6, 7)))
        cv2.line(picture, (x, y), end, (int(grey.mean() + draw.uniform(-14, 22)),), 1, cv2.LINE_AA)
    seam = int(draw.integers(100, _LENGTH - 100))
    cv2.line(picture, (seam, 0), (seam + 60, SIZE[1]), (int(0.7 * grey.mean()),), 3, cv2.LINE_AA)
    smeared = cv2.blur(cv2.GaussianBlur(picture, (0, 0), level.blur), (max(1, level.smear), 1))
    tint = 1 - draw.uniform(0, 0.12, 3)
    coloured = cv2.merge([cv2.convertScaleAbs(smeared, alpha=float(share)) for share in tint])
    return np.asarray(np.hstack([coloured, coloured[:, : SIZE[0]]]), np.uint8)


def belt_at(belt: Image, moved: float) -> Image:
    """The part of the belt that is in view when it has moved to the right by so many pixels; a copy."""
    start = round(-moved) % _LENGTH
    return belt[:, start : start + SIZE[0]].copy()


def _wrapped(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values with half a picture's width of their other end on either side, so that what is blurred has no end."""
    half = SIZE[0] // 2
    return np.hstack([values[:, -half:], values, values[:, :half]])
