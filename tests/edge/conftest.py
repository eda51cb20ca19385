"""A reader with the bundled model, and digits to write pages with."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from edgedigits.core.pretrained.bundled import bundled_model
from edgedigits.edge.reading.reader import DigitReader


@pytest.fixture(scope="session")
def reader() -> DigitReader:
    return DigitReader(bundled_model())


@pytest.fixture(scope="session")
def mnist_training_digits(data_folder):
    """The first hundred training images, uint8 (100, 28, 28), and their labels."""
    images = gzip.decompress((data_folder / "mnist" / "train-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((data_folder / "mnist" / "train-labels-idx1-ubyte.gz").read_bytes())
    pixels = np.frombuffer(images, np.uint8, count=100 * 28 * 28, offset=16).reshape(100, 28, 28)
    return pixels, np.frombuffer(labels, np.uint8, count=100, offset=8)
