"""The planner: no living byte is overwritten, memory is really shared, and the same network gives the same plan."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from arena_checker import ArenaChecker, Overwritten
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_builder import ModelBuilder
from random_networks import random_network

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.graph.model import Graph
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.planning import plan as planning
from edgedigits.firmware_export.planning.arena import blocks, peak
from edgedigits.firmware_export.planning.lowering import lower
from edgedigits.firmware_export.planning.plan import Plan, plan
from edgedigits.firmware_export.planning.stages import COPY, Program
from edgedigits.firmware_export.variants import VARIANTS

KINDS = (
    *("add", "concat", "conv", "conv_and_pool", "dense", "depthwise", "depthwise_3x3", "flatten", "leaky_relu"),
    *("logistic", "mean", "mul", "padded_conv", "padding", "pool", "quantize", "reduce_max", "relu", "reshape"),
    *("resize_nearest", "softmax", "tanh"),
)
"""Of operators where a seed stands for what its network shows: named, so that an operator more leaves it as it is."""

HOW = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Turns the bytes of a model into a graph."""
    path = tmp_path_factory.mktemp("models") / "model.tflite"

    def graph(model: bytes) -> Graph:
        path.write_bytes(model)
        return read_graph(path)

    return graph


def naive_bytes(graph: Graph) -> int:
    """Arena without sharing: every value has its own memory."""
    return sum(math.prod(value.shape) for value in graph.values.values())


def check_plan(made: Plan) -> None:
    """In every variant nothing that is read was overwritten, and the arena is what was touched."""
    for variant in VARIANTS:
        touched = ArenaChecker(made, variant).run()
        assert made.arena_bytes[variant] - 4 < touched <= made.arena_bytes[variant]


def deep_network() -> ModelBuilder:
    """Convolutions, pools, a branch, a mean: the shape of the networks that the toolkit trains."""
    builder = ModelBuilder(1)
    end = builder.input((1, 28, 28, 1))
    end = builder.conv(end, 8, (3, 3), activation="RELU")
    end = builder.pool(builder.conv(end, 8, (3, 3), activation="RELU"))
    branch = builder.conv(end, 8, (1, 1))
    end = builder.add(builder.depthwise(end, activation="RELU"), branch)
    end = builder.pool(builder.conv(end, 16, (3, 3), activation="RELU"))
    end = builder.softmax(builder.dense(builder.mean(end), 10))
    builder.end = end
    return builder


@settings(HOW, max_examples=120)
@given(st.randoms(use_true_random=False))
def test_no_living_row_of_a_random_network_is_overwritten(read, dice):
    check_plan(plan(read(random_network(dice))))


@pytest.mark.parametrize("part", range(4))
def test_no_living_row_of_longer_random_networks_is_overwritten(part, read):
    for seed in range(1000 + 15 * part, 1015 + 15 * part):
        check_plan(plan(read(random_network(random.Random(seed), longest=10))))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_no_living_row_of_many_random_networks_is_overwritten(part, read):
    for seed in range(100 * part, 100 * part + 100):
        check_plan(plan(read(random_network(random.Random(seed), longest=9))))


def test_a_shuffle_of_channels_needs_rows_and_no_whole_value(read):
    """Between convolutions, as in ShuffleNet: reshaped to five axes, transposed and reshaped back."""
    builder = ModelBuilder(2)
    end = builder.conv(builder.input((1, 24, 24, 1)), 16)
    end = builder.transpose(builder.reshape(end, (1, 24, 24, 4, 4)), (0, 1, 2, 4, 3))
    end = builder.pool(builder.conv(builder.reshape(end, (1, 24, 24, 16)), 4), "max", (8, 8), stride=(8, 8))
    made = plan(read(builder.build(end)))
    check_plan(made)
    assert max(made.arena_bytes.values()) < 24 * 24 * 16 / 2


@settings(HOW, max_examples=60)
@given(st.randoms(use_true_random=False))
def test_an_arena_is_never_much_larger_than_without_sharing(read, dice):
    """Padding, copies and scratch memory are extra."""
    graph = read(random_network(dice))
    made = plan(graph)
    extra = sum(value.row_bytes * value.shape[0] for value in made.program.values.values()) + 64
    for variant in VARIANTS:
        scratch = sum(stage.scratch.get(variant, 0) + stage.kept + 4 for stage in made.program.stages)
        assert made.arena_bytes[variant] <= extra + scratch


def choices_of(program: Program) -> list[int]:
    return [stage.output for stage in program.stages if stage.output not in program.output_roots]


