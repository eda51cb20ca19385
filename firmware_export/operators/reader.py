"""From a full-int8 or 16x8 ``.tflite`` file to a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import TfliteFile, read_tflite
from edgedigits.core.tflite.free_sizes import FIX, free_input
from edgedigits.firmware_export.graph.advice import followable
from edgedigits.firmware_export.graph.dilated_windows import DEALT, GATHERED
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, REBUILD, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Value
from edgedigits.firmware_export.operators.ends import Ends, check_wide, end_value, find_ends
from edgedigits.firmware_export.operators.lacking import FREE_BATCH, check_operators, check_types
from edgedigits.firmware_export.operators.registry import OPERATORS
from edgedigits.firmware_export.operators.shared.resizing import with_known_shapes, with_width

LARGEST_FILE = 1 << 24
"""Bytes; no microcontroller's flash holds more."""
LARGEST_COUNT = 10_000
"""Of tensors and of operators: a hostile file may name one table millions of times."""

_WIDTH = 2
"""Axis of a picture's columns."""

PLACES = {"ARG_MAX", "ARG_MIN"}
SCORES_INSTEAD = "end the network with the scores that it compares, and compare them in your program"


def read_graph(path: Path, width: int | None = None) -> Graph:
    """Read a full-int8 TFLite model, or a 16x8 one: int16 with int8 weights.

    What turns float32 or uint8 inputs into int8 or int16, and these into such outputs, is left out: the graph starts
    and ends with the int8 or int16 values. Operators that do not lead to an output are left out, too; inputs that none
    reads stay.

    Args:
        path: of the model.
        width: columns of the input; None takes those of the file.

    Raises:
        EdgedigitsError: missing, damaged or foreign file; an input with a free size; floats inside; an operator, a
            shape, a type or a scale that the C library cannot compute exactly as TFLite's reference kernels do.
    """
    content = _read(path, width)
    if width is not None:
        content = with_width(path, content, width)
    ends = find_ends(path, content, [Layer(path, *numbered, content) for numbered in enumerate(content.nodes)])
    layers = ends.layers
    check_types(path, content, layers)
    _check_constants(path, layers)
    plain = len(ends.inputs) == len(ends.outputs) == 1
    if not layers or (plain and ends.inputs[0].value == ends.outputs[0].value):
        raise EdgedigitsError(f"{path} computes nothing", "give a model with layers")
    values = {tensor.value: end_value(layers, tensor.value) for tensor in ends.inputs}
    nodes: list[Node] = []
    for layer in layers:
        made = _converted(layer, values)
        values.update(made.values)
        nodes.extend(made.nodes)
    nodes = _without_idle(nodes, values, {tensor.value for tensor in ends.outputs})
    for tensor in ends.outputs:
        if tensor.value not in values:
            which = "no output" if plain else f"no output {tensor.name}"
            raise EdgedigitsError(f"{path} makes {which}", REBUILD)
        end_value(layers, tensor.value)
    check_wide(path, ends, values)
    return _needed(path, nodes, values, ends)


def _read(path: Path, width: int | None) -> TfliteFile:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check the path") from error
    if size > LARGEST_FILE:
        raise EdgedigitsError(f"{path} has {size} bytes, too many for a microcontroller", "export a smaller model")
    content = read_tflite(path, LARGEST_COUNT, subgraphs=True)
    if content.subgraphs > 1:
        raise EdgedigitsError(
            f"{path} has {content.subgraphs} subgraphs, as models with conditions, loops or variables do",
            followable(LEAVE_OUT, content),
        )
    if free := free_input(content, () if width is None else (_WIDTH,)):
        raise EdgedigitsError(f"{path} {free}", FIX)
    for index, node in enumerate(content.nodes):
        if node.name in PLACES and set(node.outputs) & set(content.output_places):
            raise Layer(path, index, node, content).error("makes places, which are no int8", SCORES_INSTEAD)
    content = with_known_shapes(path, content)
    check_operators(path, content)
    return content


def _check_constants(path: Path, layers: Sequence[Layer]) -> None:
    """Raise where layers share constants so often that reading them all would take minutes."""
    tensors = [layer.content.tensors[n] for layer in layers for n in layer.operator.inputs if n >= 0]
    if sum(tensor.data.size for tensor in tensors if tensor.data is not None) > 2 * LARGEST_FILE:
        raise EdgedigitsError(f"{path} uses the same weights in too many layers", REBUILD)


def _converted(layer: Layer, values: dict[int, Value]) -> OperatorNodes:
    """One operator as nodes, once every value that it reads is there and the one that it makes is not."""
    if layer.operator.name not in OPERATORS:
        if layer.operator.name in {DEALT, GATHERED}:
            raise layer.error(f"is no part of one dilated convolution between {DEALT} and {GATHERED}", LEAVE_OUT)
        remedy = REBUILD if layer.operator.name == FREE_BATCH else LEAVE_OUT
        raise layer.error("is not among the operators of the C library", remedy)
    tensors = layer.content.tensors
    for number in layer.operator.inputs:
        if number >= 0 and tensors[number].data is None and number not in values:
            raise layer.error("reads a value that no operator before it makes")
        if number in values and tensors[number].data is not None:
            raise layer.error("reads a constant that is also the model's input or an operator's output")
    for number in layer.operator.outputs:
        if number in values or (number >= 0 and tensors[number].data is not None):
            raise layer.error("makes a value that is already there")
    operator = OPERATORS[layer.operator.name]
    layer = replace(layer, any_axes=operator.any_axes)
    if layer.operator.options_table != operator.options:
        layer = replace(layer, operator=replace(layer.operator, options={}))
    read = operator.reader(layer)
    made = [
        read(part, part.output_value(operator.shape(part))) for part in (layer.parts() if operator.many else [layer])
    ]
    nodes = tuple(node for one in made for node in one.nodes)
    return OperatorNodes(nodes, {number: value for one in made for number, value in one.values.items()})


def _without_idle(nodes: list[Node], values: dict[int, Value], outputs: set[int]) -> list[Node]:
    """The same without nodes that give a value the shape that it has: its rows need not lie together for them."""
    same: dict[int, int] = {}
    kept = []
    for node in nodes:
        inputs = tuple(same.get(number, number) for number in node.inputs)
        if node.keeps_bytes and node.output not in outputs and values[inputs[0]] == values[node.output]:
            same[node.output] = inputs[0]
        else:
            kept.append(replace(node, inputs=inputs))
    return kept


def _needed(path: Path, nodes: list[Node], values: dict[int, Value], ends: Ends) -> Graph:
    """The graph of the nodes that lead to an output."""
    wanted = {tensor.value for tensor in ends.outputs}
    kept = []
    for node in reversed(nodes):
        if node.output in wanted:
            wanted.update(node.inputs)
            kept.append(node)
    inputs = {tensor.value for tensor in ends.inputs}
    if not inputs & wanted:
        raise EdgedigitsError(f"{path} makes its output without its input", REBUILD)
    used = {number: values[number] for number in sorted(wanted | inputs)}
    return Graph(used, tuple(reversed(kept)), ends.inputs, ends.outputs)
