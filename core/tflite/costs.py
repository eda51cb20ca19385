"""What a TFLite model costs by its file alone: multiply-accumulates, parameters, memory of the activations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import ITEM_BYTES, OperatorCall, Tensor, TfliteFile, read_tflite

ALIGNMENT = 16
"""Bytes to which each tensor of the arena is rounded up: TFLite Micro's ``MicroArenaBufferAlignment``."""

_WEIGHTS = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"), (1, 2)),
    **dict.fromkeys(("ADD", "SUB", "MUL", "DIV"), (0, 1)),
    "PRELU": (1,),
}
"""Inputs of an operator that are weights or biases where they are constant; constants elsewhere are shapes and axes."""

_UNPACKING = frozenset({"DEQUANTIZE", "QUANTIZE", "DENSIFY"})
"""Operators that turn stored weights into those that are computed with: of float16, of a sparse form."""


@dataclass(frozen=True)
class Costs:
    """What a model costs by its file alone.

    Attributes:
        macs: multiply-accumulates of one inference.
        parameters: weights and biases that stand in the file, counted as numbers.
        arena_bytes: memory of the activations, model input and output included.
        live_bytes: of the activations that are needed at the same time, at the most: less than that cannot hold them.
    """

    macs: int
    parameters: int
    arena_bytes: int
    live_bytes: int


@dataclass(frozen=True)
class Buffer:
    """Memory for one tensor: its bytes, and the first and the last step at which they must not be overwritten."""

    bytes: int
    first: int
    last: int


def costs_of(path: Path) -> Costs:
    """Count what a ``.tflite`` model costs.

    Multiply-accumulates are those of CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED, padding included: each number of
    the output takes as many as its filter has weights. Biases, activations, pooling, means, softmax and the like count
    nothing. Zeros count like any other weight: TFLite's kernels multiply by them.

    The arena is that of TFLite Micro (see :func:`arena_bytes`) without the scratch memory of kernels, which depends on
    the kernels. Weights that are unpacked when a model is loaded (of float16) are no activations and not counted.

    Raises:
        EdgedigitsError: as :func:`edgedigits.core.tflite.file.read_tflite`, or a type of unknown size.
    """
    content = read_tflite(path)
    unpacked = _unpacked(content)
    weights = {
        unpacked[node.inputs[place]]
        for node in content.nodes
        for place in _WEIGHTS.get(node.name, ())
        if place < len(node.inputs) and node.inputs[place] in unpacked
    }
    activations = _activations(content, set(unpacked), path)
    return Costs(
        macs=sum(_macs(content, node) for node in content.nodes),
        parameters=sum(math.prod(content.tensors[index].shape) for index in weights),
        arena_bytes=arena_bytes(activations),
        live_bytes=live_bytes(activations),
    )


def _unpacked(content: TfliteFile) -> dict[int, int]:
    """Tensors that hold constants, each with the one in the file that it comes from: itself, or what is unpacked."""
    sources = {index: index for index, tensor in enumerate(content.tensors) if tensor.constant}
    for node in content.nodes:
        if node.name in _UNPACKING and node.inputs and node.inputs[0] in sources:
            sources.update(dict.fromkeys(node.outputs, sources[node.inputs[0]]))
    return sources


def _macs(content: TfliteFile, node: OperatorCall) -> int:
    if node.name not in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}:
        return 0
    weights = content.tensors[node.inputs[1]].shape  # (out, rows, columns, in), (1, rows, columns, out), (out, in)
    filter_size = math.prod(weights[1:3]) if node.name == "DEPTHWISE_CONV_2D" else math.prod(weights[1:])
    return math.prod(content.tensors[node.outputs[0]].shape) * filter_size


def _activations(content: TfliteFile, constants: set[int], path: Path) -> list[Buffer]:
    """Each tensor that is no constant, alive from the step that makes it to the last one that reads it.

    Step 0 is before the first node. The model's input is alive from there, its output until the last node has run.
    """
    first = dict.fromkeys(content.input_places, 0)
    last = dict(first)
    for step, node in enumerate(content.nodes, start=1):
        for index in node.outputs:
            first.setdefault(index, step)
            last[index] = step
        last.update(dict.fromkeys((index for index in node.inputs if index in first), step))
    last.update(dict.fromkeys((index for index in content.output_places if index in first), len(content.nodes)))
    return [
        Buffer(_bytes(content.tensors[index], path), first[index], last[index])
        for index in sorted(first)
        if index not in constants
    ]


def _bytes(tensor: Tensor, path: Path) -> int:
    if tensor.type not in ITEM_BYTES:
        raise EdgedigitsError(
            f"{path} has an activation of {tensor.type}, whose size is not known", "give a model of integers or floats"
        )
    return math.prod(tensor.shape) * ITEM_BYTES[tensor.type]


def live_bytes(buffers: Sequence[Buffer]) -> int:
    """The most bytes that are needed at one step, however buffers are laid out."""
    return max((sum(one.bytes for one in buffers if one.first <= at.first <= one.last) for at in buffers), default=0)


def arena_bytes(buffers: Sequence[Buffer]) -> int:
    """Bytes in which buffers fit as TFLite Micro's planner lays them out: good, not always the least possible.

    The largest buffer goes first, of equal ones the later in the list; each goes to the lowest offset with a gap that
    is large enough between the buffers that are alive at the same time (``GreedyMemoryPlanner``,
    tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc; Pisarchyk and Lee, "Efficient memory management for
    deep neural net inference", 2020, greedy by size).

    Args:
        buffers: in the order of the model's tensors; each is rounded up to :data:`ALIGNMENT`.
    """
    placed: list[tuple[int, int, Buffer]] = []  # start, end, and when
    sized = [(-(-buffer.bytes // ALIGNMENT) * ALIGNMENT, buffer) for buffer in reversed(buffers)]
    for size, buffer in sorted(sized, key=lambda item: -item[0]):
        start = 0
        for low, high, other in sorted(placed, key=lambda item: item[:2]):
            if buffer.first > other.last or other.first > buffer.last:
                continue
            if low - start >= size:
                break
            start = max(start, high)
        placed.append((start, start + size, buffer))
    return max((end for _, end, _ in placed), default=0)
