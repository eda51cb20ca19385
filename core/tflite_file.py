"""What stands in a TFLite file: its operators, their versions and its tensors' types."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError


@dataclass(frozen=True)
class Operator:
    """One kind of operator of a model: TFLite's name, the version the model asks for, how often it occurs."""

    name: str
    version: int
    count: int


@dataclass(frozen=True)
class Tensor:
    """A tensor of the model's only subgraph: name, type (``INT8``, ``INT32``, ``FLOAT32``…), shape, scales."""

    name: str
    type: str
    shape: tuple[int, ...]
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]


@dataclass(frozen=True)
class TfliteFile:
    """Operators in order of first use, all tensors, and which of them are the model's inputs and outputs."""

    operators: tuple[Operator, ...]
    tensors: tuple[Tensor, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def read_tflite(path: Path) -> TfliteFile:
    """Read the structure of a ``.tflite`` file with the schema package ``tflite``.

    Raises:
        EdgedigitsError: not a TFLite file, damaged, or of several subgraphs; or the schema package is missing.
    """
    try:
        from tflite import Model
    except ImportError as error:
        raise EdgedigitsError("the package `tflite` is missing", 'pip install "edgedigits[train]"') from error
    data = path.read_bytes()
    if data[4:8] != b"TFL3":
        raise EdgedigitsError(f"{path} is not a TFLite model", "give a .tflite file")
    try:
        return _read(Model.GetRootAs(data, 0))
    except (struct.error, IndexError, ValueError, TypeError, AttributeError, KeyError, UnicodeDecodeError) as error:
        raise EdgedigitsError(f"{path} is cut short or damaged ({error})", "copy it again, or make it again") from error


def _read(model: object) -> TfliteFile:
    from tflite import BuiltinOperator, TensorType

    names = {value: name for name, value in vars(BuiltinOperator).items() if not name.startswith("_")}
    types = {value: name for name, value in vars(TensorType).items() if not name.startswith("_")}
    if model.SubgraphsLength() != 1:  # type: ignore[attr-defined]
        raise ValueError(f"{model.SubgraphsLength()} subgraphs where one is expected")  # type: ignore[attr-defined]
    graph = model.Subgraphs(0)  # type: ignore[attr-defined]
    tensors = tuple(_tensor(graph.Tensors(i), types) for i in range(graph.TensorsLength()))
    used: Counter[tuple[str, int]] = Counter()
    for position in range(graph.OperatorsLength()):
        code = model.OperatorCodes(graph.Operators(position).OpcodeIndex())  # type: ignore[attr-defined]
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        used[(names[number], code.Version())] += 1
    return TfliteFile(
        tuple(Operator(name, version, count) for (name, version), count in used.items()),
        tensors,
        tuple(tensors[graph.Inputs(i)] for i in range(graph.InputsLength())),
        tuple(tensors[graph.Outputs(i)] for i in range(graph.OutputsLength())),
    )


def _tensor(tensor: object, types: dict[int, str]) -> Tensor:
    quantization = tensor.Quantization()  # type: ignore[attr-defined]
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    if quantization is not None:
        scales = tuple(float(quantization.Scale(i)) for i in range(quantization.ScaleLength()))
        zero_points = tuple(int(quantization.ZeroPoint(i)) for i in range(quantization.ZeroPointLength()))
    return Tensor(
        (tensor.Name() or b"").decode(),  # type: ignore[attr-defined]
        types[tensor.Type()],  # type: ignore[attr-defined]
        tuple(int(tensor.Shape(i)) for i in range(tensor.ShapeLength())),  # type: ignore[attr-defined]
        scales,
        zero_points,
    )
