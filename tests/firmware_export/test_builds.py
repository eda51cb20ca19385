"""Every build that people use compiles without a warning, answers as TFLite does, and loses little.

The compilers are Debian's arm-none-eabi-gcc, the newest clang that is installed, and those that
$EDGEDIGITS_COMPILERS names, as paths apart by ``:`` (of arm-none-eabi-gcc or of clang).
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from host_library import STRICT, checked_run, export_bytes, random_inputs
from model_builder import ModelBuilder
from numpy.typing import NDArray
from reference import reference_outputs
from slow_cases import slow_but
from test_library_hygiene import small_network

from edgedigits.firmware_export.boards.cores import CORES, Core, core
from edgedigits.firmware_export.boards.measure import CoreMeasurement, measure
from edgedigits.firmware_export.boards.toolchain import compile_source
from edgedigits.firmware_export.library import LibraryExport, export_library

GCC = "arm-none-eabi-gcc"
BUILDS = (
    *("-O0 -g", "-Og -g", "-O1", "-O2", "-O3", "-Os", "-Os -flto -ffat-lto-objects"),
    "-O2 -fno-omit-frame-pointer -ffixed-r9",
    "-O0 -g -fno-omit-frame-pointer -ffixed-r9",
    "-O2 -ffreestanding -fno-builtin",
    "-Os -ffreestanding -fno-builtin",
    *("-O2 -DNO_ASSEMBLY", "-Os -DNO_ASSEMBLY", "-O2 -DNO_DSP", "-O0 -DNO_DSP -DPROFILE"),
)
QUICK_BUILDS = (
    "-O0 -g",
    "-O2 -fno-omit-frame-pointer -ffixed-r9",
    "-Os -ffreestanding -fno-builtin",
    "-Os -DNO_ASSEMBLY",
)
WARNINGS = (*STRICT[1:], "-Wundef", "-Wstrict-prototypes")
ARM = tuple(known.name for known in CORES if known.port == "cortex_m")
STDINT_H = "".join(
    f"typedef __{kind}_TYPE__ {kind.lower()}_t;\n#define {kind}_C(number) (({kind.lower()}_t)number)\n"
    for kind in (*(f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)), "INTPTR", "UINTPTR")
)
STDINT_H += "#define INT32_MAX __INT32_MAX__\n#define INT32_MIN (-__INT32_MAX__ - 1)\n"
STRING_H = "#include <stddef.h>\nvoid *memcpy(void *, const void *, size_t);\nvoid *memset(void *, int, size_t);\n"


def newest_clang() -> str:
    found = [f"clang-{version}" for version in range(30, 13, -1) if shutil.which(f"clang-{version}")]
    return (found or ["clang"])[0]


COMPILERS = (GCC, newest_clang(), *filter(None, os.environ.get("EDGEDIGITS_COMPILERS", "").split(os.pathsep)))


@dataclass(frozen=True)
class Case:
    """A library, what it is given, and what it has to answer: (n, bytes) both."""

    library: LibraryExport
    inputs: NDArray[np.int8]
    expected: NDArray[np.int8]


def case(model: bytes, folder: Path, images: int = 2) -> Case:
    library = export_bytes(model, folder)
    inputs = random_inputs(library, images)
    return Case(library, inputs, np.array(reference_outputs(model, inputs)).reshape(images, -1))


@pytest.fixture(scope="module")
def rectified(tmp_path_factory) -> Case:
    return case(small_network(), tmp_path_factory.mktemp("rectified"))


@pytest.fixture(scope="module")
def includes(tmp_path_factory) -> Path:
    """A folder of what the library includes and a compiler without a C library has not."""
    folder = tmp_path_factory.mktemp("includes")
    (folder / "stdint.h").write_text(STDINT_H)
    (folder / "string.h").write_text(STRING_H)
    return folder


def board(name: str) -> Core:
    known = core(name)
    for command in (f"{known.compiler}gcc", known.emulator[0]):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed")
    return known


def command(compiler: str, includes: Path) -> tuple[str, ...]:
    """A compiler of a library, every warning an error."""
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    target = ("--target=arm-none-eabi",) if "clang" in compiler else ()
    headers = () if compiler == GCC else ("-isystem", str(includes))
    return (compiler, *target, *headers, *WARNINGS)


def built(which: Case, name: str, flags: str, compiler: tuple[str, ...]) -> CoreMeasurement:
    """Measure; every output is the reference kernels'."""
    options = tuple(flags.split())
    found = measure(which.library.text, board(name), which.inputs, options, (), 300, compiler=compiler)
    np.testing.assert_array_equal(found.outputs, which.expected)
    return found


