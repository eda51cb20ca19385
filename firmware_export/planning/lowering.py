"""From operators to stages: what runs as one, what is copied into padded rows, what memory each kernel needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.graph.model import (
    Add,
    Concatenation,
    Conv,
    Depthwise,
    Graph,
    Mean,
    Mul,
    Node,
    Pad,
    Pool,
    Reshape,
    Shape,
    Softmax,
    Table,
    Value,
    Window,
)
from edgedigits.firmware_export.planning.scratch import conv_scratch, filler_bytes, groups_at_a_time, row_taps, standing
from edgedigits.firmware_export.planning.stages import Program, RowValue, Stage

MOST_STAGES = 200
"""Stages and values are numbered by bytes in C."""

MOST_STEPS = 2048
"""One step makes one row, and takes a byte of flash; far above any network for a microcontroller."""

LONGEST_ROW = 60_000
"""Bytes; lengths of rows are 16 bits in C, and loops run a little further."""


def lower(graph: Graph) -> Program:
    """Turn a graph into stages.

    A convolution takes in the padding before it and a 2x2 maximum behind it (the greatest sum gives the greatest
    output, since every multiplier is positive). A depthwise convolution of one channel is a convolution; another one
    with a multiplier reads repeated channels. A concatenation of several values is one of two values, repeated.

    Raises:
        EdgedigitsError: more layers than the library can number.
    """
    lowering = _Lowering(graph)
    for node in graph.nodes:
        lowering.add(node)
    program = lowering.finish()
    if not program.stages:
        raise EdgedigitsError("the network computes nothing", "export a network with layers")
    if max(len(program.stages), len(program.values)) > MOST_STAGES:
        raise EdgedigitsError(
            f"the network has {len(program.stages)} layers, more than {MOST_STAGES}", "export a smaller network"
        )
    steps = sum(max(stage.steps, program.values[stage.output].shape[0]) for stage in program.stages)
    steps += program.values[program.input].shape[0]
    if steps > MOST_STEPS:
        raise EdgedigitsError(
            f"the network has {steps} rows in all, more than {MOST_STEPS}", "export a smaller network"
        )
    longest = max(value.row_bytes for value in program.values.values())
    if longest > LONGEST_ROW:
        raise EdgedigitsError(
            f"the network has a row of {longest} bytes, more than {LONGEST_ROW}", "export a smaller network"
        )
    return program


class _Lowering:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._facts: dict[int, Value] = dict(graph.values)
        self._readers = Counter(number for node in graph.nodes for number in node.inputs)
        self._readers[graph.output] += 1
        self._values = {number: RowValue(value.shape, value.zero_point) for number, value in graph.values.items()}
        self._weights = {
            node.output: int(node.weights.size) for node in graph.nodes if isinstance(node, (Conv, Depthwise))
        }
        self._stages: list[Stage] = []
        self._pads: dict[int, Pad] = {}
        self._last_conv: dict[int, int] = {}
        self._kinds: dict[type[Node], Callable[[Node], None]] = {
            Conv: self._conv,
            Depthwise: self._depthwise,
            Pool: self._pool,
            Mean: self._mean,
            Softmax: self._elementwise("softmax"),
            Table: self._elementwise("table"),
            Add: self._pair("add"),
            Mul: self._pair("mul"),
            Pad: self._pad,
            Concatenation: self._concatenation,
            Reshape: self._reshape,
        }

    def add(self, node: Node) -> None:
        """Append what one operator becomes."""
        self._kinds[type(node)](node)

    def finish(self) -> Program:
        """The program, without values that were merged away."""
        used = {self._graph.input, self._graph.output}
        for stage in self._stages:
            used |= {*stage.inputs, stage.output}
        for number in list(used):
            owner = self._values[number].view_of
            while owner is not None:
                used.add(owner)
                owner = self._values[owner].view_of
        values = {number: value for number, value in self._values.items() if number in used}
        for place, stage in enumerate(self._stages):
            if stage.kind in {"conv", "depthwise"}:
                self._stages[place] = self._aimed(stage)
            elif stage.inputs and self._values[stage.inputs[0]].before:
                value = self._values[stage.inputs[0]]
                self._stages[place] = replace(stage, start=value.before * value.beside)
        return Program(values, tuple(self._stages), self._graph.input, self._graph.output)

    def _aimed(self, stage: Stage) -> Stage:
        """Where in a padded row the first window starts, once it is known how far the value is padded."""
        value = self._values[stage.inputs[0]]
        assert isinstance(stage.node, (Conv, Depthwise))
        before = stage.node.window.before[1]
        scratch = {variant: size + filler_bytes(stage, value) for variant, size in stage.scratch.items()}
        return replace(stage, start=(value.before - before) * value.beside, scratch=scratch)

    def _new(self, shape: Shape, zero: int, like: int) -> int:
        number = max(self._values) + 1
        self._values[number] = RowValue(shape, zero)
        self._facts[number] = replace(self._facts[like], shape=shape)
        return number

    def _padded(self, number: int, before: int, after: int) -> int:
        """The value with room for columns of padding; a copy where its bytes must lie together."""
        if before == 0 and after == 0:
            return number
        # A mean's row is not there yet when its padding would be filled.
        if self._is_dense(number) or any(stage.output == number and stage.kind == "mean" for stage in self._stages):
            number = self._copied(number)
        value = self._values[number]
        self._values[number] = replace(value, before=max(value.before, before), after=max(value.after, after))
        return number

    def _is_dense(self, number: int) -> bool:
        """True where the bytes of a value must lie together: the caller's, and those that are seen under two shapes."""
        return (
            number in {self._graph.input, self._graph.output}
            or self._values[number].view_of is not None
            or any(isinstance(node, Reshape) and number in node.inputs for node in self._graph.nodes)
        )

    def _copied(self, number: int) -> int:
        value = self._values[number]
        copy = self._new(value.shape, value.zero, number)
        self._stages.append(Stage(f"copy {_text(value.shape)}", "copy", None, (number,), copy, value.shape[0]))
        return copy

    def _in_planes(self, number: int, before: int, after: int) -> int:
        """The value in planes with padding; a copy where others read it too, or its maker cannot write planes."""
        maker = next((stage for stage in self._stages if stage.output == number), None)
        if maker is None or maker.kind != "conv" or self._readers[number] != 1 or self._is_dense(number):
            number = self._copied(number)
        value = self._values[number]
        self._values[number] = replace(value, before=before, after=after, planar=True)
        return number

    def _merged(self, node: Conv | Depthwise) -> tuple[int, Window]:
        """The unpadded input of a convolution and its window, an explicit padding taken in."""
        number = node.inputs[0]
        window = node.window
        if number in self._pads:
            pad = self._pads[number]
            number = pad.inputs[0]
            window = replace(
                window,
                before=(window.before[0] + pad.before[0], window.before[1] + pad.before[1]),
                after=(window.after[0] + pad.after[0], window.after[1] + pad.after[1]),
            )
        return number, window

    def _conv(self, node: Node) -> None:
        assert isinstance(node, Conv)
        number, window = self._merged(node)
        weights = node.weights
        if weights.shape[2:] == (3, 1) and window.dilation[1] == 1 and window.before[1] + window.after[1] > 0:
            # A column of zeros more: four bytes are read faster than three, and the padding makes room for them.
            weights = np.pad(weights, ((0, 0), (0, 0), (0, 1), (0, 0)))
            window = replace(window, after=(window.after[0], window.after[1] + 1))
        number = self._padded(number, window.before[1], window.after[1])
        node = replace(node, inputs=(number,), window=window, weights=weights)
        _, rows, columns, depth = node.weights.shape
        taps = rows * row_taps(columns, depth, window.dilation[1])
        width = self._facts[node.output].shape[1]
        self._last_conv[node.output] = len(self._stages)
        in_place = rows == 1 and (columns == 1 or window.dilation[1] == 1) and columns * depth % 16 == 0
        in_place &= window.stride[1] * depth == 16 or taps > 32
        self._append(
            node, "conv", conv_scratch(taps, rows, width, in_place, False), window, groups_at_a_time(taps, width, False)
        )

    def _depthwise(self, node: Node) -> None:
        assert isinstance(node, Depthwise)
        depth = self._facts[node.inputs[0]].shape[2]
        rows, columns, channels = node.weights.shape
        if depth == 1:
            self._conv(
                Conv(
                    node.name,
                    node.inputs,
                    node.output,
                    node.window,
                    node.weights.transpose(2, 0, 1).reshape(channels, rows, columns, 1),
                    node.rescaling,
                )
            )
            return
        number, window = self._merged(node)
        if channels != depth:
            value = self._values[number]
            wide = self._new((*value.shape[:2], channels), value.zero, number)
            self._stages.append(Stage(f"{node.name} repeats channels", "repeat", None, (number,), wide, value.shape[0]))
            number = wide
        # The kernels read four columns at once, which may be one more than a window has.
        more = int(window.stride[1] > 1 or self._facts[node.output].shape[1] % 2 == 1)
        number = self._in_planes(number, window.before[1], window.after[1] + more)
        self._append(
            replace(node, inputs=(number,), window=window),
            "depthwise",
            {
                "helium": standing(window),
                "plain": 4 * self._facts[node.output].shape[1],
                "dsp": 4 * (self._facts[node.output].shape[1] + 1),
                "avr": 0,
            },
            window,
        )

    def _append(
        self, node: Conv | Depthwise, kind: str, scratch: dict[str, int], window: Window, groups: int = 1
    ) -> None:
        height, width, channels = self._facts[node.output].shape
        self._stages.append(
            Stage(
                f"{node.name} {_text(self._values[node.inputs[0]].shape)} -> {_text((height, width, channels))}",
                kind,
                node,
                node.inputs,
                node.output,
                steps=height,
                rows=window.size[0],
                step=window.stride[0],
                apart=window.dilation[0],
                above=window.before[0],
                padded=window.before[0] > 0 or window.after[0] > 0,
                scratch=scratch,
                groups=groups,
                macs=height * width * self._weights[node.output],
            )
        )

    def _pool(self, node: Node) -> None:
        assert isinstance(node, Pool)
        number = node.inputs[0]
        window = node.window
        whole = (node.low, node.high) == (-128, 127)
        plain = window.size == window.stride == (2, 2) and window.before == window.after == (0, 0)
        place = self._last_conv.get(number)
        if node.kind == "max" and plain and whole and place is not None and self._readers[number] == 1:
            stage = self._stages[place]
            conv = stage.node
            assert isinstance(conv, Conv)
            simple = conv.window.stride == (1, 1) and conv.window.dilation == (1, 1)
            if simple and _sums_are_small(conv, self._values[conv.inputs[0]].zero):
                height, width, _ = self._facts[node.output].shape
                _, window_rows, columns, depth = conv.weights.shape
                taps = window_rows * row_taps(columns, depth, 1)
                self._stages[place] = replace(
                    stage,
                    title=f"{stage.title}, {node.name} -> {_text(self._facts[node.output].shape)}",
                    output=node.output,
                    steps=height,
                    rows=stage.rows + 1,
                    step=2,
                    pooled=True,
                    scratch=conv_scratch(taps, window_rows, width, False, True),
                    groups=groups_at_a_time(taps, width, True),
                )
                return
        shape = self._facts[node.output].shape
        self._stages.append(
            Stage(
                f"{node.name} {_text(self._facts[number].shape)} -> {_text(shape)}",
                f"pool_{node.kind}",
                node,
                node.inputs,
                node.output,
                steps=shape[0],
                rows=window.size[0],
                step=window.stride[0],
                above=window.before[0],
            )
        )

    def _mean(self, node: Node) -> None:
        assert isinstance(node, Mean)
        shape = self._facts[node.inputs[0]].shape
        self._stages.append(
            Stage(
                f"{node.name} {_text(shape)} -> {shape[2]}",
                "mean",
                node,
                node.inputs,
                node.output,
                steps=shape[0],
                kept=4 * shape[2],
            )
        )

    def _elementwise(self, kind: str) -> Callable[[Node], None]:
        def add(node: Node) -> None:
            shape = self._facts[node.output].shape
            self._stages.append(
                Stage(f"{node.name} {_text(shape)}", kind, node, node.inputs, node.output, steps=shape[0])
            )

        return add

    def _pair(self, kind: str) -> Callable[[Node], None]:
        def add(node: Node) -> None:
            assert isinstance(node, (Add, Mul))
            shape = self._facts[node.output].shape
            inputs = node.inputs
            if node.constant is not None:
                constant = self._new(shape, 0, node.output)
                self._stages.append(
                    Stage(f"{node.name} constant", "constant", node, (), constant, steps=shape[0], rows=0)
                )
                inputs = (inputs[0], constant)
            self._stages.append(Stage(f"{node.name} {_text(shape)}", kind, node, inputs, node.output, steps=shape[0]))

        return add

    def _pad(self, node: Node) -> None:
        assert isinstance(node, Pad)
        readers = [other for other in self._graph.nodes if node.output in other.inputs]
        zero = self._facts[node.inputs[0]].zero_point
        if (
            len(readers) == 1
            and isinstance(readers[0], (Conv, Depthwise))
            and node.value == zero
            and node.output != self._graph.output
        ):
            self._pads[node.output] = node
            return
        shape = self._facts[node.output].shape
        self._stages.append(
            Stage(
                f"{node.name} -> {_text(shape)}",
                "pad",
                node,
                node.inputs,
                node.output,
                steps=shape[0],
                above=node.before[0],
            )
        )

    def _concatenation(self, node: Node) -> None:
        assert isinstance(node, Concatenation)
        left = node.inputs[0]
        for place, right in enumerate(node.inputs[1:], start=2):
            first, second = list(self._facts[left].shape), self._facts[right].shape
            height = first[0]
            first[node.axis] += second[node.axis]
            shape = (first[0], first[1], first[2])
            output = node.output
            if place < len(node.inputs):
                output = self._new(shape, self._values[node.output].zero, node.output)
            self._stages.append(
                Stage(
                    f"{node.name} -> {_text(shape)}",
                    "concat",
                    node,
                    (left, right),
                    output,
                    steps=shape[0],
                    lag=height if node.axis == 0 else 0,
                )
            )
            left = output

    def _reshape(self, node: Node) -> None:
        self._values[node.output] = replace(self._values[node.output], view_of=node.inputs[0])


def _text(shape: Shape) -> str:
    return "x".join(str(length) for length in shape) if shape[:2] != (1, 1) else str(shape[2])


def _sums_are_small(node: Conv, zero: int) -> bool:
    """True where every sum stays within 24 bits: the DSP kernel makes two in one register, and pools only those."""
    flat = node.weights.reshape(len(node.weights), -1).astype(np.int64)
    bias = np.abs(node.rescaling.bias - zero * flat.sum(axis=1))
    return bool(np.all(np.abs(flat).sum(axis=1) * 128 + bias < 2**23))
