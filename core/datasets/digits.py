"""Labelled digits, data sets and their splits as values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES, SIDE
from edgedigits.core.errors import EdgedigitsError


@dataclass(frozen=True)
class Digits:
    """Labelled digits in the 28x28 form.

    Attributes:
        images: uint8 of shape (count, 28, 28), ink bright on dark.
        labels: uint8 of shape (count,), 0 to 9.
        files: of each digit the file that shows it alone; empty where digits have no files of their own.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    files: tuple[Path, ...] = ()

    def __len__(self) -> int:
        """Number of digits."""
        return len(self.labels)

    def take(self, indices: NDArray[np.intp]) -> Digits:
        """The digits at ``indices``, in that order."""
        files = tuple(self.files[index] for index in indices) if self.files else ()
        return Digits(self.images[indices], self.labels[indices], files)

    def joined(self, other: Digits) -> Digits:
        """These digits and then others."""
        files = self.files + other.files if self.files and other.files else ()
        images, labels = (np.concatenate(both) for both in ((self.images, other.images), (self.labels, other.labels)))
        return Digits(images, labels, files)

    def repeated(self, times: int) -> Digits:
        """Each digit so many times, all of them one after another and then again."""
        return self if times == 1 else self.take(np.tile(np.arange(len(self)), times))

    def sha256(self) -> str:
        """SHA-256 over all pixels, then all labels, hexadecimal."""
        digest = hashlib.sha256(self.images.tobytes())
        digest.update(self.labels.tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Dataset:
    """A data set as it was loaded.

    Attributes:
        spec: the name, with paths, that loads it again.
        source: where it comes from, for people.
        pool: what may be divided into training, validation and test.
        test: the set's own test digits, only ever used to report; None where it has none.
        validation: the set's own validation digits, which are not in the pool; None where it has none.
    """

    spec: str
    source: str
    pool: Digits
    test: Digits | None = None
    validation: Digits | None = None

    @property
    def divisible(self) -> Digits:
        """What rules divide that do not follow the set's own division: all but its test digits."""
        return self.pool if self.validation is None else self.pool.joined(self.validation)


@dataclass(frozen=True)
class Split:
    """Training, validation and test digits of one data set; no digit of the set is in two of them.

    Attributes:
        dataset: what was divided.
        name: of the rule, as :func:`edgedigits.core.datasets.split_dataset` takes it.
        seed: of the draw.
    """

    dataset: Dataset
    name: str
    seed: int
    train: Digits
    validation: Digits
    test: Digits

    def describe(self) -> dict[str, Any]:
        """What a model card says of the data: spec, split, seed, counts, sha256 of the training and test digits."""
        return {
            "spec": self.dataset.spec,
            "source": self.dataset.source,
            "split": self.name,
            "seed": self.seed,
            "train": len(self.train),
            "validation": len(self.validation),
            "test": len(self.test),
            "train_sha256": self.train.sha256(),
            "test_sha256": self.test.sha256(),
        }


def bytes_of_fractions(pixels: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Pixels of 0 to 1 as grey levels of 0 to 255; None where some lie beyond, or are no numbers."""
    if pixels.min() >= 0 and pixels.max() <= 1:
        return np.asarray(np.rint(pixels * 255), np.uint8)
    return None


def checked_digits(images: NDArray[Any], labels: NDArray[Any], origin: str) -> Digits:
    """Make :class:`Digits` of raw arrays, or say what is wrong with them.

    Args:
        images: whole numbers of shape (count, 28, 28) or (count, 784).
        labels: whole numbers of shape (count,).
        origin: file or folder, for the error message.

    Raises:
        EdgedigitsError: no digits at all, counts that differ, another width, pixels outside 0 to 255 or labels
            outside 0 to 9.
    """
    remedy = "give 28x28 pixels of 0 to 255 and labels of 0 to 9"
    if len(images) == 0:
        raise EdgedigitsError(f"{origin} holds no digits", remedy)
    if len(images) != len(labels):
        raise EdgedigitsError(
            f"{origin} holds {len(images)} images and {len(labels)} labels", "give one label an image"
        )
    if labels.ndim != 1:
        raise EdgedigitsError(f"{origin} holds labels of shape {labels.shape}", "give one label an image")
    if images[0].size != SIDE * SIDE:
        raise EdgedigitsError(f"{origin} holds {images[0].size} pixels a digit, not {SIDE * SIDE}", remedy)
    if not (np.issubdtype(images.dtype, np.integer) and np.issubdtype(labels.dtype, np.integer)):
        raise EdgedigitsError(f"{origin} holds {images.dtype} pixels and {labels.dtype} labels", remedy)
    if images.min() < 0 or images.max() > 255:
        raise EdgedigitsError(f"{origin} holds pixels from {images.min()} to {images.max()}", remedy)
    if labels.min() < 0 or labels.max() >= CLASSES:
        wrong = int(np.flatnonzero((labels < 0) | (labels >= CLASSES))[0])
        raise EdgedigitsError(f"{origin} holds the label {labels[wrong]} at digit {wrong + 1}", remedy)
    shaped = images.reshape(-1, SIDE, SIDE).astype(np.uint8, copy=False)
    return Digits(np.ascontiguousarray(shaped), labels.astype(np.uint8, copy=False))
