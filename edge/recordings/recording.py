"""Recordings composed from real handwritten digits, with their truth: for benchmarks, tests and demonstrations."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import SIDE
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import write_json
from edgedigits.core.paths import StrPath
from edgedigits.edge.recordings.video_writer import VideoWriter
from edgedigits.edge.sources.base import Image

FORMAT = 1

_PAPER = 215.0
_INK = 60.0
_NOISE = 3.5
_TINT = (0.94, 0.98, 1.0)
"""Brightness of paper and ink (0 to 255), spread of the sensor's noise, and the paper's blue, green and red: a sheet
under a warm lamp, as a webcam sees it."""


@dataclass(frozen=True)
class Recording:
    """A video and what stands in it.

    Attributes:
        path: of the video.
        rate: frames per second.
        size: width and height in pixels.
        seed: that made it.
        texts: truth of each frame; lines joined by a newline.
    """

    path: Path
    rate: float
    size: tuple[int, int]
    seed: int
    texts: tuple[str, ...]

    def exact(self, texts: Mapping[int, str]) -> int:
        """How many frames were read exactly.

        Args:
            texts: frame index to what was read; a frame that is missing was not read.
        """
        return sum(texts.get(index) == truth for index, truth in enumerate(self.texts))


def compose_recording(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer[Any]],
    path: StrPath,
    *,
    size: tuple[int, int] = (1280, 720),
    digits: int = 8,
    frames: int = 240,
    hold: int = 30,
    rate: float = 30.0,
    seed: int = 0,
    force: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Recording:
    """Write a video of handwritten digits on a sheet of paper, and its truth as JSON beside it.

    The digits are scaled up smoothly and written dark on light in one line or two; light falls unevenly, the sensor
    is noisy, and the hand that holds the camera drifts by a few pixels and about one degree. The same arguments give
    the same video.

    Args:
        images: uint8 of shape (count, 28, 28), ink bright on dark, as MNIST has them.
        labels: integers of shape (count,), 0 to 9.
        path: ends in ``.avi`` or ``.mp4``; the truth goes to the same name with ``.json``.
        size: width and height in pixels.
        digits: on each sheet.
        frames: of the video.
        hold: frames after which a new sheet comes.
        rate: frames per second.
        seed: of the choice of digits, the layout, the light, the noise and the drift.
        force: replace a video that is there.
        progress: called with the number of frames written, after each.

    Raises:
        EdgedigitsError: images and labels do not fit together, there are too few, or the disk refuses.
    """
    path = Path(path)
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE) or len(images) != len(labels):
        raise EdgedigitsError(
            f"{len(labels)} labels for images of shape {images.shape} and type {images.dtype}",
            f"give uint8 of shape (count, {SIDE}, {SIDE}) and as many labels",
        )
    if not 0 < digits <= len(images):
        raise EdgedigitsError(f"{digits} digits from {len(images)} images", "give more images")
    truth = path.with_suffix(".json")
    if truth.exists() and not force:
        raise EdgedigitsError(f"{truth} exists", "choose another name, or add --force to replace it")
    random = np.random.default_rng(seed)
    noise = random.normal(0.0, _NOISE, (2 * size[1], size[0])).astype(np.float32)
    phases = random.uniform(0.0, 2 * np.pi, 3)
    texts: list[str] = []
    with VideoWriter(path, force=force) as video:
        for index in range(frames):
            if index % hold == 0:
                ink, text = _sheet(random, images, labels, size, digits)
                light = _light(random, size)
            start = int(random.integers(size[1]))
            video.write(_photo(_held(ink, index, phases), light, noise[start : start + size[1]]), rate)
            texts.append(text)
            if progress:
                progress(index + 1)
    recording = Recording(path, rate, size, seed, tuple(texts))
    write_json(truth, {"format": FORMAT} | asdict(recording) | {"path": path.name})
    return recording


def read_recording(path: StrPath) -> Recording:
    """Read the truth beside a composed video.

    Raises:
        EdgedigitsError: there is none, or it is damaged.
    """
    path = Path(path)
    truth = path.with_suffix(".json")
    try:
        content = json.loads(truth.read_text(encoding="utf-8"))
        width, height = content["size"]
        texts = tuple(str(text) for text in content["texts"])
        recording = Recording(path, float(content["rate"]), (int(width), int(height)), int(content["seed"]), texts)
    except OSError as error:
        raise EdgedigitsError(f"no truth at {truth} ({error.strerror})", "compose the recording again") from error
    except (ValueError, TypeError, KeyError) as error:
        raise EdgedigitsError(f"{truth} is not the truth of a recording", "compose the recording again") from error
    return recording


def _sheet(
    random: np.random.Generator,
    images: NDArray[np.uint8],
    labels: NDArray[np.integer[Any]],
    size: tuple[int, int],
    digits: int,
) -> tuple[NDArray[np.float32], str]:
    """Ink between 0 and 1 of shape (height, width) and its text: digits in one line or two."""
    width, height = size
    chosen = random.choice(len(images), digits, replace=False)
    lines = np.array_split(chosen, int(random.integers(1, 3)) if digits > 1 else 1)
    ink = np.zeros((height, width), np.float32)
    cell = 0.88 * width / max(len(line) for line in lines)
    side = min(1.05 * cell, 0.66 * height / len(lines), 0.24 * height)
    for row, line in enumerate(lines):
        middle = height * (row + 1) / (len(lines) + 1)
        for column, number in enumerate(line):
            glyph = _stroke(images[number], round(side * random.uniform(0.92, 1.04)))
            across, down = random.uniform(-0.03, 0.03, 2) * side
            left = round(width / 2 + (column + 0.5 - len(line) / 2) * cell + across - glyph.shape[1] / 2)
            top = round(middle + down - glyph.shape[0] / 2)
            field = ink[max(top, 0) : top + glyph.shape[0], max(left, 0) : left + glyph.shape[1]]
            inside = glyph[max(-top, 0) :, max(-left, 0) :][: field.shape[0], : field.shape[1]]
            np.maximum(field, inside, out=field)
    return ink, "\n".join("".join(str(int(labels[number])) for number in line) for line in lines)


def _stroke(image: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """A 28x28 digit as a pen would leave it at ``side`` pixels: smooth outlines, even ink, soft edges."""
    large = cv2.resize(image.astype(np.float32) / 255, (side, side), interpolation=cv2.INTER_CUBIC)
    drawn: NDArray[np.float32] = np.clip((cv2.GaussianBlur(large, (0, 0), side / 100) - 0.25) / 0.3, 0, 1)
    return drawn.astype(np.float32)


def _light(random: np.random.Generator, size: tuple[int, int]) -> NDArray[np.float32]:
    """Share of the light that falls on each pixel, (height, width): brighter to one side, darker to the corners."""
    across, down = np.meshgrid(np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1]))
    angle = random.uniform(0, 2 * np.pi)
    slope = 0.12 * (np.cos(angle) * across + np.sin(angle) * down)
    light: NDArray[np.float32] = (0.92 + slope - 0.12 * (across**2 + down**2)).astype(np.float32)
    return light


def _held(ink: NDArray[np.float32], index: int, phases: NDArray[np.float64]) -> NDArray[np.float32]:
    """The sheet as an unsteady hand holds it in frame ``index``: slow swings of 6, 4 pixels and 1.2 degrees."""
    height, width = ink.shape
    across, down, turn = np.sin(index / np.array([9.0, 13.0, 17.0]) + phases) * (6.0, 4.0, 1.2)
    moved = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), float(turn), 1.0), np.float64)
    moved[:, 2] += np.array([across, down])
    return cv2.warpAffine(ink, moved, (width, height)).astype(np.float32, copy=False)


def _photo(ink: NDArray[np.float32], light: NDArray[np.float32], noise: NDArray[np.float32]) -> Image:
    """What the camera makes of it: uint8 (height, width, 3) BGR."""
    grey = cv2.multiply(cv2.addWeighted(ink, _INK - _PAPER, ink, 0.0, _PAPER), light)
    bright = cv2.convertScaleAbs(cv2.add(grey, noise))
    steps = np.arange(256)[:, np.newaxis]
    return cv2.LUT(cv2.merge([bright] * 3), (steps * _TINT).round().astype(np.uint8)[:, np.newaxis])  # type: ignore[return-value]
