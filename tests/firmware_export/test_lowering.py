"""From nodes to stages: padding, planes, copies and views, on small graphs of nodes made by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from edgedigits.firmware_export.graph.model import Graph, ModelTensor, Node, Shape, Value, Window
from edgedigits.firmware_export.operators.enlarging.pad import Pad
from edgedigits.firmware_export.operators.shared.reshaping import Reshape
from edgedigits.firmware_export.planning.lowering import Lowering, lower
from edgedigits.firmware_export.planning.stages import COPY, Kernel, Program, RowValue, Stage

ROWS = Kernel("rows")
PLANES = Kernel("planes", writes_planes=True)
SHAPE = (5, 4, 3)


@dataclass(frozen=True)
class Step(Node):
    """An operator that makes each row of the same row of its inputs."""

    kernel: Kernel = ROWS

    def compute(self, given, graph):
        raise NotImplementedError

    def lower(self, lowering):
        lowering.append_rows(self, self.kernel)


def graph_of(*nodes: Node, shapes: dict[int, Shape] | None = None) -> Graph:
    """From value 0 to what the last node makes; value ``n`` has the zero point ``-n``."""
    numbers = {0, *(node.output for node in nodes), *(number for node in nodes for number in node.inputs)}
    known = dict.fromkeys(sorted(numbers), SHAPE) | (shapes or {})
    values = {number: Value(shape, 0.5, -number) for number, shape in known.items()}
    return Graph(values, nodes, (ModelTensor(0),), (ModelTensor(nodes[-1].output),))


def chain(*kernels: Kernel) -> Graph:
    return graph_of(*(Step(f"STEP {place}", (place,), place + 1, kernel) for place, kernel in enumerate(kernels)))


def lowering_of(graph: Graph) -> Lowering:
    """With the stages of all nodes."""
    made = Lowering(graph)
    for node in graph.nodes:
        node.lower(made)
    return made


def stages_of(made: Lowering) -> list[tuple[str, tuple[int, ...], int]]:
    return [(stage.title, stage.inputs, stage.output) for stage in made.finish().stages]


def test_what_is_known_of_a_value() -> None:
    graph = graph_of(Step("A 0", (0,), 1), Step("B 1", (1, 1), 2), Step("C 2", (1, 2), 3), shapes={1: (9, 8, 7)})
    made = Lowering(graph)
    assert (made.shape(1), made.shape(2)) == ((9, 8, 7), SHAPE)
    assert (made.zero(1), made.zero(3)) == (-1, -3)
    assert made.readers(1) == [graph.nodes[1], graph.nodes[2]]
    assert made.readers(3) == []
    assert [made.is_read_once(number) for number in range(4)] == [True, False, True, True], "the caller reads the last"


def test_what_the_caller_reads_too_is_not_read_once() -> None:
    graph = replace(graph_of(Step("A 0", (0,), 1), Step("B 1", (1,), 2)), outputs=(ModelTensor(1),))
    made = Lowering(graph)
    assert [made.is_read_once(number) for number in range(3)] == [True, False, False]


def test_rows_are_made_of_the_same_rows() -> None:
    graph = graph_of(Step("A 0", (0,), 1), shapes={1: (2, 4, 3)})
    made = Lowering(graph)
    made.append_rows(graph.nodes[0], ROWS)
    made.append_rows(graph.nodes[0], ROWS, (1, 0))
    first, second = made.finish().stages
    assert first == Stage("A 0 2x4x3", ROWS, graph.nodes[0], (0,), 1, steps=2)
    assert second == replace(first, inputs=(1, 0))


def test_stages_are_found_by_what_they_make_and_replaced() -> None:
    made = lowering_of(chain(ROWS, ROWS))
    maker = made.maker(2)
    assert maker is not None and maker.title == "STEP 1 5x4x3"
    assert made.maker(0) is None
    made.replace_stage(maker, replace(maker, title="another"))
    assert [title for title, *_ in stages_of(made)] == ["STEP 0 5x4x3", "another"]


def test_a_value_more_has_a_number_of_its_own() -> None:
    made = Lowering(chain(ROWS, ROWS))
    assert made.new_value((1, 2, 3), -7, 0) == 3
    assert made.new_value((1, 2, 4), -8, 3) == 4
    assert (made.shape(3), made.zero(3), made.shape(4), made.zero(4)) == ((1, 2, 3), -7, (1, 2, 4), -8)


def test_padding_that_is_left_to_a_window_makes_it_larger() -> None:
    padding = Pad("PAD 0", (0, 2), 1, (1, 2), (3, 4), 0)
    graph = graph_of(padding, Step("A 1", (1, 0), 2))
    made = Lowering(graph)
    window = Window((3, 2), (2, 2), (1, 1), (10, 20), (30, 40))
    assert made.merged(graph.nodes[1], window) == (1, window)
    made.leave_to_windows(padding, (1, 2), (3, 4))
    merged = made.merged(graph.nodes[1], window)
    assert merged == (0, Window((3, 2), (2, 2), (1, 1), (11, 22), (33, 44)))


def test_a_value_has_room_for_the_widest_padding_that_is_asked_for() -> None:
    made = lowering_of(chain(ROWS, ROWS))
    assert made.padded(1, 2, 0) == 1
    assert made.padded(1, 1, 3) == 1
    assert made.padded(1, 0, 1) == 1
    assert made.finish().values[1] == RowValue(SHAPE, -1, 2, 3)
    assert len(made.finish().stages) == 2


@pytest.mark.parametrize("number", [0, 2])
def test_what_the_caller_gives_and_gets_is_copied_for_padding(number: int) -> None:
    made = lowering_of(chain(ROWS, ROWS))
    assert made.padded(number, 0, 0) == number
    assert made.padded(number, 0, 1) == 3
    assert stages_of(made)[2] == ("copy 5x4x3", (number,), 3)
    program = made.finish()
    assert program.values[3] == RowValue(SHAPE, -number, 0, 1)
    copy = program.stages[2]
    assert copy == Stage("copy 5x4x3", COPY, None, (number,), 3, steps=5)


def test_sums_that_are_kept_are_copied_for_padding() -> None:
    made = lowering_of(chain(ROWS, ROWS))
    maker = made.maker(1)
    assert maker is not None
    made.replace_stage(maker, replace(maker, kept=4))
    assert made.padded(1, 1, 0) == 3


@pytest.mark.parametrize("copied", [1, 2])
def test_what_is_seen_under_two_shapes_is_copied_for_padding(copied: int) -> None:
    nodes = Step("A 0", (0,), 1), Reshape("RESHAPE 1", (1,), 2), Step("B 2", (2,), 3), Step("C 3", (3,), 4)
    made = lowering_of(graph_of(*nodes))
    assert made.padded(copied, 1, 0) == 5
    assert made.padded(3, 1, 0) == 3


@pytest.mark.parametrize(
    ("graph", "number", "copied"),
    [
        (chain(PLANES, ROWS), 1, False),
        (chain(ROWS, ROWS), 1, True),
        (chain(PLANES, ROWS), 0, True),
        (chain(PLANES, PLANES), 2, True),
        (graph_of(Step("A 0", (0,), 1, PLANES), Step("B 1", (1, 1), 2)), 1, True),
        (graph_of(Step("A 0", (0,), 1, PLANES), Step("B 1", (1,), 2), Step("C 2", (1, 2), 3)), 1, True),
        (graph_of(Step("A 0", (0,), 1, PLANES), Reshape("R 1", (1,), 2), Step("B 2", (2,), 3)), 1, True),
    ],
)
def test_planes_are_written_by_who_can_for_the_only_reader_or_copied(graph: Graph, number: int, copied: bool) -> None:
    made = lowering_of(graph)
    before = len(made.finish().stages)
    found = made.in_planes(number, 1, 2)
    assert found == (max(graph.values) + 1 if copied else number)
    program = made.finish()
    value = made._values[found]
    assert value == RowValue(SHAPE, -number, 1, 2, planar=True)
    assert len(program.stages) == before + copied


def test_a_value_more_that_only_the_caller_reads_is_written_in_planes() -> None:
    made = Lowering(chain(ROWS))
    wide = made.new_value(SHAPE, 0, 0)
    made.append(Stage("wide", PLANES, None, (0,), wide, 5))
    assert made.in_planes(wide, 1, 2) == wide
    narrow = made.new_value(SHAPE, 0, 0)
    made.append(Stage("narrow", ROWS, None, (0,), narrow, 5))
    assert made.in_planes(narrow, 1, 2) == narrow + 1


def test_only_values_that_a_stage_needs_are_left() -> None:
    """A value that nobody reads is gone; one whose bytes are seen under another shape is there, however far behind."""
    nodes = (
        Step("A 0", (0,), 1),
        Reshape("R 1", (1,), 2),
        Reshape("R 2", (2,), 3),
        Step("B 3", (3,), 4),
        Step("C 4", (4,), 5),
    )
    program = lowering_of(graph_of(*nodes, shapes={9: SHAPE})).finish()
    assert set(program.values) == {0, 1, 2, 3, 4, 5}
    assert (program.values[2].view_of, program.values[3].view_of, program.values[4].view_of) == (1, 2, None)
    assert (program.root(3), program.root(4)) == (1, 4)
    assert (program.inputs, program.outputs) == ((0,), (5,))


def test_a_view_of_a_value_that_only_it_reads_keeps_that_value() -> None:
    """As the network's output, and of its input."""
    nodes = Step("A 0", (0,), 1), Reshape("R 1", (1,), 2)
    program = lowering_of(graph_of(*nodes)).finish()
    assert set(program.values) == {0, 1, 2}
    nodes = Reshape("R 0", (0,), 1), Step("A 1", (1,), 2)
    assert set(lowering_of(graph_of(*nodes)).finish().values) == {0, 1, 2}
    made = Lowering(graph_of(Step("A 0", (0,), 4), shapes={1: SHAPE, 2: SHAPE, 3: SHAPE}))
    made.view(4, 3)
    made.view(3, 2)
    made.view(2, 1)
    assert set(made.finish().values) == {0, 1, 2, 3, 4}


