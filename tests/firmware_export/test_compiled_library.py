"""An exported library, compiled and called from Python: its bytes are TFLite's, and what cannot be done is told."""

from __future__ import annotations

import shutil
import stat
import tempfile
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from host_library import export_bytes, random_inputs
from model_builder import ModelBuilder
from reference import reference_outputs
from test_library_hygiene import small_network

from edgedigits.core.datasets.sample_digits import load_samples
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export import CompiledLibrary
from edgedigits.firmware_export.library.export import LibraryExport
from edgedigits.firmware_export.proof.compiler import find_compiler

BUILTIN = Path(str(files("edgedigits.core.pretrained"))) / "small" / "model.int8.tflite"

pytestmark = pytest.mark.skipif(not find_compiler(), reason="no C compiler (Debian: sudo apt install gcc libc6-dev)")


def dense(seed: int) -> bytes:
    """Three scores of 4x4 pixels."""
    builder = ModelBuilder(seed)
    return builder.build(builder.softmax(builder.dense(builder.input((1, 4, 4, 1)), 3)))


@pytest.fixture
def small(tmp_path: Path) -> LibraryExport:
    return export_bytes(small_network(), tmp_path)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def script(folder: Path, text: str) -> str:
    path = folder / "compiler"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_model_by_its_path_reads_grey_digits_as_tflite_does():
    digits = load_samples().pool
    with CompiledLibrary(str(BUILTIN)) as library:
        images = library.input_from_grey(digits.images[::10])
        outputs = library.run(images)
        read = library.top1(outputs)
    assert (outputs.dtype, outputs.shape) == (np.int8, (50, 10))
    expected = np.array(reference_outputs(BUILTIN.read_bytes(), list(images))).reshape(50, 10)
    np.testing.assert_array_equal(outputs, expected)
    assert (read == digits.labels[::10]).mean() > 0.9


def test_every_output_of_a_random_network_is_tflites(small):
    given = random_inputs(small, 40)
    expected = np.array(reference_outputs(small_network(), list(given))).reshape(40, -1)
    with CompiledLibrary(small) as library:
        np.testing.assert_array_equal(library.run(given), expected)
        np.testing.assert_array_equal(library.run(np.asfortranarray(given)), expected, "not in order in memory")
        assert library.run(given[:0]).shape == (0, library.output_bytes)
        assert library.arena_bytes == small.arena_bytes["plain"]
        assert (library.version, library.model_sha256) == (small.recipe.software, small.sha256)


@pytest.mark.parametrize("name", ["net_2", "string", "sizes", "library"])
def test_a_library_of_another_name_works_as_well(name, tmp_path):
    """Also under the names of a header of C and of the files that stand beside it while it is compiled."""
    export = export_bytes(dense(1), tmp_path, name, labels=("no", "yes", "may be"))
    given = random_inputs(export, 8)
    expected = np.array(reference_outputs(dense(1), list(given))).reshape(8, -1)
    with CompiledLibrary(export) as library:
        outputs = library.run(given)
        assert [library.label(place) for place in range(4)] == ["no", "yes", "may be", ""]
        np.testing.assert_array_equal(library.top1(outputs), outputs.argmax(1))
        np.testing.assert_allclose(library.confidence(outputs), (outputs.max(1) + 128.0) * 1000 / 256, atol=0.5)
    np.testing.assert_array_equal(outputs, expected)


def test_two_libraries_of_one_name_do_not_disturb_each_other(tmp_path):
    exports = [export_bytes(dense(seed), tmp_path) for seed in (1, 2)]
    given = random_inputs(exports[0], 20)
    expected = [np.array(reference_outputs(dense(seed), list(given))).reshape(20, 3) for seed in (1, 2)]
    assert not np.array_equal(*expected)
    first, second = (CompiledLibrary(export) for export in exports)
    for start in range(0, 20, 5):
        for library, outputs in ((first, expected[0]), (second, expected[1])):
            np.testing.assert_array_equal(library.run(given[start : start + 5]), outputs[start : start + 5])
    first.close()
    np.testing.assert_array_equal(second.run(given), expected[1], "closing one leaves the other loaded")
    second.close()


