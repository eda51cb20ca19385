"""Lines to prove a line network's firmware on, and what TFLite's reference kernels and greedy decoding make of them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES, quantize
from edgedigits.core.lines.decoding import greedy
from edgedigits.core.lines.shapes import LINE_CLASSES
from edgedigits.core.lines.strip import HEIGHT
from edgedigits.core.tflite.runtime import runtime
from edgedigits.firmware_export.graph.evaluation import evaluate
from edgedigits.firmware_export.graph.model import Graph
from edgedigits.firmware_export.proof.drawn import drawn_digits
from edgedigits.firmware_export.proof.reference import REFERENCE_RUNTIME

_DRAWN = 100
_SEED = 12
_NARROWEST, _WIDEST_GAP = -2, 9
"""Columns between the ink of neighbours: they touch, or stand apart."""


def drawn_lines(count: int, width: int) -> NDArray[np.uint8]:
    """Strips of lines of digits drawn by code, the same bytes on every machine; the last of ten is empty.

    Returns:
        uint8 of shape (count, 32, width), ink bright on a dark ground.
    """
    dice = random.Random(_SEED)  # of which `random()` alone gives the same numbers in every version of Python
    digits = [_cropped(image) for image in drawn_digits(_DRAWN)]
    strips = np.zeros((count, HEIGHT, width), np.uint8)
    for number, strip in enumerate(strips, start=1):
        end = 0 if number % CLASSES == 0 else width * (0.3 + 0.7 * dice.random())
        left, digit = int(8 * dice.random()), digits[0]
        while True:
            # In one of four cases a digit comes again as it is: repeats are what decoding has to tell apart.
            if dice.random() >= 0.25:
                digit = digits[int(_DRAWN * dice.random())]
            rows, columns = digit.shape
            if left + columns > end:
                break
            top = int((HEIGHT - rows + 1) * dice.random())
            place = strip[top : top + rows, left : left + columns]
            np.maximum(place, digit, out=place)
            left = max(0, left + columns + _NARROWEST + int((_WIDEST_GAP - _NARROWEST) * dice.random()))
    return strips


def _cropped(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = image.any(axis=1).nonzero()[0], image.any(axis=0).nonzero()[0]
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def line_text(output: NDArray[np.int8]) -> str:
    """What the scores of one line say, int8 of any shape that holds steps of 11: the text that the exported C gives."""
    return greedy(output.reshape(-1, LINE_CLASSES))


class LineReference:
    """TFLite 2.14's reference kernels on a line network: the runtime's where it has them, else the same with NumPy."""

    def __init__(self, model: Path, graph: Graph) -> None:
        """Load a model.

        Args:
            model: a ``.tflite`` file.
            graph: of it, at the width that it is to run on.
        """
        self._graph = graph
        self._source = graph.values[graph.input]
        self._result = graph.values[graph.output]
        self._interpreter = None
        module = runtime().module
        if runtime().name == REFERENCE_RUNTIME:
            self._interpreter = module.Interpreter(
                model_path=str(model),
                num_threads=1,
                experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF,
            )
            place = self._interpreter.get_input_details()[0]["index"]
            self._interpreter.resize_tensor_input(place, (1, *self._source.shape))
            self._interpreter.allocate_tensors()

    def steps(self, strips: NDArray[np.uint8]) -> NDArray[np.int8]:
        """The scores of each strip, as the exported C has to give them.

        Args:
            strips: uint8 of shape (count, 32, width).

        Returns:
            int8 of shape (count, steps * 11).
        """
        return np.array([self._scores(strip).ravel() for strip in strip_inputs(strips)], np.int8)

    def _scores(self, given: NDArray[np.int8]) -> NDArray[np.int8]:
        if self._interpreter is None:
            return evaluate(self._graph, given)
        source, result = self._interpreter.get_input_details()[0], self._interpreter.get_output_details()[0]
        real = (given.astype(np.float32) - self._source.zero_point) * np.float32(self._source.scale)
        value = {np.int8: given, np.uint8: (given.astype(np.int16) + 128).astype(np.uint8), np.float32: real}
        self._interpreter.set_tensor(source["index"], value[source["dtype"]].reshape(source["shape"]))
        self._interpreter.invoke()
        made: NDArray[Any] = self._interpreter.get_tensor(result["index"])
        if made.dtype == np.uint8:
            return (made.astype(np.int16) - 128).astype(np.int8)
        return quantize(made, self._result.scale, self._result.zero_point) if made.dtype == np.float32 else made


def strip_inputs(strips: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Strips as line networks are fed them, int8 of the same shape: each byte less 128."""
    return (strips.astype(np.int16) - 128).astype(np.int8)
