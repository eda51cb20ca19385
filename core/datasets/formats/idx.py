"""The IDX format of MNIST's original files, plain or gzipped."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.datasets.digits import Digits, checked_digits
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.git_lfs import refuse_pointer

_UNSIGNED_BYTE = 8


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes.

    The layout: two zero bytes, the element type (8), the number of dimensions, each dimension as a big-endian
    32-bit number, then the elements (Y. LeCun, C. Cortes, C. Burges, "The MNIST database").

    Raises:
        EdgedigitsError: missing, not IDX, cut short or too long.
    """
    data = _bytes_of(path)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _UNSIGNED_BYTE or data[3] == 0:
        raise EdgedigitsError(f"{path} is not an IDX file of bytes", "give MNIST's idx-ubyte files, plain or .gz")
    rank = data[3]
    start = 4 + 4 * rank
    shape = [int.from_bytes(data[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(rank)]
    if len(data) != start + math.prod(shape):
        raise EdgedigitsError(
            f"{path} is {len(data)} bytes long, its header announces {start + math.prod(shape)}",
            "it was cut short or changed: fetch it again",
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _bytes_of(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        refuse_pointer(path, data)
        return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise EdgedigitsError(f"{path} is cut short or damaged ({error})", "fetch it again") from error
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check the path") from error


def read_idx_pair(images: Path, labels: Path) -> Digits:
    """Read the images and the labels of one set."""
    pixels: NDArray[Any] = read_idx(images)
    if pixels.ndim != 3:
        raise EdgedigitsError(f"{images} has {pixels.ndim} dimensions", "give the images first, then the labels")
    names = read_idx(labels)
    if names.ndim != 1:
        raise EdgedigitsError(f"{labels} has {names.ndim} dimensions", "give the images first, then the labels")
    return checked_digits(pixels, names, f"{images.name} with {labels.name}")
