"""What stands in a TFLite file: its operators with their options, its tensors and the constants among them.

The one reader of the flatbuffer, bounded by the size of the file; whatever comes after works on checked numbers. A file
may be damaged or hostile: vectors that claim billions of entries, tables that share one vector a million times,
constants that lie past its end.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.model_files.kinds import check_tflite_file
from edgedigits.core.tflite.options import options_of
from edgedigits.core.tflite.schema import CURRENT

ITEM_BYTES = {"INT8": 1, "UINT8": 1, "BOOL": 1, "INT16": 2, "FLOAT16": 2, "INT32": 4, "FLOAT32": 4, "INT64": 8}
"""Size of an element by TFLite's name of the type."""

_VALUES = {
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FLOAT16": np.float16,
    "FLOAT32": np.float32,
}
"""Types of weights, biases, shapes and axes, whose values are read."""

LEFT_OUT = -1
_DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, KeyError, OverflowError)


@dataclass(frozen=True)
class OperatorVersion:
    """One kind of operator of a model.

    Attributes:
        name: TFLite's.
        version: that the model asks for.
        count: how often it occurs.
        custom: what a ``CUSTOM`` operator is called; text from the model, which may be anyone's.
    """

    name: str
    version: int
    count: int
    custom: str = ""


@dataclass(frozen=True)
class Tensor:
    """A tensor of the model's only subgraph.

    Attributes:
        name: text from the model, which may be anyone's.
        type: TFLite's name: ``INT8``, ``INT32``, ``FLOAT32``...
        shape: as TFLite has it, the batch included.
        scales: none, one, or one for each channel.
        zero_points: likewise.
        axis: which axis the channels of the scales are.
        constant: whether its values stand in the file.
        plain: neither a variable nor sparse.
        data: the values of a constant of int8, int32, int64, float16 or float32, of the tensor's shape; else None, also
            where a sparse one leaves values out.
        free_axes: whose length the file leaves open; the shape then says 1.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int
    constant: bool
    plain: bool
    data: NDArray[Any] | None = field(compare=False, repr=False)
    free_axes: tuple[int, ...] = ()


@dataclass(frozen=True)
class OperatorCall:
    """One operator where it stands in the model.

    Attributes:
        name: TFLite's name.
        inputs: its tensors by their place in the file; :data:`LEFT_OUT` is one that it can do without, such as a bias.
        outputs: likewise.
        options_table: TFLite's name of the table that the options stand in; empty without one.
        options: numbers, and vectors of numbers as tuples, by their names there.
        place: its number among the operators of the file; None of one that no file has.
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options_table: str
    options: Mapping[str, Any] = field(hash=False)
    place: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class TfliteFile:
    """What stands in a file.

    Attributes:
        operators: in order of first use, those of all subgraphs.
        nodes: of the first subgraph, as they run.
        tensors: of the first subgraph.
        input_places: where its inputs are among these.
        output_places: likewise.
        input_names: of the inputs, as a signature of the model calls them, or the tensors' own; text from the model,
            which may be anyone's.
        output_names: likewise.
        schema: number of TFLite's schema that the file names.
        subgraphs: how many there are.
    """

    operators: tuple[OperatorVersion, ...]
    nodes: tuple[OperatorCall, ...]
    tensors: tuple[Tensor, ...]
    input_places: tuple[int, ...]
    output_places: tuple[int, ...]
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    schema: int = CURRENT
    subgraphs: int = 1

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


