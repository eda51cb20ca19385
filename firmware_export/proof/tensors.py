"""Inputs for a model that reads neither digits nor lines, of a NumPy archive or seeded noise; and types outside and in.

Of one input they are an array of its own type, shape (count, *shape). Of several they are records, shape (count,), with
a field for each input by its name: a record's bytes are those of all inputs one behind the other. Outputs likewise, but
flat: (count, numbers), or records of such fields.
"""

from __future__ import annotations

import math
import random
import zipfile
from collections.abc import Sequence
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
    """Inputs of uniform noise, the same on every machine: of the inputs' types and shapes.

    Whole numbers are all that the type has; floats are of the range that the int8 value inside can stand for, and a
    little further.
    """
    dice = random.Random(NOISE_SEED)  # whose bytes are the same in every version of Python
    return joined(graph.inputs, [_noise(graph, tensor, count, dice) for tensor in graph.inputs])


def _noise(graph: Graph, tensor: ModelTensor, count: int, dice: random.Random) -> NDArray[Any]:
    kind = TYPES[tensor.type]
    size = count * math.prod(tensor.shape)
    if kind is not np.float32:
        item = np.dtype(kind).newbyteorder("<")
        return np.frombuffer(dice.randbytes(size * item.itemsize), item).astype(kind).reshape(count, *tensor.shape)
    value = graph.values[tensor.value]
    fractions = np.frombuffer(dice.randbytes(4 * size), "<u4").astype(np.float64) / 2**32
    steps = (fractions - 0.5) * (value.limits[1] - value.limits[0] + 1) * _BEYOND - 0.5 - value.zero_point
    return (steps * value.scale).astype(np.float32).reshape(count, *tensor.shape)


def npz_inputs(path: Path, graph: Graph, count: int) -> NDArray[Any]:
    """The first ``count`` inputs of a NumPy archive: fewer where it has fewer.

    It holds one array, whatever its name; of a model of several inputs one for each, by the input's name.

    Raises:
        EdgedigitsError: missing, no archive, damaged or too large; other arrays than the model's inputs, one of another
            shape or type, or arrays of different counts; floats that are no numbers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive.namelist(), path, graph)
            found = [_array(archive, members[tensor.name], path, graph, tensor) for tensor in graph.inputs]
    except (ValueError, zipfile.BadZipFile, EOFError, KeyError, TypeError, NotImplementedError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EdgedigitsError(
            f"{path} is no NumPy archive, or damaged ({reason})", "write it with numpy.savez"
        ) from error
    except OSError as error:
        raise EdgedigitsError(
            f"cannot read {path} ({error.strerror or error})", "check the path of --inputs"
        ) from error
    counts = sorted({len(array) for array in found})
    if len(counts) > 1:
        raise _wrong(path, graph, f"holds arrays of {counts[0]} and of {counts[-1]} inputs")
    if not counts[0]:
        raise _wrong(path, graph, "holds no input")
    found = [array[:count] for array in found]
    if any(array.dtype == np.float32 and not np.isfinite(array).all() for array in found):
        raise EdgedigitsError(f"{path} holds floats that are no finite numbers", "leave them out")
    return joined(graph.inputs, found)


def _members(names: list[str], path: Path, graph: Graph) -> dict[str, str]:
    """For each input the member of an archive that holds its array."""
    if len(graph.inputs) == 1:
        if len(names) != 1:
            raise _wrong(path, graph, f"holds {min(len(names), _MOST_FILES)} arrays")
        return {graph.inputs[0].name: names[0]}
    wanted = {tensor.name: f"{tensor.name}.npy" for tensor in graph.inputs}
    lacking = [name for name, member in wanted.items() if member not in names]
    if lacking:
        raise _wrong(path, graph, f"holds no array {lacking[0]}")
    if len(names) != len(wanted):
        raise _wrong(path, graph, f"holds {min(len(names), _MOST_FILES)} arrays")
    return wanted


def _array(archive: zipfile.ZipFile, name: str, path: Path, graph: Graph, wanted: ModelTensor) -> NDArray[Any]:
    """The array of a member, once its head says that it is what the model takes."""
    with archive.open(name) as member:
        version = _FORMAT.read_magic(member)
        read = {(1, 0): _FORMAT.read_array_header_1_0, (2, 0): _FORMAT.read_array_header_2_0}.get(version)
        if read is None:
            raise ValueError(f"an array of version {version}")
        shape, _, kind = read(member)
    if shape[1:] != wanted.shape or not shape or kind != np.dtype(TYPES[wanted.type]):
        of = f" as {wanted.name}" if len(graph.inputs) > 1 else ""
        raise _wrong(path, graph, f"holds {kind} of shape {shape}{of}")
    if math.prod(shape) * kind.itemsize > _LARGEST_ARRAY:
        raise EdgedigitsError(f"{path} unpacks to more than {_LARGEST_ARRAY:,} bytes", "keep fewer inputs")
    with archive.open(name) as member:
        found: NDArray[Any] = _FORMAT.read_array(member, allow_pickle=False)
    return np.ascontiguousarray(found)


def _wrong(path: Path, graph: Graph, what: str) -> EdgedigitsError:
    arrays = [
        f"{np.dtype(TYPES[one.type]).name} of shape (count, {', '.join(map(str, one.shape))})" for one in graph.inputs
    ]
    if len(arrays) == 1:
        return EdgedigitsError(f"{path} {what}", f"the model takes one array: {arrays[0]}")
    named = "; ".join(f"{tensor.name}, {array}" for tensor, array in zip(graph.inputs, arrays, strict=True))
    return EdgedigitsError(f"{path} {what}", f"the model takes {len(arrays)} arrays: {named}")


def joined(tensors: Sequence[ModelTensor], arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Arrays (count, ...), one for each input or output, as one; see the module."""
    if len(arrays) == 1:
        return arrays[0]
    kinds = [(tensor.name, array.dtype, array.shape[1:]) for tensor, array in zip(tensors, arrays, strict=True)]
    records = np.empty(len(arrays[0]), np.dtype(kinds))
    for tensor, array in zip(tensors, arrays, strict=True):
        records[tensor.name] = array
    return records