def fits_clang(flags: str) -> bool:
    return "-ffixed-r9" not in flags and fits_another_linker(flags)


def fits_another_linker(flags: str) -> bool:
    """Only the linker of the same compiler optimises what it wrote for that."""
    return "-flto" not in flags


@pytest.mark.parametrize("flags", QUICK_BUILDS)
@pytest.mark.parametrize("name", slow_but(["m0", "m4", "m55"], ["m0", "m4"]))
def test_builds_of_gcc_answer_as_tflite_does(name, flags, rectified, includes):
    built(rectified, name, flags, command(GCC, includes))


@pytest.mark.parametrize("flags", ["-O0 -g", "-O2"])
@pytest.mark.parametrize("name", slow_but(["m0", "m4", "m55"], ["m4"]))
def test_builds_of_clang_answer_as_tflite_does(name, flags, rectified, includes):
    built(rectified, name, flags, command(newest_clang(), includes))


@pytest.mark.slow
@pytest.mark.parametrize("compiler", COMPILERS, ids=os.path.basename)
@pytest.mark.parametrize("name", ARM)
def test_every_build_on_every_core_answers_as_tflite_does(name, compiler, includes, tmp_path):
    line = command(compiler, includes)
    cases = [case(small_network(kind), tmp_path) for kind in ("RELU", "NONE")]
    fits = fits_clang if "clang" in compiler else fits_another_linker
    for flags in BUILDS:
        if compiler == GCC or fits(flags):
            for which in cases:
                built(which, name, flags, line)


@pytest.mark.slow
@pytest.mark.parametrize("flags", [flags for flags in BUILDS if "r9" not in flags])
def test_every_build_of_risc_v_answers_as_tflite_does(flags, rectified):
    built(rectified, "rv32", flags, (f"{board('rv32').compiler}gcc", *WARNINGS))


WITHOUT_GCCS_WORDS = """#!/bin/sh
for word in "$@"; do
    shift
    case $word in -misa-spec=*|--specs=*) ;; *) set -- "$@" "$word" ;; esac
done
exec {compiler} --target=riscv32-unknown-elf "$@"
"""


@pytest.mark.slow
@pytest.mark.parametrize("flags", [flags for flags in BUILDS if "DSP" not in flags and fits_clang(flags)])
def test_builds_of_clang_for_risc_v_answer_as_tflite_does(flags, rectified, includes, tmp_path):
    """It is told of the core in fewer words than GCC; GNU ld 2.40 crashes on what it writes for debuggers."""
    if shutil.which(newest_clang()) is None:
        pytest.skip("clang is not installed")
    (script := tmp_path / "clang").write_text(WITHOUT_GCCS_WORDS.format(compiler=newest_clang()))
    script.chmod(0o755)
    built(rectified, "rv32", flags.removesuffix(" -g"), (str(script), "-isystem", str(includes), *WARNINGS))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["RELU", "NONE"])
@pytest.mark.parametrize("flags", [flags for flags in BUILDS if "r9" not in flags])
def test_every_build_of_an_8_bit_core_answers_as_tflite_does(flags, kind, tmp_path):
    """`-pedantic` would warn of `__flash`, which is the only thing that the library takes from beyond C99."""
    line = (f"{board('avr').compiler}gcc", *(word for word in WARNINGS if word != "-pedantic"))
    built(case(tiny_network(kind), tmp_path), "avr", flags, line)


def tiny_network(kind: str) -> bytes:
    """What an ATmega328P has room for, without optimisation too."""
    built = ModelBuilder(5)
    maps = built.conv(built.input((1, 12, 10, 2)), 4, (3, 3), activation=kind)
    maps = built.conv(built.depthwise(built.pool(maps), activation=kind), 6, (1, 1), activation=kind)
    return built.build(built.softmax(built.dense(built.mean(maps), 5)))


def reference_model(name: str) -> Path:
    """One of the reference models of ``make firmware-bench``, or the one that comes with the package."""
    if name == "builtin":
        return Path(str(files("edgedigits.core") / "pretrained" / "small" / "model.int8.tflite"))
    folder = Path(os.environ.get("EDGEDIGITS_BENCH", ""))
    if not (folder / f"{name}_int8.tflite").is_file():
        pytest.skip("EDGEDIGITS_BENCH does not name the folder of the reference models")
    return folder / f"{name}_int8.tflite"


@cache
def reference_case(name: str) -> Case:
    model = reference_model(name)
    library = export_library(model, name="digits")
    inputs = random_inputs(library, 1)
    return Case(library, inputs, np.array(reference_outputs(model.read_bytes(), inputs)).reshape(1, -1))


@cache
def instructions(model: str, name: str, flags: str, compiler: tuple[str, ...] = ()) -> float:
    return built(reference_case(model), name, flags, compiler).mean_instructions


