"""What planning counts with: rows with their padding, windows at the edges of a value, shapes in titles."""

from __future__ import annotations

import pytest

from edgedigits.firmware_export.graph.model import Graph, ModelTensor, Node, Value, Window
from edgedigits.firmware_export.planning.stages import COPY, Kernel, RowValue, Stage, aligned, filler_bytes, shape_text


@pytest.mark.parametrize(
    ("shape", "text"),
    [((28, 28, 8), "28x28x8"), ((1, 1, 10), "10"), ((1, 2, 3), "1x2x3"), ((2, 1, 3), "2x1x3"), ((0, 1, 3), "0x1x3")],
)
def test_a_shape_in_titles(shape, text):
    assert shape_text(shape) == text


def test_bytes_from_pixel_to_pixel_and_from_channel_to_channel():
    by_pixel, by_channel = (RowValue((5, 7, 3), -4, 2, 1, planar) for planar in (False, True))
    assert (by_pixel.row_bytes, by_pixel.plane, by_pixel.beside, by_pixel.deeper) == (30, 10, 3, 1)
    assert (by_channel.row_bytes, by_channel.plane, by_channel.beside, by_channel.deeper) == (30, 10, 1, 10)


def test_rows_outside_of_a_value_are_padding():
    stage = Stage("conv", Kernel("conv"), None, (0, 1), 2, steps=4, rows=3, step=2, apart=2, above=2, lag=1)
    assert [stage.needs(step, 5) for step in range(4)] == [(0, 3), (0, 5), (2, 5), (4, 5)]
    assert stage.needs(0, 5, which=1) == (1, 4)
    assert stage.needs(4, 5) == (0, 0)


def test_a_stage_is_a_row_for_a_row_where_nothing_else_is_said():
    stage = Stage("copy", COPY, None, (0,), 1, steps=4)
    assert [stage.needs(step, 4) for step in range(4)] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert not stage.padded and not stage.pooled
    assert (stage.left, stage.start, stage.kept, stage.groups, stage.macs) == (0, 0, 0, 1, 0)
    assert filler_bytes(stage, RowValue((4, 7, 3), 0)) == 0
    assert COPY.writes_planes and not COPY.works_in_place
    assert not Kernel("other").writes_planes


def test_two_kernels_of_one_name_are_two():
    assert Kernel("copy", writes_planes=True) != COPY


def test_words_hold_four_bytes():
    assert [aligned(size) for size in (0, 1, 4, 5)] == [0, 4, 4, 8]


def test_a_window_steps_by_one_without_gaps_and_padding_where_nothing_else_is_said():
    assert Window((3, 2)) == Window((3, 2), (1, 1), (1, 1), (0, 0), (0, 0))


class Nothing(Node):
    """A node as the template of operators has it, with what every one has to say."""

    def compute(self, given, graph):
        return given[0]

    def lower(self, lowering):
        raise NotImplementedError


def test_a_node_counts_nothing_moves_no_bytes_and_takes_no_padding_where_it_does_not_say_so():
    node = Nothing("NOTHING 0", (0,), 1)
    graph = Graph(
        {0: Value((1, 1, 1), 1.0, 0), 1: Value((1, 1, 1), 1.0, 0)}, (node,), (ModelTensor(0),), (ModelTensor(1),)
    )
    assert (node.macs(graph), graph.macs) == (0, 0)
    assert node.keeps_bytes is False and node.takes_padding is False


@pytest.mark.parametrize("missing", ["compute", "lower"])
def test_a_node_has_to_compute_and_to_become_stages(missing):
    says = {name: vars(Nothing)[name] for name in ("compute", "lower") if name != missing}
    with pytest.raises(TypeError, match=missing):
        type("Half", (Node,), says)("HALF 0", (0,), 1)