@pytest.mark.parametrize("seed", [105, 121, 410])
def test_no_other_choice_of_one_value_would_make_the_fullest_moment_lower(seed, read):
    """In these networks it takes more than one look at each value."""
    program = lower(read(random_network(random.Random(seed), longest=10, kinds=KINDS)))
    best, whole = planning._descend(program, choices_of(program), frozenset())
    assert best == planning._cost(program, whole)
    assert all(planning._cost(program, whole ^ {value}) >= best for value in choices_of(program))


@pytest.mark.parametrize(("seed", "better"), [(59, "all"), (105, "none")])
def test_the_better_of_two_starts_is_taken(seed, better, read):
    """With no value made whole at first, and with all of them."""
    made = plan(read(random_network(random.Random(seed), longest=6, kinds=KINDS)))
    choices = choices_of(made.program)
    starts = {"none": frozenset(), "all": frozenset(choices)}
    found = {name: planning._descend(made.program, choices, start)[0] for name, start in starts.items()}
    assert min(found, key=found.get) == better
    steps = len(made.schedule.order)
    fullest = [peak(blocks(made.program, made.schedule, variant), steps) for variant in VARIANTS]
    assert (max(fullest), sum(fullest)) == found[better][:2]


@pytest.mark.parametrize("tries", [0, 1, 3])
def test_no_more_orders_are_tried_than_there_is_effort_for(tries, read, monkeypatch):
    program = lower(read(random_network(random.Random(121), longest=10, kinds=KINDS)))
    steps = sum(stage.steps for stage in program.stages)
    monkeypatch.setattr(planning, "_EFFORT", (tries + 1) * steps - 1)
    tried = []
    cost = planning._cost
    monkeypatch.setattr(planning, "_cost", lambda *given: tried.append(given) or cost(*given))
    planning._descend(program, choices_of(program), frozenset())
    assert len(tried) == 1 + tries


def test_a_deep_network_needs_a_fraction_of_what_its_values_add_up_to(read):
    builder = deep_network()
    graph = read(builder.build(builder.end))
    assert max(plan(graph).arena_bytes.values()) < naive_bytes(graph) / 4


def test_a_chain_streams_as_many_rows_as_windows_cover(read):
    builder = ModelBuilder(2)
    end = builder.input((1, 28, 28, 1))
    for _ in range(3):
        end = builder.conv(end, 16, (3, 3), stride=(2, 2), activation="RELU")
    made = plan(read(builder.build(builder.mean(end))))
    slots = {
        stage.output: made.schedule.slots[stage.output] for stage in made.program.stages if stage.kernel.name == "conv"
    }
    assert list(slots.values()) == [3, 3, 1]


def test_elementwise_operators_work_in_place(read):
    builder = ModelBuilder(3)
    end = builder.input((1, 12, 12, 4))
    end = builder.logistic(builder.quantize(builder.relu(end), (0.01, 3)))
    made = plan(read(builder.build(end)))
    assert max(made.arena_bytes.values()) <= (12 + 2) * 12 * 4


def test_in_place_spares_a_value_that_is_read_again(read):
    builder = ModelBuilder(4)
    start = builder.relu(builder.input((1, 6, 6, 4)))
    end = builder.add(builder.logistic(start), start)
    made = plan(read(builder.build(end)))
    check_plan(made)
    assert min(made.arena_bytes.values()) > 6 * 6 * 4


@pytest.mark.parametrize("height", [1, 6])
@pytest.mark.parametrize("activation", ["NONE", "RELU"])
def test_a_padded_value_is_not_made_in_place_of_another_padded_one(activation, height, read):
    """The padding of a row is filled before the row is computed: its source must lie elsewhere."""
    builder = ModelBuilder(5)
    start = builder.conv(builder.input((1, height, 6, 4)), 4, (1, 1), activation=activation)
    changed = builder.logistic(start)
    left = builder.conv(start, 4, (3, 3), output=(0.02, 0))
    right = builder.conv(changed, 4, (3, 3), output=(0.02, 0))
    check_plan(plan(read(builder.build(builder.concat([left, right])))))


def test_the_same_network_gives_the_same_plan(read):
    builder = deep_network()
    model = builder.build(builder.end)
    first, second = plan(read(model)), plan(read(model))
    assert first.schedule == second.schedule
    assert first.layouts == second.layouts


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_checker_finds_any_value_that_is_moved_onto_another(variant, read):
    """The checker can fail: a plan whose blocks all start at 0 is refused."""
    builder = deep_network()
    made = plan(read(builder.build(builder.end)))
    layout = made.layouts[variant]
    spoiled = replace(layout, offsets=dict.fromkeys(layout.offsets, 0))
    with pytest.raises(Overwritten):
        ArenaChecker(replace(made, layouts={variant: spoiled}), variant).run()


