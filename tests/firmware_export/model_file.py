"""The bytes of a TFLite file from plain tables, written with ``flatbuffers`` and the schema package ``tflite``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite
from numpy.typing import NDArray

_TYPES = {
    np.dtype(np.float32): 0,
    np.dtype(np.float16): 1,
    np.dtype(np.int32): 2,
    np.dtype(np.uint8): 3,
    np.dtype(np.int64): 4,
    np.dtype(np.int16): 7,
    np.dtype(np.int8): 9,
}


@dataclass
class BuiltTensor:
    """A tensor as it will stand in the file; every field may be changed until ``build``.

    ``signature`` is the shape with -1 for what is free.
    """

    shape: tuple[int, ...]
    dtype: Any = np.int8
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    axis: int = 0
    data: NDArray[Any] | None = None
    name: bytes = b""
    signature: tuple[int, ...] = ()


@dataclass
class BuiltOperator:
    """An operator as it will stand in the file; ``options`` are the fields of its table, by the schema's names."""

    code: int
    version: int
    inputs: list[int]
    outputs: list[int]
    table: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


Signature = tuple[Mapping[str, int], Mapping[str, int]]
"""What a signature calls the tensors that are inputs, and those that are outputs."""


def file_bytes(
    tensors: Sequence[BuiltTensor],
    operators: Sequence[BuiltOperator],
    inputs: Sequence[int],
    outputs: Sequence[int],
    signature: Signature | None = None,
) -> bytes:
    """The whole file of one subgraph."""
    return _Writer().write(tensors, operators, inputs, outputs, signature)