def test_the_flags_reach_the_compiler(small, tmp_path, monkeypatch):
    said = tmp_path / "said"
    compiler = shutil.which(find_compiler()[0])
    monkeypatch.setenv("CC", script(tmp_path, f'echo "$@" > {said}; exec {compiler} "$@"'))
    given = random_inputs(small, 3)
    with CompiledLibrary(small) as default, CompiledLibrary(small, flags=("-Os",)) as library:
        assert " -Os " in said.read_text()
        np.testing.assert_array_equal(library.run(given), default.run(given))


def test_nothing_is_left_behind_and_nothing_runs_once_it_is_closed(small, temporary):
    def mapped() -> int:
        return Path("/proc/self/maps").read_text().count(str(temporary))

    given = random_inputs(small, 1)
    with CompiledLibrary(small) as library:
        assert library.run(given).shape == (1, library.output_bytes)
        assert list(temporary.iterdir()) == []
        loaded = mapped()
    assert (loaded > 0, mapped()) == (True, 0)
    library.close()
    for use in (lambda: library.run(given), lambda: library.label(0), lambda: library.version):
        with pytest.raises(EdgedigitsError, match="is closed"):
            use()


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 784)), np.zeros((2, 784), np.uint8), np.zeros((2, 783), np.int8), np.zeros(784, np.int8)]
)
def test_images_of_another_type_or_size_are_refused(wrong, tmp_path):
    with CompiledLibrary(BUILTIN) as library:
        with pytest.raises(EdgedigitsError, match="an array has shape") as caught:
            library.run(wrong)
        assert "give int8 of shape (count, 784)" in caught.value.remedy
        with pytest.raises(EdgedigitsError, match="an array has shape") as caught:
            library.input_from_grey(np.zeros((2, 784), np.int8))
        assert "give uint8 of shape (count, 784)" in caught.value.remedy
        with pytest.raises(EdgedigitsError, match="an array has shape"):
            library.top1(np.zeros((1, 9), np.int8))


def test_without_a_compiler_the_error_says_what_to_install(small, tmp_path, monkeypatch):
    with monkeypatch.context() as without:
        without.setenv("PATH", str(tmp_path))
        without.delenv("CC", raising=False)
        with pytest.raises(EdgedigitsError, match="no C compiler found") as caught:
            CompiledLibrary(small)
    assert "apt install gcc" in caught.value.remedy
    assert "in the variable CC" in caught.value.remedy
    monkeypatch.setenv("CC", shutil.which(find_compiler()[0]))
    CompiledLibrary(small).close()


def test_a_compiler_that_refuses_is_quoted(small, temporary, tmp_path, monkeypatch):
    monkeypatch.setenv("CC", script(tmp_path, "echo digits.c:1: no good >&2; exit 1"))
    with pytest.raises(EdgedigitsError, match=r"refuses the library: digits\.c:1: no good") as caught:
        CompiledLibrary(small)
    assert "variable CC" in caught.value.remedy
    assert list(temporary.iterdir()) == []
    monkeypatch.setenv("CC", "gcc")
    CompiledLibrary(small).close()


def test_a_compiler_for_another_machine_is_told(small, tmp_path, monkeypatch):
    monkeypatch.setenv("CC", script(tmp_path, 'for last; do :; done\nprintf "\\177ELF" > "$last"'))
    with pytest.raises(EdgedigitsError, match="cannot be loaded here") as caught:
        CompiledLibrary(small)
    assert "a compiler for this computer" in caught.value.remedy


def test_a_model_that_cannot_be_exported_is_refused_in_the_exporters_words(tmp_path):
    with pytest.raises(EdgedigitsError, match="no model at"):
        CompiledLibrary(tmp_path / "none.tflite")
