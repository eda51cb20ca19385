"""Weights in a blob: the C is the same for every training of a network, and takes no blob but such a one."""

from __future__ import annotations

import ctypes
import hashlib
import random
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from host_library import SANITIZERS, STRICT, checked_run, compile_host, export_bytes, random_inputs
from model_builder import ModelBuilder
from random_networks import MAKERS, single_operator
from reference import reference_outputs
from slow_cases import slow_but
from test_builds import board
from test_by_rows import average_of, dense_after
from test_library_hygiene import need, perceptron, small_network

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.c_source.library_text import LibraryText
from edgedigits.firmware_export.c_source.numbers import constants_of
from edgedigits.firmware_export.c_source.struct_takers import leaves
from edgedigits.firmware_export.library import LibraryExport, export_library
from edgedigits.firmware_export.library.blob import HEAD, weights_header
from edgedigits.firmware_export.proof.compiled import CompiledLibrary

QUICK = ("-O0",)
"""Where two libraries are compared whose kernels are the same."""
BUILTIN = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"
STRUCTURES = {
    "small": lambda seed: small_network(seed=seed),
    "unrectified": lambda seed: small_network("NONE", seed=seed),
    "dense_rows": lambda seed: dense_after((9, 7, 5), 10, seed),
    "average": lambda seed: average_of((9, 8, 8), seed),
}


def outside(model: bytes, folder: Path, name: str = "digits") -> LibraryExport:
    path = folder / f"{name}.tflite"
    path.write_bytes(model)
    return export_library(path, name=name, weights="blob")


def with_weights(library: LibraryExport) -> LibraryText:
    """The library with its blob in it, taken before the first run."""
    name = library.recipe.name
    renamed = f'#include "{name}.h"\n#define {name}_run inner_run\nint inner_run(int8_t *, const int8_t *, int8_t *);\n'
    source = library.source.replace(f'#include "{name}.h"\n', renamed)
    source += (
        f"#undef {name}_run\n{weights_header(name, library.blobs)}"
        f"int {name}_run(int8_t *arena, const int8_t *input, int8_t *output)\n{{\n"
        f"    if (in_use == NULL && {name}_use_weights({name}_weights, sizeof {name}_weights) != 0) {{\n"
        f"        return -9;\n    }}\n    return inner_run(arena, input, output);\n}}\n"
    )
    return replace(library.text, source=source)


def expected(model: bytes, inputs: np.ndarray) -> np.ndarray:
    return np.array(reference_outputs(model, inputs)).reshape(len(inputs), -1)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_trainings_of_one_structure_share_their_c_and_each_blob_gives_its_models_bits(structure, tmp_path):
    models = [STRUCTURES[structure](seed) for seed in (3, 4)]
    libraries = [outside(model, tmp_path) for model in models]
    first, second = libraries
    assert (first.header, first.source) == (second.header, second.source)
    assert first.blobs["plain"] != second.blobs["plain"]
    inputs = random_inputs(first, 60)
    with CompiledLibrary(first) as compiled:
        for library, model in [*zip(libraries, models, strict=True), (first, models[0])]:
            assert compiled.use_weights(library.blobs["plain"]) == 0
            np.testing.assert_array_equal(compiled.run(inputs), expected(model, inputs))
            sha = (ctypes.c_char * 65).in_dll(compiled.functions, "digits_model_sha256").value.decode()
            assert sha == library.sha256


@pytest.mark.parametrize("name", ["m0", "m4", "m55"])
@pytest.mark.parametrize("structure", slow_but(STRUCTURES, ["small"]))
def test_each_variant_answers_as_tflite_does(structure, name, tmp_path):
    model = STRUCTURES[structure](5)
    library = outside(model, tmp_path)
    inputs = random_inputs(library, 4)
    found = measure(with_weights(library), board(name), inputs, ("-O2",), (), 300)
    np.testing.assert_array_equal(found.outputs, expected(model, inputs))


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_every_operators_numbers_are_in_the_blob(kind, tmp_path):
    model = single_operator(random.Random(11), kind)
    try:
        library = outside(model, tmp_path)
    except EdgedigitsError as error:
        assert "blob" in error.what
        return
    assert "WEIGHTS_ATTRIBUTE = {" not in library.source
    inputs = random_inputs(library, 12)
    inside = compile_host(export_bytes(model, tmp_path), tmp_path, QUICK).run(inputs)
    text = replace(library, text=with_weights(library))
    np.testing.assert_array_equal(compile_host(text, tmp_path, QUICK).run(inputs), inside)


