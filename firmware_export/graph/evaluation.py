"""A graph computed with NumPy and 64-bit integers, straight from the formulas in its nodes' docstrings.

What it makes is what TFLite 2.14's reference kernels make, whichever runtime is installed, or none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.model import Graph, Whole


def evaluate(graph: Graph, given: NDArray[Any]) -> NDArray[Any]:
    """What the graph makes in one inference.

    Args:
        graph: of shapes (height, width, channels).
        given: int8, or int16 of a wide input, of as many elements as the graph's inputs, one behind the other.

    Returns:
        int8 or int16 of the output's shape; of several outputs flat, one behind the other.
    """
    known = evaluate_all(graph, given)
    made = [known[tensor.value].astype(graph.values[tensor.value].kind) for tensor in graph.outputs]
    return made[0] if len(made) == 1 else np.concatenate([one.ravel() for one in made])


def evaluate_all(graph: Graph, given: NDArray[Any]) -> dict[int, Whole]:
    """Every value of the graph in one inference, by number: int64 of the value's shape.

    Args:
        graph: of shapes (height, width, channels).
        given: int8, or int16 of a wide input, of as many elements as the graph's inputs, one behind the other.
    """
    parts = np.split(given.ravel(), np.cumsum([value.count for value in graph.input_values])[:-1])
    known: dict[int, Whole] = {
        tensor.value: part.reshape(graph.values[tensor.value].shape).astype(np.int64)
        for tensor, part in zip(graph.inputs, parts, strict=True)
    }
    for node in graph.nodes:
        made = node.compute([known[number] for number in node.inputs], graph)
        known[node.output] = made.reshape(graph.values[node.output].shape)
    return known
