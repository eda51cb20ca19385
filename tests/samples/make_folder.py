"""Make a folder of pictures of digits, as somebody might have who photographed his own: ``out/mine/<digit>/*.png``.

    python tests/samples/make_folder.py out/mine --count 600

The digits are some of the 5,000 with which the trainings of this repository validate on MNIST, as many of each kind as
of every other: no model of it has learned from them, and the built-in one was only chosen among its epochs by them.
Each is drawn in grey on lighter paper, 50 to 110 pixels high, with noise. The seed is fixed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets import load_dataset, split_dataset, stratified_sample
from edgedigits.core.files import write_bytes

COUNT = 600
SEED = 0


def picture_of(digit: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """A digit, ink bright on dark, as dark ink on paper."""
    ink = np.pad(digit, int(draw.integers(2, 8))).astype(np.float32) / 255
    side = int(draw.integers(50, 111))
    ink = np.clip(cv2.resize(ink, (side, side), interpolation=cv2.INTER_CUBIC), 0, 1)
    paper, pen = draw.uniform(190, 245), draw.uniform(20, 90)
    seen = paper + (pen - paper) * ink + draw.normal(0, 3, ink.shape)
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8)


def make_folder(folder: Path, count: int = COUNT, seed: int = SEED) -> None:
    """Write ``count`` pictures into folders 0 to 9 of ``folder``."""
    digits = split_dataset(load_dataset("mnist")).validation
    draw = np.random.default_rng(seed)
    for number, index in enumerate(stratified_sample(digits.labels, count, seed)):
        path = folder / str(digits.labels[index]) / f"{number:04}.png"
        write_bytes(path, cv2.imencode(".png", picture_of(digits.images[index], draw))[1].tobytes())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=COUNT)
    options = parser.parse_args()
    make_folder(options.folder, options.count)
    print(f"{options.folder}: {options.count} pictures in folders 0 to 9")