def parted(tensors: Sequence[ModelTensor], given: NDArray[Any]) -> list[NDArray[Any]]:
    """What :func:`joined` joined: an array (count, ...) for each input or output."""
    return [given] if len(tensors) == 1 else [given[tensor.name] for tensor in tensors]


def step_rows(tensors: Sequence[ModelTensor], given: NDArray[Any], values: dict[int, Value]) -> NDArray[Any]:
    """Inputs or outputs as the int8 or int16 values inside, (count, numbers): all of an inference in a row."""
    parts = parted(tensors, given)
    rows = [as_steps(part, values[tensor.value]) for tensor, part in zip(tensors, parts, strict=True)]
    return np.concatenate([row.reshape(len(row), -1) for row in rows], axis=1)


def count_by_output(graph: Graph, different: NDArray[np.bool_]) -> dict[str, int]:
    """Of which output so many numbers differ, by its name; empty of a model of one.

    Args:
        graph: of the model.
        different: of shape (count, numbers of all outputs).
    """
    if len(graph.outputs) == 1:
        return {}
    ends = np.cumsum([value.count for value in graph.output_values])[:-1]
    parts = zip(graph.outputs, np.split(different, ends, axis=1), strict=True)
    return {tensor.name: int(np.count_nonzero(part)) for tensor, part in parts}


def output_of(graph: Graph, place: int) -> tuple[str, int]:
    """Name of the output that a number among all of them belongs to, and its place there; no name of a model of one."""
    for tensor, value in zip(graph.outputs, graph.output_values, strict=True):
        if place < value.count:
            return ("" if len(graph.outputs) == 1 else tensor.name), place
        place -= value.count
    raise IndexError(place)


def own_types(tensors: Sequence[ModelTensor], rows: NDArray[Any], values: dict[int, Value]) -> NDArray[Any]:
    """Outputs of their own types, flat, of int8 or int16 rows (count, numbers)."""
    ends = np.cumsum([values[tensor.value].count for tensor in tensors])[:-1]
    parts = zip(tensors, np.split(rows, ends, axis=1), strict=True)
    return joined(tensors, [outside(part, values[tensor.value], TYPES[tensor.type]) for tensor, part in parts])


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
