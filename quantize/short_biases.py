"""Biases of few bits: the C of ``edgedigits export`` holds them in one byte each, or two, times a power of two.

TFLite's biases are int32 numbers of the scale of a layer's sums, far finer than what becomes of them: a step of a
layer's output is hundreds of theirs. Where a byte times a power of two changes no output by more than a step, biases
become such multiples; elsewhere multiples that 16 bits hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

MOST_STEPS = 1.0
"""Of a layer's output: what rounding its biases to bytes may change. With it, of 20,000 training digits the shipped
``nano``, ``small`` and ``base`` read 1 fewer, 1 fewer and 1 more."""

_BYTE, _SHORT = 2**7 - 1, 2**15 - 1
_OPERATORS = schema.BuiltinOperator
_WEIGHTED = (_OPERATORS.CONV_2D, _OPERATORS.DEPTHWISE_CONV_2D, _OPERATORS.FULLY_CONNECTED)


def with_short_biases(content: bytes) -> bytes:
    """A full int8 model with biases of few bits.

    Args:
        content: of a ``.tflite`` file; a bias that several layers share stays as it is.
    """
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    for graph in model.subgraphs:
        for operator, bias in _biased(model, graph):
            buffer = model.buffers[bias.buffer]
            biases = np.frombuffer(bytes(buffer.data), "<i4").astype(np.int64)
            made = rounded(biases, _steps(graph, operator))
            buffer.data = np.frombuffer(made.astype("<i4").tobytes(), np.uint8)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def rounded(biases: NDArray[np.int64], steps: NDArray[np.float64]) -> NDArray[np.int64]:
    """The nearest biases, int64 of the same shape, that few bits times a power of two hold.

    Args:
        biases: int64 of shape (channels,).
        steps: of the output in a bias of 1, float64 of shape (channels,) or (1,).
    """
    made = _multiples(biases, _BYTE)
    if np.abs((made - biases) * steps).max(initial=0.0) > MOST_STEPS:
        made = _multiples(biases, _SHORT)
    return made


def _multiples(biases: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """The nearest multiples of the lowest power of two of which they are ``most`` at most."""
    unit = 1
    made = biases
    while np.abs(made).max(initial=0) > most:
        unit *= 2
        made = np.rint(biases / unit).astype(np.int64)
    multiples: NDArray[np.int64] = made * unit
    return multiples


def _biased(model: Any, graph: Any) -> Iterator[tuple[Any, Any]]:
    """Each layer with weights and an int32 bias of its own, and the bias."""
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    found = [
        (operator, graph.tensors[operator.inputs[2]])
        for operator in graph.operators
        if codes[operator.opcodeIndex] in _WEIGHTED and len(operator.inputs) > 2 and operator.inputs[2] >= 0
    ]
    buffers = [bias.buffer for _, bias in found]
    for operator, bias in found:
        alone = buffers.count(bias.buffer) == 1 and model.buffers[bias.buffer].data is not None
        if bias.type == schema.TensorType.INT32 and alone:
            yield operator, bias


def _steps(graph: Any, operator: Any) -> NDArray[np.float64]:
    """Steps of a layer's output in a bias of 1, float64 of shape (channels,) or (1,)."""
    source, weights, output = (graph.tensors[place] for place in (*operator.inputs[:2], operator.outputs[0]))
    scale = float(source.quantization.scale[0]) / float(output.quantization.scale[0])
    steps: NDArray[np.float64] = np.asarray(weights.quantization.scale, np.float64) * scale
    return steps
