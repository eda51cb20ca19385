"""What TFLite's reference kernels make of digits: what an exported model is held against."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.contract.contract import InputContract
from edgedigits.core.digit import dequantize, quantize
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.firmware_export.graph.evaluation import evaluate
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.reader import read_graph

REFERENCE_RUNTIME = "tflite-runtime"
"""Its ``BUILTIN_REF`` rounds as TensorFlow Lite Micro does. That of LiteRT rounds the sums of FULLY_CONNECTED once
instead of twice, which changes about one output in a thousand by a step."""


class ReferenceKernels:
    """TFLite 2.14's reference kernels on a digit model: the runtime's where it has them, else the same with NumPy.

    Where input or output of the model are no int8, its outermost operators turn them into int8 and back.

    Attributes:
        digits: the model, for what goes in and comes out.
    """

    def __init__(self, model: Path, contract: InputContract | None = None) -> None:
        """Load a model.

        Args:
            model: a ``.tflite`` file.
            contract: of the model; None takes what ``DigitModel`` finds.

        Raises:
            EdgedigitsError: as ``DigitModel``, and where LiteRT is the runtime as ``read_graph``.
        """
        self.digits = DigitModel(model, reference=True, contract=contract)
        self._graph = None if self.digits.runtime.name == REFERENCE_RUNTIME else read_graph(model)

    def steps(self, images: NDArray[np.uint8], end: Value) -> NDArray[np.int8]:
        """What the exported C gives for each image: the outputs as int8, of a uint8 or float output made so.

        Args:
            images: uint8 of shape (count, 28, 28).
            end: the graph's output.
        """
        return _int8(self.outputs(images), end)

    def outputs(self, images: NDArray[np.uint8], progress: Callable[[int], object] | None = None) -> NDArray[Any]:
        """The model's output for each image: see ``DigitModel.raw``."""
        if self._graph is None:
            return self.digits.raw(images, progress)
        made = []
        for number, given in enumerate(self.digits.inputs(images), start=1):
            made.append(evaluate(self._graph, _int8(given, self._graph.values[self._graph.input])).ravel())
            if progress:
                progress(number)
        return _outside(np.array(made, np.int8), self._graph.values[self._graph.output], self.digits.output_type)


def _int8(given: NDArray[Any], inside: Value) -> NDArray[np.int8]:
    """A model's input or output, of its own type, as the int8 value within that it becomes or came from."""
    if given.dtype == np.uint8:
        return (given.astype(np.int16) - 128).astype(np.int8)
    return quantize(given, inside.scale, inside.zero_point) if given.dtype == np.float32 else given


def _outside(made: NDArray[np.int8], inside: Value, kind: type[Any]) -> NDArray[Any]:
    """What DEQUANTIZE or QUANTIZE at a model's output makes of int8."""
    if kind is np.uint8:
        return (made.astype(np.int16) + 128).astype(np.uint8)
    return dequantize(made, inside.scale, inside.zero_point) if kind is np.float32 else made
