"""The tables of a ``.tflite`` file as plain Python objects, bounded by the size of the file.

``read_tables`` touches the flatbuffer; whatever comes after works on checked numbers. A file may be damaged or hostile:
vectors that claim billions of entries, tables that share one vector a million times, names that try to become code.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import TfliteFile, read_tflite

LARGEST_FILE = 1 << 24
"""Bytes; no microcontroller's flash holds more."""
LARGEST_COUNT = 10_000
"""Of tensors and of operators: a hostile file may name one table millions of times."""

_DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, KeyError, OverflowError)
_CONSTANT_TYPES = {"INT8": np.int8, "INT32": np.int32, "INT64": np.int64}


@dataclass(frozen=True)
class FileTensor:
    """A tensor of the file.

    Attributes:
        type: ``INT8``, ``INT32``, ``FLOAT32``...
        shape: as TFLite has it, the batch included.
        scales: none, one, or one for each channel.
        zero_points: likewise.
        axis: which axis the channels of the scales are.
        data: int8, int32 or int64 of the tensor's shape where it is a constant, else None.
        plain: neither a variable nor sparse.
    """

    type: str
    shape: tuple[int, ...]
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int
    data: NDArray[Any] | None
    plain: bool


@dataclass(frozen=True)
class FileOperator:
    """An operator of the file: TFLite's name, tensors by number (-1 is none), and its options, empty if it has none.

    Attributes:
        options_table: TFLite's name of the table that the options stand in; empty without one.
        options: numbers, and vectors of numbers as tuples, by their names there.
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options_table: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Tables:
    """A model's only subgraph."""

    tensors: tuple[FileTensor, ...]
    operators: tuple[FileOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_tables(path: Path) -> Tables:
    """Read a ``.tflite`` file.

    Raises:
        EdgedigitsError: not there, larger than LARGEST_FILE, not a TFLite file, damaged, or of several subgraphs.
    """
    try:
        from tflite import Model
    except ImportError as error:
        raise EdgedigitsError("the package `tflite` is missing", 'pip install "edgedigits[train]"') from error
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST_FILE else b""
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check the path") from error
    if size > LARGEST_FILE:
        raise EdgedigitsError(f"{path} has {size} bytes, too many for a microcontroller", "export a smaller model")
    try:
        if data[4:8] == b"TFL3":
            _check_counts(Model.GetRootAs(data, 0))
        # It says what is wrong with a file that is no sound TFLite model.
        content = read_tflite(path)
        return _Reading(Model.GetRootAs(data, 0), content, len(data)).tables()
    except _DAMAGE as error:
        raise EdgedigitsError(f"{path} is damaged ({error})", "copy it again, or make it again") from error


def _check_counts(model: Any) -> None:
    graph = model.Subgraphs(0)
    if max(graph.TensorsLength(), graph.OperatorsLength(), model.BuffersLength()) > LARGEST_COUNT:
        raise ValueError(f"more than {LARGEST_COUNT} tensors or operators")


class _Reading:
    """One pass over a model; every vector read is charged against the size of the file."""

    def __init__(self, model: Any, content: TfliteFile, size: int) -> None:
        from tflite import BuiltinOperator, BuiltinOptions

        self._model = model
        self._graph = model.Subgraphs(0)
        self._content = content
        self._left = size
        self._tables = {value: name for name, value in vars(BuiltinOptions).items() if not name.startswith("_")}
        self._names = {value: name for name, value in vars(BuiltinOperator).items() if not name.startswith("_")}

    def tables(self) -> Tables:
        graph = self._graph
        return Tables(
            tuple(self._tensor(i) for i in range(len(self._content.tensors))),
            tuple(self._operator(graph.Operators(i)) for i in range(self._charged(graph.OperatorsLength()))),
            tuple(self._number(graph.Inputs(i)) for i in range(self._charged(graph.InputsLength()))),
            tuple(self._number(graph.Outputs(i)) for i in range(self._charged(graph.OutputsLength()))),
        )

    def _charged(self, entries: int) -> int:
        self._left -= entries
        if self._left < 0:
            raise ValueError("it claims to hold more than its size")
        return entries

    def _number(self, tensor: int) -> int:
        if not -1 <= tensor < len(self._content.tensors):
            raise IndexError(f"tensor {tensor} does not exist")
        return tensor

    def _tensor(self, number: int) -> FileTensor:
        read = self._content.tensors[number]
        tensor = self._graph.Tensors(number)
        quantization = tensor.Quantization()
        return FileTensor(
            read.type,
            read.shape,
            read.scales,
            read.zero_points,
            0 if quantization is None else quantization.QuantizedDimension(),
            self._data(tensor.Buffer(), read.type, read.shape),
            not tensor.IsVariable() and tensor.Sparsity() is None,
        )

    def _data(self, buffer: int, kind: str, shape: tuple[int, ...]) -> NDArray[Any] | None:
        found = self._model.Buffers(buffer)
        if not found.DataLength() or kind not in _CONSTANT_TYPES:
            return None
        raw = found.DataAsNumpy()
        item = np.dtype(_CONSTANT_TYPES[kind]).newbyteorder("<")
        if min(shape, default=1) < 0 or raw.size != math.prod(shape) * item.itemsize:
            raise ValueError("a constant's bytes do not fit its shape")
        return np.frombuffer(raw, item).reshape(shape)

    def _operator(self, operator: Any) -> FileOperator:
        code = self._model.OperatorCodes(operator.OpcodeIndex())
        name = self._names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        return FileOperator(
            name,
            tuple(self._number(operator.Inputs(i)) for i in range(self._charged(operator.InputsLength()))),
            tuple(self._number(operator.Outputs(i)) for i in range(self._charged(operator.OutputsLength()))),
            *self._options(operator),
        )

    def _options(self, operator: Any) -> tuple[str, dict[str, Any]]:
        import tflite

        found = operator.BuiltinOptions()
        table_name = self._tables.get(operator.BuiltinOptionsType(), "")
        if found is None or not hasattr(tflite, table_name or "NONE"):
            return "", {}
        table = getattr(tflite, table_name)()
        table.Init(found.Bytes, found.Pos)
        fields = {field: self._field(table, field) for field in _fields(table_name)}
        return table_name, {field: value for field, value in fields.items() if value is not None}

    def _field(self, table: Any, field: str) -> Any:
        """A number, or numbers; None for what is neither."""
        read = getattr(table, field)
        if hasattr(table, f"{field}Length"):
            value = tuple(read(i) for i in range(self._charged(getattr(table, f"{field}Length")())))
            return value if all(isinstance(one, (int, float)) for one in value) else None
        value = read()
        return value if isinstance(value, (int, float)) else None


@cache
def _fields(table_name: str) -> tuple[str, ...]:
    """Names of the fields of a table, as the schema package has methods for them."""
    import tflite

    methods = [name for name in vars(getattr(tflite, table_name)) if name[0].isupper()]
    others = {"Init", *(f"{name}{end}" for name in methods for end in ("Length", "AsNumpy", "IsNone"))}
    return tuple(
        name
        for name in methods
        if name not in others and not name.startswith("GetRootAs") and not name.endswith("BufferHasIdentifier")
    )
