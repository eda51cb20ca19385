"""How ink lies on paper and what a scanner or camera makes of both."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.train.augmentation.strokes import Picture
from edgedigits.train.lines.composing.paper import Grey

LEAST_SIZE = 12.0
"""Pixels of height below which no digit is scaled."""


def any_strength(draw: np.random.Generator) -> float:
    """Share of the paper's brightness that ink takes away: most inks are dark, some pencils are faint."""
    low, high = ((0.72, 0.95), (0.45, 0.72), (0.22, 0.45))[draw.choice(3, p=[0.5, 0.36, 0.14])]
    return float(draw.uniform(low, high))


def inked(paper: Grey, cover: Picture, strength: float, draw: np.random.Generator) -> None:
    """Lay ink on paper where ``cover`` is bright, with the texture of a pen: even, in grains, or with gaps."""
    if draw.random() < 0.08:
        cover = _with_slits(cover, draw)
    share = cover.astype(np.float32) * np.float32(strength / 255)
    kind = draw.choice(4, p=[0.5, 0.2, 0.15, 0.15])
    height, width = paper.shape
    if kind == 1:  # pressure that comes and goes
        coarse = draw.uniform(draw.uniform(0.4, 0.9), 1.1, (3, max(2, width // 12))).astype(np.float32)
        share = share * np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    elif kind == 2:  # grains of a pencil
        grains = draw.random((height, width), np.float32)
        share *= 1 - np.float32(draw.uniform(0.2, 0.7)) * grains
    elif kind == 3:  # gaps of a ballpoint
        gaps = draw.random((height // 2 + 1, width // 2 + 1), np.float32)
        gaps = np.asarray(cv2.resize(gaps, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
        share *= np.clip((gaps - np.float32(draw.uniform(0, 0.25))) * 4, np.float32(0.3), 1)
    paper *= 1 - np.clip(share, 0, 0.97)


def _with_slits(cover: Picture, draw: np.random.Generator) -> Picture:
    """Strokes broken where a pen left the paper or a threshold lost them."""
    cover = cover.copy()
    height, width = cover.shape
    for _ in range(int(draw.integers(1, 2 + width // 30))):
        x, y = draw.uniform(0, width), draw.uniform(0.1, 0.9) * height
        reach = draw.uniform(-0.2, 0.2, 2) * height
        ends = ((round(x - reach[0]), round(y - reach[1])), (round(x + reach[0]), round(y + reach[1])))
        cv2.line(cover, ends[0], ends[1], (0,), 1 if height < 50 else 2)
    return cover


def turned(paper: Grey, room: float, draw: np.random.Generator) -> Grey:
    """The field turned by up to 5 degrees, less where it is long: its ends move by about ``room`` pixels at most."""
    height, width = paper.shape
    most = min(math.radians(5), 2 * room / width)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), math.degrees(np.clip(draw.normal(0, 0.5), -1, 1) * most), 1)
    moved = cv2.warpAffine(paper, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def scanned(paper: Grey, size: float, draw: np.random.Generator, most_noise: float = 20.0) -> NDArray[np.uint8]:
    """What a device makes of a field.

    Args:
        paper: float32 grey levels.
        size: pixels of a digit's height, which bounds what is blurred.
        draw: the device.
        most_noise: grey levels of its noise at most, as a standard deviation.

    Returns:
        uint8 of about the same shape; a half of it in each direction where the device is coarse.
    """
    if draw.random() < 0.5:
        paper = np.asarray(cv2.GaussianBlur(paper, (0, 0), draw.uniform(0.25, max(0.5, size / 26))), np.float32)
    if draw.random() < 0.06:
        paper = _moved(paper, max(2, round(size * draw.uniform(0.05, 0.13))), draw)
    if size > 1.3 * LEAST_SIZE and draw.random() < 0.25:
        paper = _coarser(paper, draw.uniform(max(0.4, LEAST_SIZE / size), 1), draw)
    if draw.random() < 0.2:
        paper = np.float32(255) * np.power(np.clip(paper / 255, 0, 1), np.float32(math.exp(draw.normal(0, 0.35))))
    if draw.random() < 0.6:
        noise = draw.standard_normal(paper.shape, np.float32)
        paper = paper + noise * np.float32(min(abs(draw.normal(0, 5)), most_noise))
    if draw.random() < 0.12:
        paper = 255 - paper
    grey = np.asarray(np.clip(paper, 0, 255), np.uint8)
    if draw.random() < 0.35:
        quality = int(draw.integers(25, 95))
        packed = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        grey = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    return grey


def _moved(paper: Grey, length: int, draw: np.random.Generator) -> Grey:
    """Blurred along a line of some pixels."""
    kernel = np.zeros((length + 2, length + 2), np.float32)
    angle, middle = draw.uniform(0, math.pi), (length + 1) / 2
    reach = np.array([math.cos(angle), math.sin(angle)]) * length / 2
    ends = [tuple(int(value) for value in np.round(middle + sign * reach)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], (1,), 1, cv2.LINE_AA)
    return np.asarray(cv2.filter2D(paper, -1, kernel / max(float(kernel.sum()), 1e-3)), np.float32)


def _coarser(paper: Grey, factor: float, draw: np.random.Generator) -> Grey:
    """Scaled down, and often up again."""
    height, width = paper.shape
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    small = cv2.resize(paper, size, interpolation=cv2.INTER_AREA)
    if draw.random() < 0.7:
        small = cv2.resize(small, (width, height), interpolation=int(draw.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])))
    return np.asarray(small, np.float32)
