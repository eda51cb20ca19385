"""The 500 digits that come with the package: drawn by code, to see whether a device computes right."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np

from edgedigits.core.datasets.digits import Dataset, checked_digits
from edgedigits.core.digit import CLASSES, SIDE
from edgedigits.core.errors import EdgedigitsError

SAMPLES = "digits drawn by code"
"""What they are, for people."""

SHEET = Path("samples") / "digits.png"


def load_samples() -> Dataset:
    """The digits of the sheet that ships: row N holds the digits N, 28x28 pixels each.

    Nobody has written them: their forms are points in the code that drew them (``samples/README.md``).

    Raises:
        EdgedigitsError: the installation lacks the sheet, or it is damaged.
    """
    path = Path(str(files("edgedigits.core.datasets"))) / SHEET
    data = np.fromfile(path, np.uint8) if path.is_file() else np.empty(0, np.uint8)
    sheet = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if sheet is None or sheet.shape[0] != CLASSES * SIDE or sheet.shape[1] % SIDE:
        raise EdgedigitsError(f"{path} is missing or damaged", "install edgedigits again")
    each = sheet.shape[1] // SIDE
    images = sheet.reshape(CLASSES, SIDE, each, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)
    pool = checked_digits(images, np.repeat(np.arange(CLASSES), each), str(path))
    return Dataset("samples", f"{len(pool)} digits drawn by code, which come with edgedigits", pool)
