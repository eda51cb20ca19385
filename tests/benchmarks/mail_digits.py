"""Digits as a station cuts them out of simulated mail: what its network of digits was trained on.

    python tests/benchmarks/mail_digits.py out/mail-digits.npz
    edgedigits train --model large --dataset npz:out/mail-digits.npz --out out/large

The pieces learned from are written with digits of MNIST's training part, which are added as they are; those that are
reported on (the archive's ``x_test``) with digits of its validation part. MNIST's test digits are on none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.pretrained.bundled import bundled_model
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.edge.reading.piecewise import digit_images
from edgedigits.edge.recordings.mail.belt import Belt, BeltPlan
from edgedigits.edge.recordings.mail.levels import LEVELS
from edgedigits.edge.recordings.mail.pieces import MailPiece
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.station.pieces.code_reader import line_of
from edgedigits.edge.station.pieces.rows import find_rows

LOOKS = 4
"""Frames of each piece that are cut: its digits under other light and noise, and at other places of the pixels."""

IN_VIEW = 8
"""Frames in which a piece is wholly in view."""

LOT = 500
"""Pieces that a process makes at a time."""

_NARROW = 4
"""Columns of 28 that a mark covers at most which is a 1, or a line of a form in place of a digit."""

Cut = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""Images, uint8 of shape (digits, 28, 28), and labels, uint8 of shape (digits,)."""


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--level", "levels", type=click.Choice([*LEVELS]), multiple=True, default=("ordinary",))
@click.option("--pieces", default=12_000, help="Of each level, to learn from.")
@click.option("--report", default=1_000, help="Of each level, to report on.")
@click.option("--seed", default=500)
def main(out: Path, levels: tuple[str, ...], pieces: int, report: int, seed: int) -> None:
    """Write OUT as `--dataset npz:OUT` takes it."""
    parts = {"train": pieces, "test": report}
    orders = [
        (part, level, seed + number, min(LOT, count - number * LOT))
        for level in levels
        for part, count in parts.items()
        for number in range(-(-count // LOT))
    ]
    found: dict[str, list[Cut]] = {part: [] for part in parts}
    with ProcessPoolExecutor() as pool:
        for order, cut in zip(orders, pool.map(_lot, orders), strict=True):
            found[order[0]].append(cut)
            print(f"{order[0]}, {order[1]}: {len(cut[1]):,} digits of {order[3]} pieces", flush=True)
    learned = split_dataset(load_dataset("mnist"), "default").train
    found["train"].append((learned.images, learned.labels))
    arrays = {}
    for part, cuts in found.items():
        arrays[f"x_{part}"] = np.concatenate([images for images, _ in cuts])
        arrays[f"y_{part}"] = np.concatenate([labels for _, labels in cuts])
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, **arrays)
    print(f"{out}: {len(arrays['y_train']):,} digits to learn from, {len(arrays['y_test']):,} to report on")


def _lot(order: tuple[str, str, int, int]) -> Cut:
    part, level, seed, count = order
    cv2.setNumThreads(1)
    split = split_dataset(load_dataset("mnist"), "default")
    digits = split.train if part == "train" else split.validation
    belt = Belt(digits.images, digits.labels, BeltPlan(level, seed, count, frames_in_view=IN_VIEW))
    known = DigitModel(bundled_model())
    cuts = [cut for cut in digits_of(belt) if is_in_order(*cut, known.probabilities(cut[0]).argmax(axis=1))]
    return np.concatenate([images for images, _ in cuts]), np.concatenate([labels for _, labels in cuts])


def digits_of(belt: Belt) -> Iterator[Cut]:
    """The digits of the codes of a belt's pieces, where the station's rows have one mark for each of them."""
    pieces: list[MailPiece] = []
    looks: dict[int, int] = {}
    for index, frame in enumerate(belt.frames(pieces.append)):
        grey = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
        for piece in pieces:
            if not piece.first_whole <= index <= piece.last_whole or looks.get(piece.index, 0) == LOOKS:
                continue
            images = _digits(grey, piece, index)
            if images is not None:
                looks[piece.index] = looks.get(piece.index, 0) + 1
                yield images, np.array([int(label) for label in piece.code], np.uint8)


def is_in_order(images: NDArray[np.uint8], labels: NDArray[np.uint8], read: NDArray[np.intp]) -> bool:
    """Whether each mark of a row is the digit in its place: where one is a line of a form, the others are shifted.

    Args:
        images: of the marks, uint8 (marks, 28, 28).
        labels: of the code's digits.
        read: what the built-in network reads; it may be wrong of one, so that no digit is left out for being hard.
    """
    columns = (images > images.max(axis=(1, 2), keepdims=True) // 4).any(axis=1).sum(axis=1)
    return not ((columns <= _NARROW) & (labels != 1)).any() and int((read != labels).sum()) <= 1


def _digits(grey: NDArray[np.uint8], piece: MailPiece, frame: int) -> NDArray[np.uint8] | None:
    box, field = piece.box_at(frame), piece.field_at(frame)
    if not piece.code or box is None or field is None:
        return None
    left, top, wide, high = box
    rows = find_rows(np.ascontiguousarray(grey[top : top + high, left : left + wide]))
    inside = (field[0] - left, field[1] - top, field[2], field[3])
    fitting = [row for row in rows if len(row.marks) == len(piece.code) and _lies_in(row.box, inside)]
    return digit_images(line_of(fitting[0])) if fitting else None


def _lies_in(box: Box, field: Box) -> bool:
    across, down = box[0] + box[2] / 2, box[1] + box[3] / 2
    return field[0] <= across <= field[0] + field[2] and field[1] <= down <= field[1] + field[3]


if __name__ == "__main__":
    main()
