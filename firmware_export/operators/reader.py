"""From a full-int8 or 16x8 ``.tflite`` file to a graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import TfliteFile, read_tflite
from edgedigits.firmware_export.graph.advice import WITHOUT_STATE, followable
from edgedigits.firmware_export.graph.dilated_windows import DEALT, GATHERED
from edgedigits.firmware_export.graph.layers import LEAVE_OUT, QUANTIZE_FIRST, REBUILD, Layer, OperatorNodes, sizes
from edgedigits.firmware_export.graph.model import Graph, ModelTensor, Node, Value
from edgedigits.firmware_export.operators.registry import OPERATORS
from edgedigits.firmware_export.operators.shared.resizing import with_known_shapes, with_width

LARGEST_FILE = 1 << 24
"""Bytes; no microcontroller's flash holds more."""
LARGEST_COUNT = 10_000
"""Of tensors and of operators: a hostile file may name one table millions of times."""

FREE_BATCH = "SHAPE"
"""What TensorFlow's converter adds where the batch was left free, and what is left where it is not one image."""

RECURRENT = {
    *("UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "LSTM", "SVDF"),
    *("UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN", "RNN"),
}
"""Operators with a state that outlives an inference or a step of it."""
PLACES = {"ARG_MAX", "ARG_MIN"}
SCORES_INSTEAD = "end the network with the scores that it compares, and compare them in your program"
MEAN_INSTEAD = "take the mean instead (tf.reduce_mean), of which a sum is a multiple, and multiply by the count"


def read_graph(path: Path, width: int | None = None) -> Graph:
    """Read a full-int8 TFLite model, or a 16x8 one: int16 with int8 weights.

    What turns a float32 or uint8 input into int8 or int16, and these into such an output, is left out: the graph starts
    and ends with the int8 or int16 values. Operators that do not lead to the output are left out, too.

    Args:
        path: of the model.
        width: columns of the input; None takes those of the file.

    Raises:
        EdgedigitsError: missing, damaged or foreign file; floats inside; an operator, a shape, a type or a scale that
            the C library cannot compute exactly as TFLite's reference kernels do.
    """
    content = _read(path)
    counts = (len(content.inputs), len(content.outputs))
    if counts != (1, 1):
        raise EdgedigitsError(
            f"{path} has {counts[0]} inputs and {counts[1]} outputs where one of each is expected",
            "build a network with one input and one output",
        )
    if width is not None:
        content = with_width(path, content, width)
    layers = [Layer(path, index, operator, content) for index, operator in enumerate(content.nodes)]
    layers, start, end = _peeled(path, content, layers)
    _check_types(path, content, layers)
    _check_constants(path, layers)
    if not layers or start == end:
        raise EdgedigitsError(f"{path} computes nothing", "give a model with layers")
    values = {start: _door(layers[0], start)}
    nodes: list[Node] = []
    for layer in layers:
        made = _converted(layer, values)
        values.update(made.values)
        nodes.extend(made.nodes)
    nodes = _without_idle(nodes, values, end)
    if end not in values:
        raise EdgedigitsError(f"{path} makes no output", REBUILD)
    _door(layers[-1], end)
    source, result = content.inputs[0], content.outputs[0]
    ends = ModelTensor(start, source.type, source.shape[1:]), ModelTensor(end, result.type, result.shape[1:])
    return _needed(path, nodes, values, *ends)


def _read(path: Path) -> TfliteFile:
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
    for index, node in enumerate(content.nodes):
        if node.name in PLACES and set(node.outputs) & set(content.output_places):
            raise Layer(path, index, node, content).error("makes places, which are no int8", SCORES_INSTEAD)
    return with_known_shapes(path, content)


def _peeled(path: Path, content: TfliteFile, layers: list[Layer]) -> tuple[list[Layer], int, int]:
    """Leave out what turns a float or uint8 input into int8, and what makes a float or uint8 output of int8.

    Returns:
        The other layers, the number of the graph's input, and of its output.
    """
    start, end = content.input_places[0], content.output_places[0]
    if content.tensors[start].type in _LEFT_OUT:
        readers = [layer for layer in layers if start in layer.operator.inputs]
        if [layer.operator.name for layer in readers] == ["QUANTIZE"]:
            readers[0].arity(1, 1)
            _check_same_values(readers[0])
            layers = [layer for layer in layers if layer is not readers[0]]
            start = readers[0].output
    if content.tensors[end].type in _LEFT_OUT:
        writers = [layer for layer in layers if end in layer.operator.outputs]
        if [layer.operator.name for layer in writers] == [_LEFT_OUT[content.tensors[end].type]]:
            writers[0].arity(1, 1)
            _check_same_values(writers[0])
            layers = [layer for layer in layers if layer is not writers[0]]
            end = writers[0].number(0)
    for number, which in ((start, "input"), (end, "output")):
        kind = content.tensors[number].type
        if kind not in {"INT8", "INT16", "FLOAT32"}:
            raise EdgedigitsError(
                f"{path} has {kind} as its {which} where int8 is expected", followable(QUANTIZE_FIRST, content)
            )
    return layers, start, end


_LEFT_OUT = {"FLOAT32": "DEQUANTIZE", "UINT8": "QUANTIZE"}
"""Types of an input or output that is int8 inside, and the operator that such an output is made by."""


def _check_same_values(layer: Layer) -> None:
    """Raise unless an operator at the model's ends changes nothing but the type."""
    before, after = layer.tensor(0), layer.output_tensor
    if before.shape != after.shape:
        raise layer.error("changes the shape of its input")
    signed, unsigned = (before, after) if after.type == "UINT8" else (after, before)
    if unsigned.type != "UINT8":
        return
    if signed.type != "INT8":
        raise layer.error(
            f"makes uint8 of {signed.type}, or that of it", "convert the model with int16 input and output"
        )
    same = signed.scales == unsigned.scales and len(signed.zero_points) == len(unsigned.zero_points) == 1
    if not same or signed.zero_points[0] + 128 != unsigned.zero_points[0]:
        raise layer.error("rounds between uint8 and int8 anew", "convert the model with int8 input and output")


def _check_types(path: Path, content: TfliteFile, layers: list[Layer]) -> None:
    """Raise one error about floats for the whole model rather than one about its first layer."""
    used = {number for layer in layers for number in layer.operator.inputs + layer.operator.outputs if number >= 0}
    floats = [number for number in used if content.tensors[number].type.startswith(("FLOAT", "BFLOAT"))]
    if floats:
        whole = all(content.tensors[number].type not in {"INT8", "INT16"} for number in used)
        kind = "is a float model" if whole else "is only partly quantized"
        raise EdgedigitsError(
            f"{path} {kind}: {len(floats)} of its tensors are floats", followable(QUANTIZE_FIRST, content)
        )


def _check_constants(path: Path, layers: list[Layer]) -> None:
    """Raise where layers share constants so often that reading them all would take minutes."""
    tensors = [layer.content.tensors[n] for layer in layers for n in layer.operator.inputs if n >= 0]
    if sum(tensor.data.size for tensor in tensors if tensor.data is not None) > 2 * LARGEST_FILE:
        raise EdgedigitsError(f"{path} uses the same weights in too many layers", REBUILD)


def _door(layer: Layer, number: int) -> Value:
    """The model's input or output as a value; its first axis is the batch."""
    tensor = layer.content.tensors[number]
    if len(tensor.shape) > 1 and tensor.shape[0] != 1:
        raise EdgedigitsError(f"{layer.path} takes or makes {sizes(tensor.shape)}: its batch is not 1", REBUILD)
    return layer.as_value(tensor)


def _converted(layer: Layer, values: dict[int, Value]) -> OperatorNodes:
    """One operator as nodes, once every value that it reads is there and the one that it makes is not."""
    if layer.operator.name in RECURRENT:
        raise layer.error("is recurrent, and the C library keeps no state from step to step", WITHOUT_STATE)
    if layer.operator.name == "SUM":
        raise layer.error("adds, which TFLite's reference kernel computes wrong", MEAN_INSTEAD)
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


def _without_idle(nodes: list[Node], values: dict[int, Value], end: int) -> list[Node]:
    """The same without nodes that give a value the shape that it has: its rows need not lie together for them."""
    same: dict[int, int] = {}
    kept = []
    for node in nodes:
        inputs = tuple(same.get(number, number) for number in node.inputs)
        if node.keeps_bytes and node.output != end and values[inputs[0]] == values[node.output]:
            same[node.output] = inputs[0]
        else:
            kept.append(replace(node, inputs=inputs))
    return kept


def _needed(path: Path, nodes: list[Node], values: dict[int, Value], source: ModelTensor, result: ModelTensor) -> Graph:
    """The graph of the nodes that lead to the output."""
    wanted = {result.value}
    kept = []
    for node in reversed(nodes):
        if node.output in wanted:
            wanted.update(node.inputs)
            kept.append(node)
    if source.value not in wanted:
        raise EdgedigitsError(f"{path} makes its output without its input", REBUILD)
    return Graph({number: values[number] for number in sorted(wanted)}, tuple(reversed(kept)), source, result)