def test_windows_start_left_of_their_padding_and_have_a_row_of_it() -> None:
    graph = chain(PLANES, ROWS, ROWS)
    made = lowering_of(graph)
    reader = made.maker(2)
    assert reader is not None
    made.replace_stage(reader, replace(reader, left=1, padded=True, scratch={"dsp": 10, "plain": 0}))
    made.padded(1, 3, 2)
    first, second, third = made.finish().stages
    assert (first.start, third.start) == (0, 0)
    assert second.start == (3 - 1) * 3
    assert second.scratch == {"dsp": 10 + 28, "plain": 28}, "9 columns of 3 channels in whole words"
    made.in_planes(1, 3, 2)
    assert made.finish().stages[1].start == 2, "planes lie pixel beside pixel"


def test_the_first_input_says_where_windows_start() -> None:
    graph = graph_of(Step("A 0", (0,), 1), Step("B 1", (0,), 2), Step("C 2", (1, 2), 3))
    made = lowering_of(graph)
    made.padded(1, 4, 0)
    assert [stage.start for stage in made.finish().stages] == [0, 0, 4 * 3]


def test_a_stage_of_no_inputs_stays_as_it_is() -> None:
    made = Lowering(chain(ROWS))
    stage = Stage("constant", ROWS, None, (), 1, steps=5, scratch={"dsp": 1}, left=2, padded=True)
    made.append(stage)
    assert made.finish().stages == (stage,)


def test_lowering_makes_a_program_of_all_nodes() -> None:
    graph = chain(ROWS, PLANES)
    program = lower(graph)
    assert isinstance(program, Program)
    assert [stage.node for stage in program.stages] == list(graph.nodes)
    assert [stage.kernel for stage in program.stages] == [ROWS, PLANES]
