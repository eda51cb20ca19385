"""What TFLite's reference kernels make of digits and of any input: what an exported model is held against.

Where they are known to compute a layer wrong, it is what they make of it in the shape in which they compute it right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import card_of
from edgedigits.core.contract.contract import InputContract
from edgedigits.core.files import sha256_of
from edgedigits.core.tflite.digit_model import DigitModel, check_in_a_child, interpreter_of
from edgedigits.core.tflite.runtime import Refused, runtime
from edgedigits.firmware_export.graph.evaluation import evaluate
from edgedigits.firmware_export.graph.model import Graph, Value
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.proof.tensors import TYPES, as_steps, joined, outside, own_types, parted, step_rows

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
        graph = read_graph(model)
        trusted = self.digits.runtime.name == REFERENCE_RUNTIME and graph.reference_computes
        self._graph = None if trusted else graph

    def steps(self, images: NDArray[np.uint8], end: Value) -> NDArray[np.int8]:
        """What the exported C gives for each image: the outputs as int8, of a uint8 or float output made so.

        Args:
            images: uint8 of shape (count, 28, 28).
            end: the graph's output.
        """
        return as_steps(self.outputs(images), end)

    def outputs(self, images: NDArray[np.uint8], progress: Callable[[int], object] | None = None) -> NDArray[Any]:
        """The model's output for each image: see ``DigitModel.raw``."""
        if self._graph is None:
            return self.digits.raw(images, progress)
        made = []
        for number, given in enumerate(self.digits.inputs(images), start=1):
            made.append(evaluate(self._graph, as_steps(given, self._graph.values[self._graph.input])).ravel())
            if progress:
                progress(number)
        return outside(np.array(made, np.int8), self._graph.values[self._graph.output], self.digits.output_type)


class TensorReference:
    """TFLite 2.14's reference kernels on any model: the runtime's where it has them, else the same with NumPy.

    Attributes:
        kernels: what computes the outputs, for people.
    """

    def __init__(self, model: Path, graph: Graph) -> None:
        """Load a model; one without a card is run once in a process of its own first.

        Args:
            model: a ``.tflite`` file.
            graph: of it.

        Raises:
            EdgedigitsError: the file crashes the runtime or takes too long.
        """
        self._graph = graph
        self._interpreter = None
        on = runtime()
        self.kernels = f"the formulas of TFLite 2.14's reference kernels in NumPy, beside {on}"
        if on.name != REFERENCE_RUNTIME:
            return
        if not graph.reference_computes:
            self.kernels = (
                f"the formulas of TFLite 2.14's reference kernels in NumPy: those of {on} mistake a dense layer"
            )
            return
        try:
            if card_of(model) is None:
                check_in_a_child(model, sha256_of(model))
            self._interpreter = interpreter_of(model, on, 1, "BUILTIN_REF")
            self.kernels = f"the reference kernels of {on}"
        except Refused as error:
            self.kernels = f"the formulas of TFLite 2.14's reference kernels in NumPy: {on} refuses it ({error.reason})"

    def outputs(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """What the model makes of each input.

        Args:
            inputs: of the inputs' types and shapes, as ``proof.tensors`` has them.

        Returns:
            Of the outputs' types, flat, as there.
        """
        graph = self._graph
        if self._interpreter is None:
            given = step_rows(graph.inputs, inputs, graph.values)
            steps = [evaluate(graph, one).ravel() for one in given]
            return own_types(graph.outputs, np.array(steps), graph.values)
        made = [self._run(parts) for parts in zip(*parted(graph.inputs, inputs), strict=True)]
        arrays = [
            np.array(found, TYPES[tensor.type])
            for tensor, found in zip(graph.outputs, zip(*made, strict=True), strict=True)
        ]
        return joined(graph.outputs, arrays)

    def _run(self, parts: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """All outputs of one inference, each flat."""
        interpreter: Any = self._interpreter
        for given, part in zip(interpreter.get_input_details(), parts, strict=True):
            interpreter.set_tensor(given["index"], part.reshape(given["shape"]))
        interpreter.invoke()
        return [interpreter.get_tensor(made["index"]).ravel() for made in interpreter.get_output_details()]

    def steps(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """The same as the int8 or int16 outputs that the exported C gives, shape (count, numbers of all outputs)."""
        return step_rows(self._graph.outputs, self.outputs(inputs), self._graph.values)
