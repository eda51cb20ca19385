"""Lines on their way into a network: made by threads ahead of it, batched with others of about their width."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.keras.backend import tf
from edgedigits.core.lines.strip import HEIGHT, STEP, WIDEST, padded, width_of_network
from edgedigits.train.fitting.pipeline import fixed_options
from edgedigits.train.lines.ctc import LONGEST, targets_of

Line = tuple[NDArray[np.uint8], str]

_SORTED = 8
"""Batches whose lines are sorted by width together: wide enough for pure batches, small enough to mix well."""

_AHEAD = 6
_STRETCH, _GAIN = 0.1, 0.2


def training_batches(line: Callable[[int], Line], count: int, batch_size: int, seed: tuple[int, ...]) -> Any:
    """One epoch of lines, the same in every run for the same seed.

    Args:
        line: makes the line of a place in the epoch.
        count: lines of the epoch.
        batch_size: lines a step.
        seed: of the order of batches and of what differs when a line is seen again.

    Returns:
        A ``tf.data.Dataset`` of strips, float32 (batch, 32, width, 1) of 0 to 1, and targets, int32 (batch, 20).
    """
    return _dataset(lambda: _batches(line, count, batch_size, seed))


def plain_batches(strips: tuple[NDArray[np.uint8], ...], texts: tuple[str, ...], batch_size: int) -> Any:
    """Lines as they are, batched by width, as :func:`training_batches` gives them."""
    order = sorted(range(len(texts)), key=lambda place: strips[place].shape[1])

    def batches() -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int32]]]:
        for start in range(0, len(order), batch_size):
            places = order[start : start + batch_size]
            yield _batch([(strips[place], texts[place]) for place in places])

    return _dataset(batches).cache()


def _dataset(batches: Callable[[], Iterator[tuple[NDArray[np.uint8], NDArray[np.int32]]]]) -> Any:
    signature = (
        tf.TensorSpec((None, HEIGHT, None, 1), tf.uint8),
        tf.TensorSpec((None, LONGEST), tf.int32),
    )
    made = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return (
        made.map(lambda strips, targets: (tf.cast(strips, tf.float32) / 255, targets))
        .prefetch(_AHEAD)
        .with_options(fixed_options())
    )


def _batches(
    line: Callable[[int], Line], count: int, batch_size: int, seed: tuple[int, ...]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int32]]]:
    """Batches of lines that are made in threads, a few batches ahead."""
    group = batch_size * _SORTED
    draw = np.random.default_rng(seed)

    def made(place: int) -> Line:
        pixels, text = line(place)
        return _varied(pixels, np.random.default_rng((*seed, place))), text

    cv2.setNumThreads(0)  # its own threads would wait for those that make lines
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        groups = [range(start, min(start + group, count)) for start in range(0, count, group)]
        waiting = [pool.submit(made, place) for place in groups[0]]
        for number in range(len(groups)):
            lines = [future.result() for future in waiting]
            waiting = [pool.submit(made, place) for place in (groups[number + 1] if number + 1 < len(groups) else ())]
            lines.sort(key=lambda one: one[0].shape[1] + draw.uniform(0, 8))
            starts = draw.permutation(range(0, len(lines), batch_size))
            for start in starts:
                yield _batch(lines[start : start + batch_size])


def _batch(lines: list[Line]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    width = width_of_network(max(pixels.shape[1] for pixels, _ in lines))
    strips = np.stack([padded(pixels, width) for pixels, _ in lines])
    return strips[..., np.newaxis], targets_of([text for _, text in lines])


def _varied(pixels: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """A strip somewhat wider or narrower, a few columns farther right, a row higher or lower, fainter or stronger."""
    width = int(np.clip(round(pixels.shape[1] * np.exp(draw.normal(0, _STRETCH))), STEP, WIDEST))
    gain = draw.uniform(1 - _GAIN, 1 + _GAIN)
    shift = int(draw.integers(-1, 2))
    varied = np.asarray(cv2.resize(pixels, (width, HEIGHT), interpolation=cv2.INTER_LINEAR), np.float32) * gain
    if shift:
        varied = np.roll(varied, shift, axis=0)
        varied[0 if shift > 0 else -1] = 0
    before = int(draw.integers(0, STEP + 1))
    if before and width + before <= WIDEST:
        varied = np.pad(varied, ((0, 0), (before, 0)))
    return np.clip(varied, 0, 255).astype(np.uint8)
