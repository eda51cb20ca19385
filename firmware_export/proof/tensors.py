"""Input tensors for a model that reads neither digits nor lines: of a NumPy archive, or seeded noise."""

from __future__ import annotations

import math
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import dequantize, quantize
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.graph.model import Graph, ModelTensor, Value

TYPES: dict[str, type[Any]] = {"INT8": np.int8, "INT16": np.int16, "UINT8": np.uint8, "FLOAT32": np.float32}
"""NumPy's types of the inputs and outputs that the C library can have."""

NOISE_SEED = 14
_FORMAT: Any = np.lib.format  # NumPy 1 leaves its functions without types
_LARGEST_ARRAY = 1 << 28  # bytes
_MOST_FILES = 100
_BEYOND = 1.05
"""Noise of floats reaches so much further than int8 does, so that saturation is seen, too."""


def noise(graph: Graph, count: int) -> NDArray[Any]:
    """Inputs of uniform noise, the same on every machine: of the input's type, shape (count, *shape).

    Whole numbers are all that the type has; floats are of the range that the int8 value inside can stand for, and a
    little further.
    """
    tensor = graph.input_tensor
    kind = TYPES[tensor.type]
    size = count * math.prod(tensor.shape)
    dice = random.Random(NOISE_SEED)  # whose bytes are the same in every version of Python
    if kind is not np.float32:
        item = np.dtype(kind).newbyteorder("<")
        return np.frombuffer(dice.randbytes(size * item.itemsize), item).astype(kind).reshape(count, *tensor.shape)
    value = graph.values[tensor.value]
    fractions = np.frombuffer(dice.randbytes(4 * size), "<u4").astype(np.float64) / 2**32
    steps = (fractions - 0.5) * (value.limits[1] - value.limits[0] + 1) * _BEYOND - 0.5 - value.zero_point
    return (steps * value.scale).astype(np.float32).reshape(count, *tensor.shape)


def npz_inputs(path: Path, graph: Graph, count: int) -> NDArray[Any]:
    """The first ``count`` inputs of a NumPy archive that holds one array: fewer where it has fewer.

    Raises:
        EdgedigitsError: missing, no archive, damaged or too large; another number of arrays, another shape or type than
            the model's, or floats that are no numbers.
    """
    wanted = graph.input_tensor
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != 1:
                raise _wrong(path, wanted, f"holds {min(len(names), _MOST_FILES)} arrays")
            found = _array(archive, names[0], path, wanted)
    except (ValueError, zipfile.BadZipFile, EOFError, KeyError, TypeError, NotImplementedError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EdgedigitsError(
            f"{path} is no NumPy archive, or damaged ({reason})", "write it with numpy.savez"
        ) from error
    except OSError as error:
        raise EdgedigitsError(
            f"cannot read {path} ({error.strerror or error})", "check the path of --inputs"
        ) from error
    if not len(found):
        raise _wrong(path, wanted, "holds no input")
    found = found[:count]
    if found.dtype == np.float32 and not np.isfinite(found).all():
        raise EdgedigitsError(f"{path} holds floats that are no finite numbers", "leave them out")
    return np.ascontiguousarray(found)


def _array(archive: zipfile.ZipFile, name: str, path: Path, wanted: ModelTensor) -> NDArray[Any]:
    """The array of a member, once its head says that it is what the model takes."""
    with archive.open(name) as member:
        version = _FORMAT.read_magic(member)
        read = {(1, 0): _FORMAT.read_array_header_1_0, (2, 0): _FORMAT.read_array_header_2_0}.get(version)
        if read is None:
            raise ValueError(f"an array of version {version}")
        shape, _, kind = read(member)
    if shape[1:] != wanted.shape or not shape or kind != np.dtype(TYPES[wanted.type]):
        raise _wrong(path, wanted, f"holds {kind} of shape {shape}")
    if math.prod(shape) * kind.itemsize > _LARGEST_ARRAY:
        raise EdgedigitsError(f"{path} unpacks to more than {_LARGEST_ARRAY:,} bytes", "keep fewer inputs")
    with archive.open(name) as member:
        found: NDArray[Any] = _FORMAT.read_array(member, allow_pickle=False)
    return found


def _wrong(path: Path, wanted: ModelTensor, what: str) -> EdgedigitsError:
    return EdgedigitsError(
        f"{path} {what}",
        f"the model takes one array: {np.dtype(TYPES[wanted.type]).name} of shape (count, "
        f"{', '.join(map(str, wanted.shape))})",
    )


def as_steps(given: NDArray[Any], inside: Value) -> NDArray[Any]:
    """A model's input or output, of its own type, as the int8 or int16 value within that it becomes or came from."""
    if given.dtype == np.uint8:
        return (given.astype(np.int16) - 128).astype(np.int8)
    if given.dtype == np.float32:
        return quantize(given, inside.scale, inside.zero_point, inside.kind)
    return given.astype(inside.kind)


def outside(made: NDArray[Any], inside: Value, kind: type[Any]) -> NDArray[Any]:
    """What DEQUANTIZE or QUANTIZE at a model's output makes of int8 or int16."""
    if kind is np.uint8:
        return (made.astype(np.int16) + 128).astype(np.uint8)
    return dequantize(made, inside.scale, inside.zero_point) if kind is np.float32 else made
