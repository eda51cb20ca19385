"""What a model costs by its file: counted by hand, by the C library's reader, and as TFLite Micro plans its memory."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from tiny_models import tiny_models

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.costs import Buffer, Costs, arena_bytes, costs_of, live_bytes

CONVOLUTION = 13 * 13 * 4 * (3 * 3 * 1)  # 28x28 under a 3x3 filter in steps of 2, four channels
DENSE = 13 * 13 * 4 * 10
PARAMETERS = (3 * 3 * 4 + 4) + 13 * 13 * 4 * 10  # the dense layer's biases are zero, which the converter leaves out


@pytest.fixture(scope="session", name="tiny_models")
def _tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory)


@pytest.fixture(scope="session")
def bench_models(data_folder: Path) -> Path:
    folder = Path(os.environ.get("EDGEDIGITS_BENCH", data_folder.parent / "bench"))
    if not (folder / "dscnn_int8.tflite").is_file():
        pytest.skip(f"no models in {folder} (EDGEDIGITS_BENCH names another folder)")
    return folder


def padded(count: int) -> int:
    return -(-count // 16) * 16


@pytest.mark.parametrize(
    ("name", "item"),
    [("int8", 1), ("int16x8", 2), ("float32", 4), ("float16", 4), ("dynamic", 4)],
)
def test_a_network_counted_by_hand(name: str, item: int, tiny_models: dict[str, Path]) -> None:
    """The arena is fullest when the convolution reads the digit and writes its channels."""
    read, written = 28 * 28 * item, 13 * 13 * 4 * item
    costs = Costs(CONVOLUTION + DENSE, PARAMETERS, padded(read) + padded(written), read + written)
    assert costs_of(tiny_models[name]) == costs


def test_doors_of_float_take_memory_beside_what_they_are_turned_into(tiny_models: dict[str, Path]) -> None:
    found = costs_of(tiny_models["int8_float_doors"])
    assert (found.macs, found.parameters) == (CONVOLUTION + DENSE, PARAMETERS)
    assert found.arena_bytes == padded(28 * 28 * 4) + padded(28 * 28)


def test_a_model_without_weights_costs_memory_only(tiny_models: dict[str, Path]) -> None:
    found = costs_of(tiny_models["quantize_unit"])
    assert (found.macs, found.parameters) == (0, 0)
    assert found.arena_bytes >= 28 * 28 * 4 + 28 * 28


@pytest.mark.parametrize("name", ["dscnn", "fakebank", "vit"])
def test_multiply_accumulates_are_those_that_the_c_library_carries_out(name: str, bench_models: Path) -> None:
    from edgedigits.firmware_export.library import export_library

    path = bench_models / f"{name}_int8.tflite"
    assert costs_of(path).macs == export_library(path, name="digits").graph.macs


@pytest.mark.parametrize(("name", "head"), [("dscnn", 4_704), ("fakebank", 15_680), ("vit", 50_176)])
def test_the_arena_is_what_tflite_micro_plans(name: str, head: int, bench_models: Path) -> None:
    """``Arena allocation head`` of ``Interpreter.print_allocations`` in the package tflite-micro 0.dev20261023."""
    assert costs_of(bench_models / f"{name}_int8.tflite").arena_bytes == head


@pytest.mark.parametrize(("name", "parameters"), [("vit", 887_530), ("fakebank", 206_922), ("dscnn", 2_242)])
def test_parameters_are_those_of_the_float_network(name: str, parameters: int, bench_models: Path) -> None:
    """What Keras' summary says, less the batch normalizations, which the converter folds into the convolutions."""
    assert costs_of(bench_models / f"{name}_int8.tflite").parameters == parameters


@pytest.mark.parametrize(
    ("buffers", "arena"),
    [
        ([], 0),
        ([Buffer(1, 0, 0)], 16),
        ([Buffer(64, 0, 1), Buffer(32, 1, 2)], 96),
        ([Buffer(64, 0, 1), Buffer(32, 2, 3)], 64),
        ([Buffer(64, 0, 1), Buffer(32, 0, 3), Buffer(64, 2, 3)], 96),
    ],
    ids=["nothing", "rounded up", "at the same time", "one after the other", "the middle one stays"],
)
def test_tensors_share_memory_unless_they_live_at_the_same_time(buffers: list[Buffer], arena: int) -> None:
    assert arena_bytes(buffers) == arena


def test_a_small_tensor_goes_into_the_gap_between_two_large_ones() -> None:
    """Placed by size: 96 at 0, 64 behind it, 48 where the 64 was, 32 behind the 64 that it lives with; 16 fills up."""
    buffers = [Buffer(96, 0, 5), Buffer(64, 0, 1), Buffer(48, 2, 5), Buffer(32, 1, 2), Buffer(16, 2, 2)]
    assert arena_bytes(buffers) == 96 + 64 + 32


def test_the_largest_first_is_not_always_the_least() -> None:
    """What TFLite Micro needs is what counts: 32 more than the fullest moment, which another order would reach."""
    buffers = [Buffer(64, 0, 1), Buffer(48, 1, 2), Buffer(48, 3, 4), Buffer(32, 2, 3), Buffer(32, 0, 0)]
    fullest = max(sum(one.bytes for one in buffers if one.first <= step <= one.last) for step in range(5))
    assert live_bytes(buffers) == fullest == 112
    assert arena_bytes(buffers) == 144


def test_an_arena_holds_its_fullest_moment_and_never_more_than_everything() -> None:
    dice = random.Random(4)
    for _ in range(200):
        buffers = []
        for _ in range(dice.randrange(1, 12)):
            first = dice.randrange(10)
            buffers.append(Buffer(dice.randrange(1, 300), first, first + dice.randrange(4)))
        moments = [sum(padded(one.bytes) for one in buffers if one.first <= step <= one.last) for step in range(14)]
        alive = [sum(one.bytes for one in buffers if one.first <= step <= one.last) for step in range(14)]
        assert live_bytes(buffers) == max(alive)
        assert max(moments) <= arena_bytes(buffers) <= sum(padded(one.bytes) for one in buffers)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"nothing")
    with pytest.raises(EdgedigitsError, match="is not a TFLite model"):
        costs_of(tmp_path / "model.tflite")
