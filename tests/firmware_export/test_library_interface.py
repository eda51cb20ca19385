"""What the functions of a generated library promise in its header, called through ctypes."""

from __future__ import annotations

import ctypes
import threading
from pathlib import Path

import numpy as np
import pytest
from host_library import export_bytes, random_inputs
from model_builder import ModelBuilder
from numpy.typing import NDArray
from reference import reference_outputs
from test_library_hygiene import small_network

from edgedigits.core.digit import quantize
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export import CompiledLibrary

GUARD = 64


def pointer(array: NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def aligned(size: int) -> NDArray[np.int8]:
    """Bytes at an address that 64 divides."""
    raw = np.zeros(size + 64, np.int8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size]


def load(model: bytes, folder: Path, labels: tuple[str, ...] = ()) -> CompiledLibrary:
    return CompiledLibrary(export_bytes(model, folder, labels=labels))


def run(library: CompiledLibrary, arena: NDArray[np.int8], given: NDArray[np.int8]) -> NDArray[np.int8]:
    """One output, with an arena of ours."""
    output = np.empty(10, np.int8)
    assert library.functions.digits_run(pointer(arena), pointer(given), pointer(output)) == 0
    return output


def top1(library: CompiledLibrary, scores: list[int]) -> int:
    return int(library.top1(np.array([scores], np.int8))[0])


def confidence(library: CompiledLibrary, scores: list[int]) -> int:
    return int(library.confidence(np.array([scores], np.int8))[0])


@pytest.fixture(scope="module")
def model() -> bytes:
    return small_network()


@pytest.fixture(scope="module")
def library(model, tmp_path_factory) -> CompiledLibrary:
    return load(model, tmp_path_factory.mktemp("interface"))


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_null_pointer_gives_minus_1(missing, library):
    arguments = [pointer(aligned(library.arena_bytes)), pointer(aligned(784)), pointer(aligned(10))]
    arguments[missing] = None
    assert library.functions.digits_run(*arguments) == -1


@pytest.mark.parametrize("offset", [1, 2, 3])
def test_a_misaligned_arena_gives_minus_1_and_nothing_is_written(offset, library):
    arena, output = aligned(library.arena_bytes + 8), aligned(10)
    assert library.functions.digits_run(pointer(arena[offset:]), pointer(aligned(784)), pointer(output)) == -1
    assert not arena.any() and not output.any()


def test_an_arena_at_any_multiple_of_4_will_do(library, model):
    given = random_inputs(library.export, 1)[0]
    expected = np.array(reference_outputs(model, [given])).ravel()
    arena = aligned(library.arena_bytes + 64)
    for offset in range(0, 32, 4):
        np.testing.assert_array_equal(run(library, arena[offset:], given), expected)


def test_nothing_outside_the_arena_is_written(library):
    memory = aligned(library.arena_bytes + 2 * GUARD)
    memory[:] = 91
    for given in random_inputs(library.export, 5):
        run(library, memory[GUARD:], given)
    assert (memory[:GUARD] == 91).all() and (memory[GUARD + library.arena_bytes :] == 91).all()
    assert not (memory[GUARD : GUARD + library.arena_bytes] == 91).all()


def test_two_threads_with_an_arena_each_do_not_disturb_one_another(library, model):
    inputs = random_inputs(library.export, 60)
    expected = np.array(reference_outputs(model, list(inputs))).reshape(60, -1)
    wrong: list[int] = []

    def work(which: int) -> None:
        arena = aligned(library.arena_bytes)
        for number in range(which, 60, 2):
            if not np.array_equal(run(library, arena, inputs[number]), expected[number]):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_top1_takes_the_lowest_of_equal_scores(library):
    assert top1(library, [-128] * 10) == 0
    assert top1(library, [0, 5, 7, 7, 5, 7, 0, 0, 0, 7]) == 2
    assert top1(library, [-128] * 9 + [-127]) == 9
    assert top1(library, [127, 0, 0, 0, 0, 0, 0, 0, 0, 127]) == 0


def test_confidence_is_the_top_score_in_thousandths(library):
    for score in range(-128, 128):
        scores = [-128] * 9 + [score]
        exact = (score + 128) * 1000 / 256
        assert abs(confidence(library, scores) - exact) <= 0.5


def test_labels_are_the_digits_and_empty_outside(library):
    assert [library.label(place) for place in range(10)] == [str(digit) for digit in range(10)]
    assert [library.label(place) for place in (-1, 10, 1 << 30, -(1 << 31))] == [""] * 4


def test_version_and_model_are_told(library):
    assert library.model_sha256 == library.export.sha256
    assert library.version == library.export.recipe.software


ODD = [(1 / 255, -128), (0.003921569, -128), (0.0078, -1), (0.5, 7), (0.00047, -128), (0.0021, 100), (1e-6, 0)]


@pytest.mark.parametrize("scale,zero_point", ODD)
def test_input_from_grey_is_what_the_python_side_feeds(scale, zero_point, tmp_path):
    """All 256 values of grey, at the scale of an MNIST model and at odd ones."""
    builder = ModelBuilder(1)
    end = builder.softmax(builder.dense(builder.input((1, 28, 28, 1), scale, zero_point), 10))
    loaded = load(builder.build(end), tmp_path)
    grey = np.resize(np.arange(256, dtype=np.uint8), 784)
    value = loaded.export.graph.values[loaded.export.graph.input]
    contract = loaded.export.contract
    expected = quantize(contract.values(grey.reshape(1, 28, 28)), value.scale, value.zero_point).ravel()
    np.testing.assert_array_equal(loaded.input_from_grey(grey[np.newaxis])[0], expected)
    overlaid = grey.copy()  # the header allows both to be the same memory
    loaded.functions.digits_input_from_grey(pointer(overlaid), pointer(overlaid))
    np.testing.assert_array_equal(overlaid.view(np.int8), expected)


@pytest.mark.parametrize("scale,zero_point", [(0.01, 3), (0.3, -40), (20.0, 0), (1e-5, 0)])
def test_confidence_of_what_is_no_digit_scales_the_score(scale, zero_point, tmp_path):
    builder = ModelBuilder(1)
    end = builder.quantize(builder.dense(builder.input((1, 4, 4, 1)), 3), (scale, zero_point))
    loaded = load(builder.build(end), tmp_path, ("a", "b", "c"))
    for score in (-128, zero_point, zero_point + 1, 90, 127):
        exact = max(0, score - zero_point) * float(np.float32(scale)) * 1000
        allowed = 0.5 + exact * 2**-7 if exact < 2**20 else np.inf
        assert abs(confidence(loaded, [-128] * 2 + [score]) - exact) <= allowed


LABELS = ("no person", 'a "person"', "what??/ \\ 100 %")


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> CompiledLibrary:
    """Three classes with names that C has to escape."""
    builder = ModelBuilder(1)
    model = builder.build(builder.softmax(builder.dense(builder.input((1, 4, 4, 1)), 3)))
    return load(model, tmp_path_factory.mktemp("three"), LABELS)


def test_labels_are_the_names_that_were_given(three):
    assert [three.label(place) for place in range(4)] == [*LABELS, ""]
    assert top1(three, [3, 9, 9]) == 1


def test_a_model_without_names_has_no_helpers_of_digits(tmp_path):
    builder = ModelBuilder(1)
    loaded = load(builder.build(builder.softmax(builder.dense(builder.input((1, 4, 4, 1)), 3))), tmp_path)
    for word in ("grey", "top1", "confidence", "label"):
        assert word not in loaded.export.header
        assert f"digits_{word}" not in loaded.export.source
    for call in (lambda: loaded.label(0), lambda: loaded.top1(np.zeros((1, 3), np.int8))):
        with pytest.raises(EdgedigitsError, match="have no names"):
            call()
    with pytest.raises(EdgedigitsError, match="reads no digits"):
        loaded.input_from_grey(np.zeros((1, 4, 4), np.uint8))


def test_names_alone_give_a_model_no_function_for_grey_pictures(three):
    assert "digits_top1" in three.export.header and "input_from_grey" not in three.export.header
