"""From operators to stages: which values exist as rows, which of them are padded, copied or seen under another shape.

What an operator becomes stands with it (:mod:`edgedigits.firmware_export.operators`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.graph.model import Graph, Node, Shape, Value, Window
from edgedigits.firmware_export.planning.stages import (
    COPY,
    Kernel,
    Program,
    RowValue,
    Stage,
    filler_bytes,
    shape_text,
)

MOST_VALUES = 200
"""Values are numbered by bytes in C, and so are stages, of which there are fewer: each makes another value."""

MOST_STEPS = 4096
"""One step makes one row, and takes a byte of flash. Keyword spotters of long sounds have 2,100, MobileNet of 224 x 224
pixels 1,100; the plan of a network of so many rows takes up to half a minute."""

LONGEST_ROW = 60_000
"""Bytes; lengths of rows are 16 bits in C, and loops run a little further."""


def lower(graph: Graph, by_rows: bool = False, by_structure: bool = False) -> Program:
    """Turn a graph into stages.

    Args:
        graph: to be computed.
        by_rows: whether layers that see a whole picture at once take row by row in where they can.
        by_structure: whether stages are the same whatever the weights are.

    Raises:
        EdgedigitsError: more layers than the library can number; weights that the stages of the structure do not fit.
    """
    lowering = Lowering(graph, by_rows, by_structure)
    for node in graph.nodes:
        node.lower(lowering)
    program = lowering.finish()
    count = len(program.values)
    if count > MOST_VALUES:
        raise EdgedigitsError(
            f"the network has {count} values, its inputs and what each layer makes, more than {MOST_VALUES}",
            "export a smaller network",
        )
    steps = sum(program.values[value].shape[0] for value in program.inputs)
    steps += sum(stage.steps for stage in program.stages)
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


class Lowering:
    """A program that grows node by node."""

    def __init__(self, graph: Graph, by_rows: bool = False, by_structure: bool = False) -> None:
        self.graph = graph
        self.by_rows = by_rows
        self.by_structure = by_structure
        self._facts: dict[int, Value] = dict(graph.values)
        self._readers = Counter(number for node in graph.nodes for number in node.inputs)
        self._readers.update(tensor.value for tensor in graph.outputs)
        self._values = {
            number: RowValue(value.shape, value.zero_point, wide=value.wide) for number, value in graph.values.items()
        }
        self._stages: list[Stage] = []
        self._left_to_windows: dict[int, tuple[Node, tuple[int, int], tuple[int, int]]] = {}

    def shape(self, number: int) -> Shape:
        """Height, width and channels of a value."""
        return self._facts[number].shape

    def zero(self, number: int) -> int:
        """The int8 value that stands for 0.0."""
        return self._values[number].zero

    def is_wide(self, number: int) -> bool:
        """True where a value is int16."""
        return self._values[number].wide

    def readers(self, number: int) -> list[Node]:
        """The nodes that read a value."""
        return [node for node in self.graph.nodes if number in node.inputs]

    def is_read_once(self, number: int) -> bool:
        """True where one node reads a value and the caller does not."""
        return self._readers[number] == 1

    def is_output(self, number: int) -> bool:
        """True where the caller gets a value."""
        return any(tensor.value == number for tensor in self.graph.outputs)

    def picture(self, number: int) -> int | None:
        """The value of several rows, no input of the network, whose bytes a value is; None where others read it."""
        while self.is_read_once(number):
            owner = self._values[number].view_of
            if owner is None:
                return number if self.shape(number)[0] > 1 and not self._is_input(number) else None
            number = owner
        return None

    def append(self, stage: Stage) -> None:
        """Run a stage after those that there are."""
        self._stages.append(stage)

    def append_rows(self, node: Node, kernel: Kernel, inputs: tuple[int, ...] = ()) -> None:
        """A stage that makes each row of the output of the same row of ``inputs``, by default the node's."""
        shape = self.shape(node.output)
        title = f"{node.name} {shape_text(shape)}"
        self.append(Stage(title, kernel, node, inputs or node.inputs, node.output, steps=shape[0]))

    def maker(self, number: int) -> Stage | None:
        """The stage that makes a value; None where there is none yet, or never."""
        return next((stage for stage in self._stages if stage.output == number), None)

    def replace_stage(self, before: Stage, after: Stage) -> None:
        """Have another stage in the place of one."""
        self._stages = [after if stage is before else stage for stage in self._stages]

    def new_value(self, shape: Shape, zero: int, like: int) -> int:
        """A value more, with the scale of another one."""
        number = max(self._values) + 1
        self._values[number] = RowValue(shape, zero, wide=self._facts[like].wide)
        self._facts[number] = replace(self._facts[like], shape=shape)
        return number

    def view(self, number: int, of: int) -> None:
        """Have a value be the bytes of another one."""
        self._values[number] = replace(self._values[number], view_of=of)

    def leave_to_windows(self, node: Node, before: tuple[int, int], after: tuple[int, int]) -> None:
        """Compute nothing for a padding: whoever reads it takes it into its window."""
        self._left_to_windows[node.output] = node, before, after

    def merged(self, node: Node, window: Window) -> tuple[int, Window]:
        """The unpadded input of a node and its window, an explicit padding taken in."""
        number = node.inputs[0]
        if number in self._left_to_windows:
            padding, before, after = self._left_to_windows[number]
            number = padding.inputs[0]
            window = replace(
                window,
                before=(window.before[0] + before[0], window.before[1] + before[1]),
                after=(window.after[0] + after[0], window.after[1] + after[1]),
            )
        return number, window

    def padded(self, number: int, before: int, after: int) -> int:
        """The value with room for columns of padding; a copy where its bytes must lie together."""
        if not (before or after):
            return number
        maker = self.maker(number)
        # The row of sums that are kept is not there yet when its padding would be filled.
        if self._is_dense(number) or (maker and maker.kept):
            number = self._copied(number)
        value = self._values[number]
        self._values[number] = replace(value, before=max(value.before, before), after=max(value.after, after))
        return number

    def in_planes(self, number: int, before: int, after: int) -> int:
        """The value in planes with padding; a copy where others read it too, or its maker cannot write planes."""
        maker = self.maker(number)
        if maker is None or not maker.kernel.writes_planes or self._readers[number] > 1 or self._is_dense(number):
            number = self._copied(number)
        value = self._values[number]
        self._values[number] = replace(value, before=before, after=after, planar=True)
        return number

    def finish(self) -> Program:
        """The program, without values that were merged away."""
        inputs, outputs = tuple(tensor.value for tensor in self.graph.inputs), self._outputs()
        used = {*inputs, *outputs}
        for stage in self._stages:
            used |= {*stage.inputs, stage.output}
        for number in list(used):
            owner = self._values[number].view_of
            while owner is not None:
                used.add(owner)
                owner = self._values[owner].view_of
        values = {number: value for number, value in self._values.items() if number in used}
        stages = tuple(self._aimed(stage) for stage in self._stages)
        return Program(values, stages, inputs, outputs)

    def _outputs(self) -> tuple[int, ...]:
        """The values that the caller gets: copies of those whose bytes are an input's or an output's before them."""
        outputs: list[int] = []
        taken = {tensor.value for tensor in self.graph.inputs}
        for tensor in self.graph.outputs:
            root = self._root(tensor.value)
            output = self._copied(tensor.value) if root in taken else tensor.value
            taken.add(self._root(output))
            outputs.append(output)
        return tuple(outputs)

    def _is_input(self, number: int) -> bool:
        return any(tensor.value == number for tensor in self.graph.inputs)

    def _root(self, number: int) -> int:
        while (owner := self._values[number].view_of) is not None:
            number = owner
        return number

    def _aimed(self, stage: Stage) -> Stage:
        """Where in a padded row the first window starts, once it is known how far the value is padded."""
        if not stage.inputs:
            return stage
        value = self._values[stage.inputs[0]]
        scratch = {variant: size + filler_bytes(stage, value) for variant, size in stage.scratch.items()}
        return replace(stage, start=(value.before - stage.left) * value.beside, scratch=scratch)

    def _is_dense(self, number: int) -> bool:
        """True where the bytes of a value must lie together: the caller's, and those that are seen under two shapes."""
        return (
            self.is_output(number)
            or self._is_input(number)
            or self._values[number].view_of is not None
            or any(node.keeps_bytes for node in self.readers(number))
        )

    def _copied(self, number: int) -> int:
        value = self._values[number]
        copy = self.new_value(value.shape, value.zero, number)
        self.append(Stage(f"copy {shape_text(value.shape)}", COPY, None, (number,), copy, value.shape[0]))
        return copy
