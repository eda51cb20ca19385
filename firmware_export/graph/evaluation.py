"""A graph computed with NumPy and 64-bit integers, straight from the formulas in its nodes' docstrings.

What it makes is what TFLite 2.14's reference kernels make, whichever runtime is installed, or none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.model import Graph, Whole


def evaluate(graph: Graph, image: NDArray[Any]) -> NDArray[Any]:
    """The graph's output for one input.

    Args:
        graph: of shapes (height, width, channels).
        image: int8, or int16 of a wide input, of as many elements as the graph's input, in any shape.

    Returns:
        int8 or int16 of the output's shape.
    """
    return evaluate_all(graph, image)[graph.output].astype(graph.values[graph.output].kind)


def evaluate_all(graph: Graph, image: NDArray[Any]) -> dict[int, Whole]:
    """Every value of the graph for one input, by number: int64 of the value's shape.

    Args:
        graph: of shapes (height, width, channels).
        image: int8, or int16 of a wide input, of as many elements as the graph's input, in any shape.
    """
    known: dict[int, Whole] = {graph.input: image.reshape(graph.values[graph.input].shape).astype(np.int64)}
    for node in graph.nodes:
        made = node.compute([known[number] for number in node.inputs], graph)
        known[node.output] = made.reshape(graph.values[node.output].shape)
    return known