def test_the_checker_finds_a_ring_that_is_a_row_too_short(read):
    builder = deep_network()
    made = plan(read(builder.build(builder.end)))
    value = next(value for value, slots in made.schedule.slots.items() if slots == 3)
    spoiled = replace(made.schedule, slots=made.schedule.slots | {value: 2})
    with pytest.raises(Overwritten):
        ArenaChecker(replace(made, schedule=spoiled), "plain").run()


def test_a_network_that_only_reshapes_is_a_copy(read):
    """Its output has memory of its own."""
    builder = ModelBuilder(6)
    end = builder.reshape(builder.input((1, 4, 4, 2)), (1, 32))
    made = plan(read(builder.build(end)))
    assert [stage.kernel for stage in made.program.stages] == [COPY]
    ArenaChecker(made, "plain").run()


def chain(length: int, shape: tuple[int, int, int]) -> bytes:
    builder = ModelBuilder(7)
    end = builder.input((1, *shape))
    for _ in range(length):
        end = builder.relu(end)
    return builder.build(end)


@pytest.mark.parametrize(
    ("fits", "does_not", "says"),
    [
        ((199, (2, 2, 1)), (200, (2, 2, 1)), "201 values, its inputs and what each layer makes, more than 200"),
        # The rows of the input count: what one step makes takes a byte of flash.
        ((1, (2048, 1, 1)), (1, (2049, 1, 1)), "4098 rows in all, more than 4096"),
        ((3, (1024, 1, 1)), (3, (1025, 1, 1)), "4100 rows in all, more than 4096"),
        ((1, (1, 60_000, 1)), (1, (1, 60_001, 1)), "row of 60001 bytes, more than 60000"),
    ],
)
def test_a_network_larger_than_the_library_can_number_is_refused(fits, does_not, says, read):
    lower(read(chain(*fits)))
    with pytest.raises(EdgedigitsError, match=rf"{says}; export a smaller network"):
        lower(read(chain(*does_not)))


def test_the_rows_of_a_mean_are_those_of_its_input(read):
    """Each is a step, though there is one row of output."""
    builder = ModelBuilder(7)
    lower(read(builder.build(builder.mean(builder.input((1, 2048, 1, 1))))))
    builder = ModelBuilder(7)
    with pytest.raises(EdgedigitsError, match="4098 rows in all"):
        lower(read(builder.build(builder.mean(builder.input((1, 2049, 1, 1))))))


@pytest.mark.parametrize(
    ("path", "arena"),
    [
        # README: 6,072 bytes for the built-in model.
        ("core/pretrained/small/model.int8.tflite", {"helium": 4288, "dsp": 5440, "plain": 6072, "avr": 4000}),
        (
            "tests/firmware_export/models/nano/model.int8.tflite",
            {"helium": 1536, "dsp": 1280, "plain": 1700, "avr": 1280},
        ),
        ("tests/firmware_export/models/unread.tflite", {"helium": 804, "dsp": 804, "plain": 2780, "avr": 484}),
    ],
)
def test_arenas_are_as_small_as_the_pages_say(path, arena):
    assert plan(read_graph(Path(__file__).parents[2] / path)).arena_bytes == arena


def test_a_window_that_only_sees_padding_has_a_plan(read):
    builder = ModelBuilder(8)
    end = builder.pad(builder.input((1, 1, 6, 1)), (2, 0), (0, 0))
    end = builder.conv(end, 1, (1, 3), stride=(5, 1))
    check_plan(plan(read(builder.build(end))))
    assert np.prod(builder.tensors[end].shape) > 0


def test_a_reshaped_value_that_no_window_sees_has_a_plan(read):
    """Nobody asks for its rows; what reads a reshaped value would ask for all of them at once."""
    builder = ModelBuilder(9)
    end = builder.pool(builder.conv(builder.input((1, 4, 4, 2)), 4, (3, 3)))
    end = builder.pad(builder.reshape(end, (1, 1, 2, 8)), (2, 0), (0, 0))
    end = builder.conv(end, 3, (1, 1), stride=(5, 1), padding="VALID")
    made = plan(read(builder.build(end)))
    check_plan(made)
    (last,) = set(made.schedule.order)
    assert made.program.stages[last].output in made.program.outputs
