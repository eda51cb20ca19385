"""What stands in a TFLite file: its operators, their versions and its tensors' types."""

from __future__ import annotations

import math
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.model_files import check_tflite_file

ITEM_BYTES = {"INT8": 1, "UINT8": 1, "BOOL": 1, "INT16": 2, "FLOAT16": 2, "INT32": 4, "FLOAT32": 4, "INT64": 8}
"""Size of an element by TFLite's name of the type."""

LEFT_OUT = -1
_DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, KeyError, OverflowError)


@dataclass(frozen=True)
class OperatorVersion:
    """One kind of operator of a model: TFLite's name, the version the model asks for, how often it occurs."""

    name: str
    version: int
    count: int


@dataclass(frozen=True)
class Tensor:
    """A tensor of the model's only subgraph: name, type (``INT8``, ``INT32``, ``FLOAT32``…), shape, scales.

    ``constant`` says whether its values stand in the file.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    constant: bool


@dataclass(frozen=True)
class OperatorCall:
    """One operator where it stands in the model: TFLite's name, and its tensors by their place in the file.

    An input of :data:`LEFT_OUT` is one that the operator can do without, such as a bias.
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class TfliteFile:
    """Operators in order of first use, nodes as they run, all tensors, and where inputs and outputs are among them."""

    operators: tuple[OperatorVersion, ...]
    nodes: tuple[OperatorCall, ...]
    tensors: tuple[Tensor, ...]
    input_places: tuple[int, ...]
    output_places: tuple[int, ...]

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors that the model takes."""
        return tuple(self.tensors[place] for place in self.input_places)

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The tensors that the model gives."""
        return tuple(self.tensors[place] for place in self.output_places)

    @property
    def is_full_int8(self) -> bool:
        """Whether nothing but int8, with biases and shapes of int32, stands in it."""
        return {tensor.type for tensor in self.tensors} <= {"INT8", "INT32"}


def read_tflite(path: Path) -> TfliteFile:
    """Read the structure of a ``.tflite`` file with the schema package ``tflite``.

    Raises:
        EdgedigitsError: not a TFLite file, damaged, or of several subgraphs; or the schema package is missing.
    """
    try:
        from tflite import Model
    except ImportError as error:
        raise EdgedigitsError("the package `tflite` is missing", 'pip install "edgedigits[train]"') from error
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check the path") from error
    check_tflite_file(path)
    try:
        return _read(Model.GetRootAs(data, 0), _Budget(len(data)))
    except _DAMAGE as error:
        raise EdgedigitsError(f"{path} is cut short or damaged ({error})", "copy it again, or make it again") from error


class _Budget:
    """Bounds the entries read from one file by its bytes: a damaged file may claim billions of them."""

    def __init__(self, entries: int) -> None:
        self._left = entries

    def take(self, entries: int) -> range:
        """``range(entries)``; ValueError once all vectors together claim more entries than the file has bytes."""
        self._left -= entries
        if self._left < 0:
            raise ValueError("it claims to hold more than its size")
        return range(entries)


def _read(model: Any, budget: _Budget) -> TfliteFile:
    from tflite import BuiltinOperator, TensorType

    names = {value: name for name, value in vars(BuiltinOperator).items() if not name.startswith("_")}
    types = {value: name for name, value in vars(TensorType).items() if not name.startswith("_")}
    if model.SubgraphsLength() != 1:
        raise ValueError(f"{model.SubgraphsLength()} subgraphs where one is expected")
    graph = model.Subgraphs(0)
    tensors = []
    for position in budget.take(graph.TensorsLength()):
        tensor = graph.Tensors(position)
        tensors.append(_tensor(model, tensor, types, budget))
        _check_constant(model, tensor, tensors[-1])
    used: Counter[tuple[str, int]] = Counter()
    nodes = []
    for position in budget.take(graph.OperatorsLength()):
        operator = graph.Operators(position)
        index = operator.OpcodeIndex()
        if index >= model.OperatorCodesLength():
            raise ValueError(f"operator {position} has no code")
        code = model.OperatorCodes(index)
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        used[(names[number], code.Version())] += 1
        nodes.append(_node(names[number], operator, len(tensors), budget))
    return TfliteFile(
        tuple(OperatorVersion(name, version, count) for (name, version), count in used.items()),
        tuple(nodes),
        tuple(tensors),
        tuple(_place(int(graph.Inputs(i)), len(tensors)) for i in budget.take(graph.InputsLength())),
        tuple(_place(int(graph.Outputs(i)), len(tensors)) for i in budget.take(graph.OutputsLength())),
    )


def _node(name: str, operator: Any, tensors: int, budget: _Budget) -> OperatorCall:
    inputs = [int(operator.Inputs(i)) for i in budget.take(operator.InputsLength())]
    outputs = [int(operator.Outputs(i)) for i in budget.take(operator.OutputsLength())]
    return OperatorCall(
        name,
        tuple(index if index == LEFT_OUT else _place(index, tensors) for index in inputs),
        tuple(_place(index, tensors) for index in outputs),
    )


def _place(index: int, tensors: int) -> int:
    if not 0 <= index < tensors:
        raise IndexError(f"tensor {index} does not exist")
    return index


def _tensor(model: Any, tensor: Any, types: dict[int, str], budget: _Budget) -> Tensor:
    quantization = tensor.Quantization()
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    if quantization is not None:
        scales = tuple(float(quantization.Scale(i)) for i in budget.take(quantization.ScaleLength()))
        zero_points = tuple(int(quantization.ZeroPoint(i)) for i in budget.take(quantization.ZeroPointLength()))
    name = tensor.Name() or b""
    budget.take(len(name))
    shape = tuple(int(tensor.Shape(i)) for i in budget.take(tensor.ShapeLength()))
    if tensor.Buffer() >= model.BuffersLength():
        raise ValueError("a tensor has no buffer")
    constant = model.Buffers(tensor.Buffer()).DataLength() > 0
    return Tensor(name.decode(), types[tensor.Type()], shape, scales, zero_points, constant)


def _check_constant(model: Any, tensor: Any, read: Tensor) -> None:
    """Raise ValueError unless a constant's bytes all stand in the file and are as many as its shape asks for."""
    buffer = model.Buffers(tensor.Buffer())
    length = buffer.DataLength()
    if not length or tensor.Sparsity() is not None or read.type not in ITEM_BYTES:
        return
    buffer.Data(length - 1)
    if length != math.prod(read.shape) * ITEM_BYTES[read.type]:
        raise ValueError(f"a constant of {math.prod(read.shape):,} numbers has {length:,} bytes")