class _Writer:
    """Lays the tables of one model into a flatbuffer."""

    def __init__(self) -> None:
        self._out = flatbuffers.Builder(1 << 16)

    def write(
        self,
        tensors_built: Sequence[BuiltTensor],
        operators_built: Sequence[BuiltOperator],
        inputs_given: Sequence[int],
        outputs_given: Sequence[int],
        signature: Signature | None,
    ) -> bytes:
        out = self._out
        signed = self._offsets([self._signature(signature)]) if signature else None
        buffers = self._tables([None, *(tensor.data for tensor in tensors_built)], self._buffer)
        kinds = sorted({(operator.code, operator.version) for operator in operators_built})
        codes = self._tables(kinds, self._code)
        tensors = self._tables(list(enumerate(tensors_built, start=1)), self._tensor)
        operators = self._tables([(kinds, operator) for operator in operators_built], self._operator)
        inputs, results = self._int32(inputs_given), self._int32(outputs_given)
        tflite.SubGraphStart(out)
        tflite.SubGraphAddTensors(out, tensors)
        tflite.SubGraphAddInputs(out, inputs)
        tflite.SubGraphAddOutputs(out, results)
        tflite.SubGraphAddOperators(out, operators)
        graphs = self._offsets([tflite.SubGraphEnd(out)])
        tflite.ModelStart(out)
        tflite.ModelAddVersion(out, 3)
        tflite.ModelAddOperatorCodes(out, codes)
        tflite.ModelAddSubgraphs(out, graphs)
        tflite.ModelAddBuffers(out, buffers)
        if signed is not None:
            tflite.ModelAddSignatureDefs(out, signed)
        out.Finish(tflite.ModelEnd(out), b"TFL3")
        return bytes(out.Output())

    def _signature(self, signature: Signature) -> int:
        inputs, outputs = (self._tables(list(names.items()), self._named) for names in signature)
        key = self._out.CreateString(b"serving_default")
        tflite.SignatureDefStart(self._out)
        tflite.SignatureDefAddInputs(self._out, inputs)
        tflite.SignatureDefAddOutputs(self._out, outputs)
        tflite.SignatureDefAddSignatureKey(self._out, key)
        return int(tflite.SignatureDefEnd(self._out))

    def _named(self, pair: tuple[str, int]) -> int:
        name = self._out.CreateString(pair[0].encode())
        tflite.TensorMapStart(self._out)
        tflite.TensorMapAddName(self._out, name)
        tflite.TensorMapAddTensorIndex(self._out, pair[1])
        return int(tflite.TensorMapEnd(self._out))

    def _tables(self, items: Sequence[Any], write: Callable[[Any], int]) -> int:
        return self._offsets([write(item) for item in items])

    def _offsets(self, offsets: list[int]) -> int:
        self._out.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self._out.PrependUOffsetTRelative(offset)
        return int(self._out.EndVector())

    def _int32(self, values: Sequence[int]) -> int:
        return int(self._out.CreateNumpyVector(np.array(values, np.int32)))

    def _buffer(self, data: NDArray[Any] | None) -> int:
        content = None
        if data is not None:
            # TFLite reads constants in place: they want the alignment that its converter gives them.
            raw = np.ascontiguousarray(data).tobytes()
            self._out.StartVector(1, len(raw), 16)
            self._out.head -= len(raw)
            self._out.Bytes[self._out.head : self._out.head + len(raw)] = raw
            content = self._out.EndVector()
        tflite.BufferStart(self._out)
        if content is not None:
            tflite.BufferAddData(self._out, content)
        return int(tflite.BufferEnd(self._out))

    def _code(self, kind: tuple[int, int]) -> int:
        tflite.OperatorCodeStart(self._out)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(self._out, min(kind[0], 127))
        tflite.OperatorCodeAddBuiltinCode(self._out, kind[0])
        tflite.OperatorCodeAddVersion(self._out, kind[1])
        return int(tflite.OperatorCodeEnd(self._out))

    def _tensor(self, numbered: tuple[int, BuiltTensor]) -> int:
        number, tensor = numbered
        out = self._out
        shape, name = self._int32(tensor.shape), out.CreateString(tensor.name)
        signature = self._int32(tensor.signature) if tensor.signature else None
        quantization = self._quantization(tensor) if tensor.scales else None
        tflite.TensorStart(out)
        tflite.TensorAddShape(out, shape)
        tflite.TensorAddType(out, _TYPES[np.dtype(tensor.dtype)])
        tflite.TensorAddBuffer(out, number)
        tflite.TensorAddName(out, name)
        if signature is not None:
            tflite.TensorAddShapeSignature(out, signature)
        if quantization is not None:
            tflite.TensorAddQuantization(out, quantization)
        return int(tflite.TensorEnd(out))

    def _quantization(self, tensor: BuiltTensor) -> int:
        out = self._out
        scales = out.CreateNumpyVector(np.array(tensor.scales, np.float32))
        zero_points = out.CreateNumpyVector(np.array(tensor.zero_points, np.int64))
        tflite.QuantizationParametersStart(out)
        tflite.QuantizationParametersAddScale(out, scales)
        tflite.QuantizationParametersAddZeroPoint(out, zero_points)
        tflite.QuantizationParametersAddQuantizedDimension(out, tensor.axis)
        return int(tflite.QuantizationParametersEnd(out))

    def _operator(self, item: tuple[list[tuple[int, int]], BuiltOperator]) -> int:
        kinds, operator = item
        out = self._out
        inputs, outputs = self._int32(operator.inputs), self._int32(operator.outputs)
        options = self._options(operator) if operator.table else None
        tflite.OperatorStart(out)
        tflite.OperatorAddOpcodeIndex(out, kinds.index((operator.code, operator.version)))
        tflite.OperatorAddInputs(out, inputs)
        tflite.OperatorAddOutputs(out, outputs)
        if operator.table is not None and options is not None:
            tflite.OperatorAddBuiltinOptionsType(out, getattr(tflite.BuiltinOptions, operator.table))
            tflite.OperatorAddBuiltinOptions(out, options)
        return int(tflite.OperatorEnd(out))

    def _options(self, operator: BuiltOperator) -> int:
        out = self._out
        fields = {
            name: self._int32(value) if isinstance(value, list) else value for name, value in operator.options.items()
        }
        getattr(tflite, f"{operator.table}Start")(out)
        for name, value in fields.items():
            getattr(tflite, f"{operator.table}Add{name}")(out, value)
        return int(getattr(tflite, f"{operator.table}End")(out))