def read_tflite(path: Path, most: int | None = None, *, subgraphs: bool = False) -> TfliteFile:
    """Read a ``.tflite`` file with the schema package ``tflite``.

    Files that name an older version of the schema than 3 are read where their constants stand as in version 3.

    Args:
        path: of the file.
        most: tensors, operators and buffers that it may have at most; its bytes bound them, too.
        subgraphs: take a model of several, of which all but the first are only asked for their operators.

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
        found = _read(Model.GetRootAs(data, 0), _Budget(len(data)), most)
    except _DAMAGE as error:
        said = f" ({error})" if type(error) is ValueError else ""  # ours; others' tell of Python
        raise EdgedigitsError(f"{path} is cut short or damaged{said}", "copy it again, or make it again") from error
    if found.subgraphs > 1 and not subgraphs:
        raise EdgedigitsError(
            f"{path} has {found.subgraphs} subgraphs, as models with conditions, loops or variables have",
            "build the network without them",
        )
    return found


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


def _read(model: Any, budget: _Budget, most: int | None) -> TfliteFile:
    from tflite import BuiltinOperator, TensorType

    names = {value: name for name, value in vars(BuiltinOperator).items() if not name.startswith("_")}
    types = {value: name for name, value in vars(TensorType).items() if not name.startswith("_")}
    if not model.SubgraphsLength():
        raise ValueError("no subgraph where one is expected")
    graph = model.Subgraphs(0)
    if most is not None and max(graph.TensorsLength(), graph.OperatorsLength(), model.BuffersLength()) > most:
        raise ValueError(f"more than {most} tensors or operators")
    tensors = [_tensor(model, graph.Tensors(i), types, budget) for i in budget.take(graph.TensorsLength())]
    used: Counter[tuple[str, int, str]] = Counter()
    nodes = []
    for position in budget.take(graph.OperatorsLength()):
        operator = graph.Operators(position)
        kind = _kind(model, operator, names, budget)
        used[kind] += 1
        nodes.append(_node(kind[0], position, operator, len(tensors), budget))
    for number in list(budget.take(model.SubgraphsLength()))[1:]:
        other = model.Subgraphs(number)
        used.update(_kind(model, other.Operators(i), names, budget) for i in budget.take(other.OperatorsLength()))
    inputs = [_place(int(graph.Inputs(i)), len(tensors)) for i in budget.take(graph.InputsLength())]
    outputs = [_place(int(graph.Outputs(i)), len(tensors)) for i in budget.take(graph.OutputsLength())]
    called = _end_names(model, tensors, inputs, outputs, budget)
    return TfliteFile(
        tuple(OperatorVersion(name, version, count, custom) for (name, version, custom), count in used.items()),
        tuple(nodes),
        tuple(tensors),
        tuple(inputs),
        tuple(outputs),
        tuple(called[0]),
        tuple(called[1]),
        model.Version(),
        model.SubgraphsLength(),
    )


def _end_names(
    model: Any, tensors: list[Tensor], inputs: list[int], outputs: list[int], budget: _Budget
) -> tuple[list[str], list[str]]:
    """What a signature of the first subgraph calls inputs and outputs; their tensors' names where it does not."""
    signed: tuple[dict[int, list[str]], dict[int, list[str]]] = ({}, {})
    signatures = (model.SignatureDefs(i) for i in budget.take(model.SignatureDefsLength()))
    signature = next((one for one in signatures if one.SubgraphIndex() == 0), None)
    if signature is not None:
        for named, entry, count in (
            (signed[0], signature.Inputs, signature.InputsLength()),
            (signed[1], signature.Outputs, signature.OutputsLength()),
        ):
            for one in map(entry, budget.take(count)):
                text = one.Name() or b""
                budget.take(len(text))
                named.setdefault(int(one.TensorIndex()), []).append(text.decode())
    sides = zip((inputs, outputs), signed, strict=True)
    first, second = ([_next_name(named, place, tensors) for place in places] for places, named in sides)
    return first, second


def _next_name(named: dict[int, list[str]], place: int, tensors: list[Tensor]) -> str:
    """The name of a tensor that is not given away yet: a signature may call one by several."""
    names = named.get(place)
    return names.pop(0) if names else tensors[place].name


def _kind(model: Any, operator: Any, names: dict[int, str], budget: _Budget) -> tuple[str, int, str]:
    """Name, version and, of a custom operator, its own name."""
    index = operator.OpcodeIndex()
    if index >= model.OperatorCodesLength():
        raise ValueError(f"operator code {index} does not exist")
    code = model.OperatorCodes(index)
    name = names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    custom = (code.CustomCode() or b"") if name == "CUSTOM" else b""
    budget.take(len(custom))
    return name, code.Version(), custom.decode()


def _node(name: str, position: int, operator: Any, tensors: int, budget: _Budget) -> OperatorCall:
    inputs = [int(operator.Inputs(i)) for i in budget.take(operator.InputsLength())]
    outputs = [int(operator.Outputs(i)) for i in budget.take(operator.OutputsLength())]
    return OperatorCall(
        name,
        tuple(index if index == LEFT_OUT else _place(index, tensors) for index in inputs),
        tuple(_place(index, tensors) for index in outputs),
        *options_of(operator, budget.take),
        position,
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
    lengths = [int(tensor.ShapeSignature(i)) for i in budget.take(tensor.ShapeSignatureLength())]
    if tensor.Buffer() >= model.BuffersLength():
        raise ValueError("a tensor has no buffer")
    buffer = model.Buffers(tensor.Buffer())
    kind = types[tensor.Type()]
    sparse = tensor.Sparsity() is not None
    return Tensor(
        name.decode(),
        kind,
        shape,
        scales,
        zero_points,
        0 if quantization is None else quantization.QuantizedDimension(),
        buffer.DataLength() > 0,
        not tensor.IsVariable() and not sparse,
        _values(buffer, kind, shape, sparse),
        tuple(axis for axis, length in enumerate(lengths[: len(shape)]) if length < 0),
    )


def _values(buffer: Any, kind: str, shape: tuple[int, ...], sparse: bool) -> NDArray[Any] | None:
    """The values of a constant where they can be read.

    Raises ValueError unless they all stand in the file and are as many as the shape asks for; what is sparse leaves out
    some.
    """
    length = buffer.DataLength()
    if not length or kind not in ITEM_BYTES:
        return None
    fits = min(shape, default=1) >= 0 and length == math.prod(shape) * ITEM_BYTES[kind]
    if sparse and not fits:
        return None
    buffer.Data(length - 1)
    if not fits:
        raise ValueError(f"a constant of {math.prod(shape):,} numbers has {length:,} bytes")
    if kind not in _VALUES:
        return None
    return np.frombuffer(buffer.DataAsNumpy(), np.dtype(_VALUES[kind]).newbyteorder("<")).reshape(shape)