REFERENCE_MODELS = [
    "builtin",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("dscnn", "fakebank", "vit")),
]


@pytest.mark.parametrize("model", REFERENCE_MODELS)
class TestCost:
    """Bounds on what a build takes beside the default one, -O2 of GCC on the same core."""

    @pytest.mark.parametrize("name", slow_but(["m0", "m3", "rv32"], ["m0"]))
    def test_small_code_of_plain_kernels_takes_at_most_40_per_cent_more(self, model, name):
        assert instructions(model, name, "-Os") <= 1.4 * instructions(model, name, "-O2")

    @pytest.mark.parametrize("name", slow_but(["m0", "m4", "m55"], ["m55"]))
    def test_a_freestanding_build_loses_nothing(self, model, name):
        plain, free = instructions(model, name, "-O2"), instructions(model, name, "-O2 -ffreestanding -fno-builtin")
        assert free <= 1.01 * plain

    @pytest.mark.parametrize("name", slow_but(["m4", "m33"], ["m4"]))
    def test_frame_pointers_and_a_fixed_register_take_at_most_10_per_cent_more(self, model, name):
        plain = instructions(model, name, "-O2")
        assert instructions(model, name, "-O2 -fno-omit-frame-pointer -ffixed-r9") <= 1.1 * plain

    def test_risc_v_takes_at_most_a_fifth_more_than_an_m0(self, model):
        assert instructions(model, "rv32", "-O2") <= 1.2 * instructions(model, "m0", "-O2")

    @pytest.mark.parametrize(("name", "most"), [("m0", 1.25), ("m4", 1.06), ("m55", 1.05)])
    def test_clang_takes_little_more(self, model, name, most, includes):
        line = (*command(newest_clang(), includes), *(() if name == "m0" else ("-munaligned-access",)))
        assert instructions(model, name, "-O2", line) <= most * instructions(model, name, "-O2")


def test_assembly_leaves_the_platform_register_and_every_call_of_freestanding_c_alone(tmp_path):
    """What a build fixes in r9 an interrupt may use at any time."""
    library = export_library(reference_model("builtin"))
    options = ("-O2", "-ffixed-r9", "-ffreestanding", "-fno-builtin")
    made = compile_source(library.text.write(tmp_path), board("m4"), options)
    listing = checked_run("arm-none-eabi-objdump", "-d", "--no-show-raw-insn", str(made.path))
    assert "smlad" in listing
    assert not re.search(r"\br9\b|\{[^}]*r[5-8]-(r1[01]|fp|sl)", listing)
    assert "four_bytes" not in listing
    assert len(re.findall(r"\bbl\b.*<memcpy>", listing)) == 0


class TestMacros:
    def test_no_dsp_takes_the_plain_kernels_and_their_arena(self, rectified, includes):
        assert rectified.library.arena_bytes["dsp"] != rectified.library.arena_bytes["plain"]
        found = built(rectified, "m4", "-O2 -DNO_DSP", command(GCC, includes))
        assert found.arena == rectified.library.arena_bytes["plain"]

    def test_no_assembly_is_c_alone(self, rectified, tmp_path):
        source = rectified.library.text.write(tmp_path).name
        flags = (*board("m4").flags, "-std=c99", "-O2", "-S", source, "-o", "-")
        assert "@APP" in re.sub(r"^\s*@ \d+ .*", "@APP", checked_run(GCC, *flags, cwd=tmp_path), flags=re.M)
        assert "smmlar" not in checked_run(GCC, "-DNO_ASSEMBLY", *flags, cwd=tmp_path)

    def test_profile_tells_every_step_and_the_end(self, rectified, tmp_path):
        rectified.library.text.write(tmp_path)
        (tmp_path / "main.c").write_text(
            '#include <stdio.h>\n#include "digits.h"\n'
            "static int32_t arena[(DIGITS_ARENA_BYTES + 3) / 4];\n"
            'void digits_profile(int stage)\n{\n    printf("%d\\n", stage);\n}\n'
            "int main(void)\n{\n    static int8_t in[DIGITS_INPUT_BYTES], out[DIGITS_OUTPUT_BYTES];\n"
            "    return digits_run((int8_t *)arena, in, out);\n}\n"
        )
        program = str(tmp_path / "profiled")
        flags = (*STRICT, "-Wmissing-prototypes", "-O1", "-DDIGITS_PROFILE", "-I.")
        checked_run("gcc", *flags, "main.c", "digits.c", "-o", program, cwd=tmp_path)
        said = [int(word) for word in checked_run(program).split()]
        assert said[:-1] == list(rectified.library.plan.schedule.order)
        assert said[-1] == -1
