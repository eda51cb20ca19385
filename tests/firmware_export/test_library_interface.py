"""What the functions of a generated library promise in its header, called through ctypes."""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from host_library import checked_run, export_bytes, random_inputs, write_library
from model_builder import ModelBuilder
from numpy.typing import NDArray
from reference import reference_outputs
from test_library_hygiene import small_network

from edgedigits.core.digit import model_input, quantize
from edgedigits.firmware_export.library import LibraryExport

GUARD = 64


@dataclass
class Loaded:
    """A library compiled as a shared object, and an arena between guards."""

    export: LibraryExport
    path: Path
    c: ctypes.CDLL = field(init=False)

    def __post_init__(self) -> None:
        self.c = ctypes.CDLL(str(self.path))
        self.c.digits_label.restype = ctypes.c_char_p
        self.arena_bytes = self.export.arena_bytes["plain"]

    def text(self, name: str) -> str:
        return (ctypes.c_char * 100).in_dll(self.c, name).value.decode()

    def run(self, arena: NDArray[np.int8], given: NDArray[np.int8]) -> NDArray[np.int8]:
        output = np.empty(10, np.int8)
        assert self.c.digits_run(pointer(arena), pointer(given), pointer(output)) == 0
        return output

    def top1(self, scores: list[int]) -> int:
        return self.c.digits_top1(pointer(np.array(scores, np.int8)))

    def confidence(self, scores: list[int]) -> int:
        return self.c.digits_confidence(pointer(np.array(scores, np.int8)))

    def from_grey(self, grey: NDArray[np.uint8]) -> NDArray[np.int8]:
        made = np.empty(grey.size, np.int8)
        self.c.digits_input_from_grey(pointer(grey), pointer(made))
        return made


def pointer(array: NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def aligned(size: int) -> NDArray[np.int8]:
    """Bytes at an address that 64 divides."""
    raw = np.zeros(size + 64, np.int8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size]


def load(model: bytes, folder: Path) -> Loaded:
    export = export_bytes(model, folder)
    path = folder / "digits.so"
    checked_run("gcc", "-std=c99", "-O2", "-shared", "-fPIC", str(write_library(export, folder)), "-o", str(path))
    return Loaded(export, path)


@pytest.fixture(scope="module")
def model() -> bytes:
    return small_network()


@pytest.fixture(scope="module")
def library(model, tmp_path_factory) -> Loaded:
    return load(model, tmp_path_factory.mktemp("interface"))


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_null_pointer_gives_minus_1(missing, library):
    arguments = [pointer(aligned(library.arena_bytes)), pointer(aligned(784)), pointer(aligned(10))]
    arguments[missing] = None
    assert library.c.digits_run(*arguments) == -1


@pytest.mark.parametrize("offset", [1, 2, 3])
def test_a_misaligned_arena_gives_minus_1_and_nothing_is_written(offset, library):
    arena, output = aligned(library.arena_bytes + 8), aligned(10)
    assert library.c.digits_run(pointer(arena[offset:]), pointer(aligned(784)), pointer(output)) == -1
    assert not arena.any() and not output.any()


def test_an_arena_at_any_multiple_of_4_will_do(library, model):
    given = random_inputs(library.export, 1)[0]
    expected = np.array(reference_outputs(model, [given])).ravel()
    arena = aligned(library.arena_bytes + 64)
    for offset in range(0, 32, 4):
        np.testing.assert_array_equal(library.run(arena[offset:], given), expected)


def test_nothing_outside_the_arena_is_written(library):
    memory = aligned(library.arena_bytes + 2 * GUARD)
    memory[:] = 91
    for given in random_inputs(library.export, 5):
        library.run(memory[GUARD:], given)
    assert (memory[:GUARD] == 91).all() and (memory[GUARD + library.arena_bytes :] == 91).all()
    assert not (memory[GUARD : GUARD + library.arena_bytes] == 91).all()


def test_two_threads_with_an_arena_each_do_not_disturb_one_another(library, model):
    inputs = random_inputs(library.export, 60)
    expected = np.array(reference_outputs(model, list(inputs))).reshape(60, -1)
    wrong: list[int] = []

    def work(which: int) -> None:
        arena = aligned(library.arena_bytes)
        for number in range(which, 60, 2):
            if not np.array_equal(library.run(arena, inputs[number]), expected[number]):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_top1_takes_the_lowest_of_equal_scores(library):
    assert library.top1([-128] * 10) == 0
    assert library.top1([0, 5, 7, 7, 5, 7, 0, 0, 0, 7]) == 2
    assert library.top1([-128] * 9 + [-127]) == 9
    assert library.top1([127, 0, 0, 0, 0, 0, 0, 0, 0, 127]) == 0


def test_confidence_is_the_top_score_in_thousandths(library):
    for score in range(-128, 128):
        scores = [-128] * 9 + [score]
        exact = (score + 128) * 1000 / 256
        assert abs(library.confidence(scores) - exact) <= 0.5


def test_labels_are_the_digits_and_empty_outside(library):
    assert [library.c.digits_label(place) for place in range(10)] == [str(digit).encode() for digit in range(10)]
    assert [library.c.digits_label(place) for place in (-1, 10, 1 << 30, -(1 << 31))] == [b""] * 4


def test_version_and_model_are_told(library):
    assert library.text("digits_model_sha256") == library.export.sha256
    assert library.text("digits_version") == library.export.recipe.software


ODD = [(1 / 255, -128), (0.003921569, -128), (0.0078, -1), (0.5, 7), (0.00047, -128), (0.0021, 100), (1e-6, 0)]


@pytest.mark.parametrize("scale,zero_point", ODD)
def test_input_from_grey_is_what_the_python_side_feeds(scale, zero_point, tmp_path):
    """All 256 values of grey, at the scale of an MNIST model and at odd ones."""
    builder = ModelBuilder(1)
    end = builder.softmax(builder.dense(builder.input((1, 28, 28, 1), scale, zero_point), 10))
    loaded = load(builder.build(end), tmp_path)
    grey = np.resize(np.arange(256, dtype=np.uint8), 784)
    value = loaded.export.graph.values[loaded.export.graph.input]
    expected = quantize(model_input(grey.reshape(1, 28, 28)), value.scale, value.zero_point).ravel()
    np.testing.assert_array_equal(loaded.from_grey(grey), expected)
    overlaid = grey.copy()  # the header allows both to be the same memory
    loaded.c.digits_input_from_grey(pointer(overlaid), pointer(overlaid))
    np.testing.assert_array_equal(overlaid.view(np.int8), expected)


@pytest.mark.parametrize("scale,zero_point", [(0.01, 3), (0.3, -40), (20.0, 0), (1e-5, 0)])
def test_confidence_without_softmax_scales_the_score(scale, zero_point, tmp_path):
    builder = ModelBuilder(1)
    end = builder.quantize(builder.dense(builder.input((1, 28, 28, 1)), 10), (scale, zero_point))
    loaded = load(builder.build(end), tmp_path)
    for score in (-128, zero_point, zero_point + 1, 90, 127):
        exact = max(0, score - zero_point) * float(np.float32(scale)) * 1000
        allowed = 0.5 + exact * 2**-7 if exact < 2**20 else np.inf
        assert abs(loaded.confidence([-128] * 9 + [score]) - exact) <= allowed


def test_a_model_of_three_classes_has_three_labels(tmp_path):
    builder = ModelBuilder(1)
    loaded = load(builder.build(builder.softmax(builder.dense(builder.input((1, 4, 4, 1)), 3))), tmp_path)
    assert [loaded.c.digits_label(place) for place in range(4)] == [b"0", b"1", b"2", b""]