def test_functions_around_a_digit_model_say_the_same(tmp_path):
    inside, library = (export_library(BUILTIN, weights=weights) for weights in ("plain", "blob"))
    grey = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    with CompiledLibrary(inside) as one, CompiledLibrary(library) as other:
        np.testing.assert_array_equal(one.input_from_grey(grey), other.input_from_grey(grey))
        outputs = one.run(one.input_from_grey(grey))
        np.testing.assert_array_equal(outputs, other.run(other.input_from_grey(grey)))
        np.testing.assert_array_equal(one.top1(outputs), other.top1(outputs))
        np.testing.assert_array_equal(one.confidence(outputs), other.confidence(outputs))


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """A library, its compiled C with a blob in use, inputs, and what they give."""
    library = outside(small_network(), tmp_path_factory.mktemp("taken"))
    inputs = random_inputs(library, 4)
    with CompiledLibrary(library) as compiled:
        yield library, compiled, inputs, compiled.run(inputs)


def signed(blob: bytes) -> bytes:
    """With the SHA-256 that it should have."""
    return blob[:80] + hashlib.sha256(blob[:80] + blob[HEAD:]).digest() + blob[HEAD:]


def test_a_flipped_bit_anywhere_is_refused_and_the_former_blob_stays_in_use(taken):
    library, compiled, inputs, outputs = taken
    blob = library.blobs["plain"]
    for place in [*range(0, HEAD, 5), *range(HEAD, len(blob), len(blob) // 40), len(blob) - 1]:
        spoilt = bytearray(blob)
        spoilt[place] ^= 1 << (place % 8)
        assert compiled.use_weights(bytes(spoilt)) < 0, place
    np.testing.assert_array_equal(compiled.run(inputs), outputs)


def test_each_wrong_blob_is_refused_by_a_number_of_its_own(taken, tmp_path):
    library, compiled, inputs, outputs = taken
    blob = library.blobs["plain"]
    other = outside(perceptron(), tmp_path).blobs["plain"]
    wrong = {
        "shorter": (blob[:-4], -1),
        "longer": (blob + bytes(4), -1),
        "nothing": (b"", -1),
        "a head alone": (blob[:HEAD], -1),
        "another magic": (signed(b"EDGX" + blob[4:]), -1),
        "another version": (signed(blob[:4] + b"\x02" + blob[5:]), -1),
        "another variant": (library.blobs["dsp"], -2),
        "another structure": (other, -3),
        "a spoilt weight": (blob[:-1] + bytes([blob[-1] ^ 1]), -4),
        "a spoilt sum": (blob[:80] + bytes([blob[80] ^ 1]) + blob[81:], -4),
    }
    assert {name: compiled.use_weights(given) for name, (given, _) in wrong.items()} == {
        name: number for name, (_, number) in wrong.items()
    }
    np.testing.assert_array_equal(compiled.run(inputs), outputs)


def test_a_blob_that_is_not_aligned_or_none_is_refused(taken):
    library, compiled, inputs, outputs = taken
    blob = library.blobs["plain"]
    held = ctypes.create_string_buffer(bytes(1) + blob, len(blob) + 1)
    use = compiled.functions.digits_use_weights
    assert use(ctypes.byref(held, 1), ctypes.c_size_t(len(blob))) == -1
    assert use(None, ctypes.c_size_t(len(blob))) == -1
    np.testing.assert_array_equal(compiled.run(inputs), outputs)


def test_nothing_runs_before_a_blob_was_taken(tmp_path):
    library = outside(perceptron(), tmp_path)
    library.text.write(tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "digits.h"\nstatic int32_t arena[(DIGITS_ARENA_BYTES + 3) / 4];\n'
        "int main(void)\n{\n    int8_t *memory = (int8_t *)arena;\n"
        "    return digits_run(memory, memory + DIGITS_INPUT_OFFSET, memory) == -1 ? 0 : 1;\n}\n"
    )
    checked_run("gcc", "-std=c99", "main.c", "digits.c", "-o", "main", cwd=tmp_path)
    checked_run(str(tmp_path / "main"))


def test_functions_around_a_digit_model_do_nothing_before_a_blob_was_taken(tmp_path):
    export_library(BUILTIN, weights="blob").text.write(tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "digits.h"\nstatic uint8_t grey[DIGITS_INPUT_BYTES];\nstatic int8_t input[DIGITS_INPUT_BYTES];\n'
        "static const int8_t output[10] = {0};\n"
        "int main(void)\n{\n    input[3] = 7;\n    digits_input_from_grey(grey, input);\n"
        "    return input[3] == 7 && digits_confidence(output) == 0 ? 0 : 1;\n}\n"
    )
    checked_run("gcc", *SANITIZERS, "-std=c99", "main.c", "digits.c", "-o", "main", cwd=tmp_path)
    checked_run(str(tmp_path / "main"))


@pytest.mark.parametrize("compiler", slow_but(["gcc", "clang", "m0", "m4", "m55", "rv32"], ["gcc", "m55"]))
def test_its_c_has_no_warnings(compiler, tmp_path):
    outside(small_network(), tmp_path).text.write(tmp_path)
    known = core(compiler) if compiler[0] in "mr" else None
    command = (need(f"{known.compiler}gcc"), *known.flags) if known else (need(compiler),)
    for level in ("-O2", "-Os"):
        checked_run(*command, *STRICT, level, "-c", "digits.c", "-o", "digits.o", cwd=tmp_path)


def test_the_sanitizers_have_nothing_to_say(tmp_path):
    model = small_network()
    library = outside(model, tmp_path)
    inputs = random_inputs(library, 6)
    text = replace(library, text=with_weights(library))
    np.testing.assert_array_equal(compile_host(text, tmp_path, SANITIZERS).run(inputs), expected(model, inputs))


def test_a_weight_of_minus_128_is_refused_with_a_way_out(tmp_path):
    builder = ModelBuilder(0)
    end = builder.dense(builder.input((1, 8)), 2)
    builder.tensors[builder.operators[-1].inputs[1]].data = np.full((2, 8), -128, np.int8)
    model = builder.build(end)
    with pytest.raises(EdgedigitsError, match=r"has a weight of -128.*--weights plain"):
        outside(model, tmp_path)
    export_library(tmp_path / "digits.tflite", weights="plain")


def test_a_library_that_holds_its_weights_knows_of_no_blob(tmp_path):
    library = export_bytes(small_network(), tmp_path)
    assert library.blobs == {} and "use_weights" not in library.source + library.header


def test_constants_are_worked_out_as_types_h_says():
    text = "W4(1, 2, 3, 4, -5, 6, 7, 8), W2(-1, 2, 3, 4) TAIL, \n#if defined(WITH_HELIUM)\n0, 0,\n#endif\n"
    assert constants_of("plain").array("weight_t", text).tolist() == [
        *(129, 130, 131, 132, 123, 134, 135, 136),
        *(127, 130, 131, 132),
    ]
    dsp = [1, 2, -5, 5, 3, 4, 7, 8, -1, 1, 3, 4, 0, 0, 0, 0]
    assert constants_of("dsp").array("weight_t", text).tolist() == dsp
    helium = [1, 2, 3, 4, -5, 6, 7, 8, -1, 2, 3, 4, 0, 0]
    assert constants_of("helium").array("weight_t", text).tolist() == helium
    assert [constants_of(variant).numbers("TAPS(9, 12), BIAS(-3, 4)") for variant in ("plain", "dsp")] == [
        [9, 4],
        [12, -3],
    ]
    with pytest.raises(ValueError, match="cannot work out"):
        constants_of("plain").numbers("sizeof(int)")
    with pytest.raises(ValueError, match="int8_t does not hold"):
        constants_of("plain").array("int8_t", "1, 128")


def test_items_of_an_initializer_come_one_by_one():
    assert list(leaves("{{a, b, {-1}}, TAPS(9, 12), ARENA(1, 2, 3, 4), c}")) == [
        *("a", "b", "-1"),
        *("TAPS(9, 12)", "ARENA(1, 2, 3, 4)", "c"),
    ]


def test_no_arena_is_told_for_an_avr(tmp_path):
    """Which cannot have a blob."""
    assert set(outside(small_network(), tmp_path).arena_bytes) == {"helium", "dsp", "plain"}
    assert "avr" in export_bytes(small_network(), tmp_path).arena_bytes


def test_an_avr_is_told_that_weights_from_outside_are_not_for_it(tmp_path):
    outside(small_network(), tmp_path).text.write(tmp_path)
    command = (need("avr-gcc"), "-mmcu=atmega2560", "-std=gnu99", "-c", "digits.c")
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    first, stop, *others = [line for line in done.stderr.splitlines() if "error:" in line]
    assert "weights from outside are not for 8-bit AVR: export with --weights plain" in first
    assert "fatal" in stop and others == []
