"""Dilated convolutions that stand in a file as three operators, as TensorFlow writes them, made one again.

SPACE_TO_BATCH_ND deals the rows and columns of a picture out to several pictures, a convolution without padding runs
over each, and BATCH_TO_SPACE_ND puts what it makes back together. Its taps then lie that far apart in the picture: it
is one convolution of that dilation over the padded picture, and equal to the last bit. Keras writes it so where the
batch is left free; for sequences an axis is inserted around the convolution.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgedigits.core.tflite.file import OperatorCall, Tensor, TfliteFile

DEALT, GATHERED = "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"

_CONVOLUTIONS = {"CONV_2D", "DEPTHWISE_CONV_2D"}
_INSERTED = {"EXPAND_DIMS", "RESHAPE"}
_REMOVED = {"SQUEEZE", "RESHAPE"}
_VALID = 1

Pairs = list[tuple[int, int]]
Made = tuple[list[OperatorCall], list[Tensor]]


def with_dilated_windows(content: TfliteFile) -> TfliteFile:
    """The same model with each such triple as a padding and a dilated convolution; the very same where there is none.

    Shapes of what they make are left as the file says them: they are other ones now.

    Args:
        content: any model. What does not fit is left as it is.
    """
    readers = Counter(place for node in content.nodes for place in node.inputs)
    readers.update(content.output_places)
    by_input = {node.inputs[0]: node for node in reversed(content.nodes) if node.inputs}
    constants: list[Tensor] = []
    instead: dict[int, list[OperatorCall]] = {}
    for node in content.nodes:
        run = _run(node, readers, by_input) if node.name == DEALT else []
        if run and (made := _folded(content, run, len(content.tensors) + len(constants))):
            nodes, more = made
            constants.extend(more)
            instead.update({id(one): [] for one in run} | {id(run[-1]): nodes})
    if not instead:
        return content
    nodes = [made for node in content.nodes for made in instead.get(id(node), [node])]
    return replace(content, nodes=tuple(nodes), tensors=(*content.tensors, *constants))


def _run(first: OperatorCall, readers: Counter[int], by_input: dict[int, OperatorCall]) -> list[OperatorCall]:
    """The operators from one that deals out to one that gathers, each the only reader of the one before; else none."""
    run = [first]
    while run[-1].name != GATHERED:
        (place,) = run[-1].outputs if len(run[-1].outputs) == 1 else (-1,)
        if place < 0 or readers[place] != 1 or place not in by_input or len(run) > 5:
            return []
        run.append(by_input[place])
    names = [node.name for node in run[1:-1]]
    flat = len(names) == 3 and names[0] in _INSERTED and names[1] in _CONVOLUTIONS and names[2] in _REMOVED
    return run if flat or (len(names) == 1 and names[0] in _CONVOLUTIONS) else []


def _folded(content: TfliteFile, run: list[OperatorCall], first: int) -> Made | None:
    """What these operators are as a padding and a dilated convolution; None where they are no such thing."""
    tensors = content.tensors
    dealt, gathered, window = run[0], run[-1], next(node for node in run if node.name in _CONVOLUTIONS)
    block, padding = _settings(tensors, dealt)
    same, crops = _settings(tensors, gathered)
    fitting = 3 if len(run) == 5 else 4
    if not block or block != same or {len(tensors[node.inputs[0]].shape) for node in (dealt, gathered)} != {fitting}:
        return None
    if len(block) != fitting - 2 or len(padding) != len(block) or len(crops) != len(block):
        return None
    if _kind(tensors[gathered.inputs[0]]) != _kind(tensors[gathered.outputs[0]]):
        return None
    steps = [window.options.get(name) for name in ("Padding", "StrideH", "StrideW")]
    amounts = [(left - less, right - fewer) for (left, right), (less, fewer) in zip(padding, crops, strict=True)]
    if steps != [_VALID, 1, 1] or min(min(one) for one in [*amounts, *padding, *crops]) < 0 or min(block) < 1:
        return None
    axis = _inserted_axis(tensors, window, run)
    spread = list(block)
    if fitting == 3:
        if axis is None:
            return None
        spread.insert(axis - 1, 1)
    return _operators(run, window, (spread[0], spread[1]), amounts, axis, first)


def _settings(tensors: Sequence[Tensor], node: OperatorCall) -> tuple[list[int], Pairs]:
    """Lengths of a block, and amounts before and behind each of its axes; nothing where they are no such constants."""
    if len(node.inputs) != 3 or min(node.inputs) < 0 or len(node.outputs) != 1:
        return [], []
    block, amounts = (tensors[place].data for place in node.inputs[1:])
    if block is None or amounts is None or block.ndim != 1 or amounts.shape != (block.size, 2) or block.size > 2:
        return [], []
    return [int(length) for length in block], [(int(before), int(behind)) for before, behind in amounts]


def _kind(tensor: Tensor) -> tuple[str, tuple[float, ...], tuple[int, ...]]:
    return tensor.type, tensor.scales, tensor.zero_points


def _inserted_axis(tensors: Sequence[Tensor], window: OperatorCall, run: list[OperatorCall]) -> int | None:
    """Where an axis of length 1 was inserted before a convolution over a sequence: 1 or 2; else None."""
    shape = tensors[window.inputs[0]].shape
    if len(run) != 5 or len(shape) != 4 or len(tensors[run[-2].outputs[0]].shape) != 3:
        return None
    if run[1].name == "EXPAND_DIMS" and len(run[1].inputs) == 2:
        data = tensors[run[1].inputs[1]].data
        axis = int(data.ravel()[0]) % 4 if data is not None and data.size == 1 else 0
        return axis if axis in {1, 2} else None
    lengths = tensors[run[0].outputs[0]].shape
    return next((axis for axis in (1, 2) if shape[axis] == 1 and shape[3 - axis] == lengths[1] != 1), None)


def _operators(
    run: list[OperatorCall],
    window: OperatorCall,
    block: tuple[int, int],
    amounts: Pairs,
    axis: int | None,
    first: int,
) -> Made:
    """What stands in place of the run, and the constants that it needs, the first of them at this place."""
    dealt, gathered = run[0], run[-1]
    nodes, constants = [], []
    place = dealt.inputs[0]
    if any(map(any, amounts)):
        constants.append(_constant([(0, 0), *amounts, (0, 0)]))
        place = dealt.outputs[0]
        nodes.append(OperatorCall("PAD", (dealt.inputs[0], first), (place,), "PadOptions", {}, dealt.place))
    wider = {
        f"Dilation{name}Factor": length * int(window.options.get(f"Dilation{name}Factor", 1))
        for name, length in zip("HW", block, strict=True)
    }
    options = {**window.options, **wider}
    if axis is None:
        inputs = (place, *window.inputs[1:])
        return [*nodes, replace(window, inputs=inputs, outputs=gathered.outputs, options=options)], constants
    constants.append(_constant(axis))
    last = first + len(constants) - 1
    nodes.append(OperatorCall("EXPAND_DIMS", (place, last), run[1].outputs, "ExpandDimsOptions", {}, run[1].place))
    nodes.append(replace(window, options=options))
    squeeze = {"SqueezeDims": (axis,)}
    nodes.append(OperatorCall("SQUEEZE", window.outputs, gathered.outputs, "SqueezeOptions", squeeze, run[-2].place))
    return nodes, constants


def _constant(values: object) -> Tensor:
    data = np.array(values, np.int32)
    return Tensor("", "INT32", data.shape, (), (), 0, True, True, data)
