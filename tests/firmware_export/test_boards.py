"""The emulated boards: counts are exact, outputs come back intact, and whatever goes wrong has a message."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from slow_cases import slow_but

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.boards.cores import CORES, Core, core
from edgedigits.firmware_export.boards.measure import CoreMeasurement, measure
from edgedigits.firmware_export.c_source.library_text import LibraryText

FAMILIES = [core(name) for name in ("m0", "m55", "rv32", "avr")]
QEMU_CORES = [known for known in CORES if known.memory.bulk.size]
OTHER_TOOLS = ("gcc", "size", "nm")

HEADER = """
#include <stdint.h>
#define TINY_ARENA_BYTES 64
#define TINY_INPUT_BYTES 8
#define TINY_OUTPUT_BYTES 8
#define TINY_INPUT_OFFSET 16
#define TINY_OUTPUT_OFFSET 24
int tiny_run(int8_t *arena, const int8_t *input, int8_t *output);
"""

# One turn is two instructions (AVR: four cycles); the last turn's branch is not taken, which on an AVR saves a cycle.
COUNTED_LOOP = """
#if defined(__AVR__)
#define TURNS(n) do { uint16_t left_ = (n); __asm__ volatile("1: sbiw %0, 1\\n brne 1b" : "+w"(left_)); } while (0)
#elif defined(__arm__)
#define TURNS(n) do { uint32_t left_ = (n); \\
    __asm__ volatile(".syntax unified\\n 1: subs %0, #1\\n bne 1b" : "+l"(left_) :: "cc"); } while (0)
#else
#define TURNS(n) do { uint32_t left_ = (n); \\
    __asm__ volatile("1: addi %0, %0, -1\\n bnez %0, 1b" : "+r"(left_)); } while (0)
#endif
"""

SOURCE = """
#include "tiny.h"
#ifdef TINY_PROFILE
void tiny_profile(int stage);
#define STAGE(n) tiny_profile(n)
#else
#define STAGE(n) ((void)0)
#endif
{before}
int tiny_run(int8_t *arena, const int8_t *input, int8_t *output)
{{
    {body}
    return 0;
}}
"""


def tiny(body: str, before: str = "") -> LibraryText:
    return LibraryText("tiny", HEADER, SOURCE.format(before=before, body=body))


COPY = tiny("(void)arena; for (int i = 0; i < 8; i++) output[i] = input[i];")


@pytest.fixture(params=slow_but(CORES, FAMILIES), ids=lambda known: known.name)
def any_core(request) -> Core:
    return have_tools(request.param)


@pytest.fixture(params=["m4", "rv32", "avr"])
def each_toolchain(request) -> Core:
    return have_tools(core(request.param))


@pytest.fixture(params=slow_but(QEMU_CORES, FAMILIES[:-1]), ids=lambda known: known.name)
def qemu_core(request) -> Core:
    return have_tools(request.param)


def have_tools(known: Core) -> Core:
    for command, package in (
        (known.compiler + "gcc", known.compiler_package),
        (known.emulator[0], known.emulator_package),
    ):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed (Debian: apt install {package})")
    return known


def rows(*first_bytes: int) -> np.ndarray:
    images = np.zeros((len(first_bytes), 8), np.int8)
    images[:, 0] = first_bytes
    return images


def run(
    library: LibraryText, known: Core, images: np.ndarray | None = None, timeout: float = 60.0, stages: int = 0
) -> CoreMeasurement:
    images = rows(1) if images is None else images
    return measure(library, known, images, size_flags=(), timeout=timeout, stages=stages)


def test_every_byte_of_every_image_comes_back(any_core):
    images = np.random.default_rng(1).integers(-128, 128, (200, 8)).astype(np.int8)
    assert np.array_equal(run(COPY, any_core, images).outputs, images)


@pytest.mark.parametrize("name", ["measure", "port", "startup", "smallest", "images", "library", "size"])
def test_a_library_may_be_called_like_a_program_around_it(name):
    text = {"header": HEADER, "source": COPY.source}
    renamed = {part: code.replace("tiny", name).replace("TINY", name.upper()) for part, code in text.items()}
    assert run(LibraryText(name, **renamed), have_tools(core("m4")), rows(5)).outputs[0, 0] == 5


def test_more_images_than_an_avr_holds_at_once_come_back():
    images = np.random.default_rng(2).integers(-128, 128, (70, 784)).astype(np.int8)
    header = HEADER.replace("INPUT_BYTES 8", "INPUT_BYTES 784").replace("ARENA_BYTES 64", "ARENA_BYTES 800")
    # The output lies in the arena's first bytes, below the input.
    header = header.replace("OUTPUT_OFFSET 24", "OUTPUT_OFFSET 0")
    library = LibraryText("tiny", header, COPY.source)
    assert np.array_equal(run(library, have_tools(core("avr")), images).outputs, images[:, :8])


def test_the_counter_is_exact_to_one(any_core):
    turns = list(range(1, 128))
    library = tiny("(void)arena; (void)output; TURNS((uint8_t)input[0]);", COUNTED_LOOP)
    counted = run(library, any_core, rows(*turns)).instructions
    each = 4 if any_core.unit == "cycles" else 2
    assert list(np.diff(counted)) == [each] * 126
    assert 0 < counted[0] - each < 30  # the call, the load and the return


def test_the_counter_is_exact_over_millions(any_core):
    library = tiny("(void)arena; (void)output; for (int8_t i = 0; i < input[0]; i++) TURNS(60000u);", COUNTED_LOOP)
    once, twice, often = run(library, any_core, rows(1, 2, 100)).instructions
    assert often - once == 99 * (twice - once)
    assert twice - once == pytest.approx(60000 * (4 if any_core.unit == "cycles" else 2), rel=1e-4)


def test_stages_get_their_own_instructions(qemu_core):
    body = """
    (void)arena; (void)output; (void)input;
    for (int row = 0; row < 10; row++) { STAGE(0); TURNS(1000); STAGE(2); TURNS(50); }
    STAGE(-1);
    TURNS(5000);
    """
    measured = run(tiny(body, COUNTED_LOOP), qemu_core, stages=3)
    first, second, third = measured.stage_instructions
    assert first == pytest.approx(20_000, abs=100)  # ten times the loop's setting up
    assert second == 0
    assert third == pytest.approx(1_000, abs=100)
    assert measured.instructions[0] == pytest.approx(31_000, abs=200)


def test_the_stack_is_measured_to_its_deepest_byte(any_core):
    body = "volatile uint8_t block[300]; (void)arena; block[0] = (uint8_t)input[0]; output[0] = (int8_t)block[0];"
    assert 300 <= run(tiny(body), any_core).stack <= 300 + 64


def test_sizes_tell_parameters_from_code(any_core):
    flash = "#ifdef __AVR__\n#define FLASH __flash\n#else\n#define FLASH\n#endif\n"
    arrays = "static const FLASH int8_t tiny_weights_0[1000] = {7}, tiny_table[256] = {9};"
    body = "(void)arena; output[0] = (int8_t)(tiny_weights_0[(uint8_t)input[0]] + tiny_table[(uint8_t)input[1]]);"
    measured = measure(tiny(body, flash + arrays), any_core, rows(1))
    assert [weight.flags for weight in measured.footprints] == [("-O2",), ("-Os",)]
    for weight in measured.footprints:
        assert weight.parameters == {"tiny_weights_0": 1000}
        assert 256 < weight.code_and_tables < 256 + 100
        assert weight.code_and_tables < weight.whole_without_parameters < weight.code_and_tables + 700


def test_the_arena_is_what_this_compiler_sees():
    helium = "#ifdef __ARM_FEATURE_MVE\n#define WIDER 16\n#else\n#define WIDER 0\n#endif\n"
    header = helium + HEADER.replace("64", "(64 + WIDER)")
    library = LibraryText("tiny", header, COPY.source)
    assert run(library, have_tools(core("m4"))).arena == 64
    assert run(library, have_tools(core("m55"))).arena == 64 + 16


def test_a_crash_names_the_function(qemu_core):
    body = "(void)arena; (void)input; (void)output; __builtin_trap();"
    with pytest.raises(EdgedigitsError, match=r"crashed on .*: exception \d+ at 0x[0-9a-f]{8} \(tiny_run\)"):
        run(tiny(body), qemu_core)


def test_an_m0_may_not_load_unaligned_words():
    body = "(void)input; output[0] = (int8_t)*(volatile int32_t *)(arena + 1);"
    with pytest.raises(EdgedigitsError, match="crashed"):
        run(tiny(body), have_tools(core("m0")))
    run(tiny(body), have_tools(core("m4")))


def test_a_firmware_that_never_ends_is_stopped(each_toolchain):
    body = "(void)arena; (void)input; (void)output; for (;;) TURNS(1000);"
    with pytest.raises(EdgedigitsError, match="did not end within 1 s"):
        run(tiny(body, COUNTED_LOOP), each_toolchain, timeout=1)


def test_a_library_that_returns_an_error_is_reported(each_toolchain):
    body = "(void)arena; (void)output; if (input[0] == 3) return -1;"
    with pytest.raises(EdgedigitsError, match="returned an error for image 2"):
        run(tiny(body), each_toolchain, rows(1, 2, 3))


@pytest.mark.parametrize(
    ("name", "size"), [("m4", 5_000_000), ("m55", 3_000_000), ("rv32", 5_000_000), ("avr", 32_700), ("avr", 32_300)]
)
def test_a_model_larger_than_the_memory_says_by_how_much(name, size):
    qualifier = "__flash" if name == "avr" else ""
    big = f"const {qualifier} int8_t tiny_weights_0[{size}] = {{1}};"
    # An int of 16 bits cannot name the last bytes of the larger arrays.
    body = "(void)arena; output[0] = tiny_weights_0[(uint16_t)(input[0] * 100)];"
    with pytest.raises(EdgedigitsError, match=r"needs [\d,]+ bytes more flash than the [\d,]+ there are"):
        run(tiny(body, big), have_tools(core(name)))


@pytest.mark.parametrize("arena", [2035, 3000])
def test_a_model_that_needs_more_ram_than_an_avr_has_is_refused(arena):
    library = LibraryText("tiny", HEADER.replace("ARENA_BYTES 64", f"ARENA_BYTES {arena}"), COPY.source)
    with pytest.raises(
        EdgedigitsError, match=r"needs [\d,]+ bytes more RAM than the 2,048 there are|leaves only \d+ bytes of stack"
    ):
        run(library, have_tools(core("avr")))


def test_source_that_does_not_compile_shows_the_compilers_words():
    with pytest.raises(EdgedigitsError, match=r"refused the source for Cortex-M4(.|\n)*'nonsense'"):
        run(tiny("nonsense;"), have_tools(core("m4")))


def test_a_missing_compiler_is_named_with_its_package(each_toolchain, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EdgedigitsError, match=f"gcc is not installed; .*{each_toolchain.compiler_package.split()[0]}"):
        run(COPY, each_toolchain)


def test_a_missing_emulator_is_named_with_its_package(each_toolchain, monkeypatch, tmp_path):
    for tool in OTHER_TOOLS:
        (tmp_path / (each_toolchain.compiler + tool)).symlink_to(
            Path(str(shutil.which(each_toolchain.compiler + tool))).resolve()
        )
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EdgedigitsError, match=f"is not installed; .*{each_toolchain.emulator_package}"):
        run(COPY, each_toolchain)


def test_an_unknown_core_lists_the_known_ones():
    with pytest.raises(EdgedigitsError, match="choose one of m0, m3, m4, m7, m33, m55, rv32, rv32e, avr"):
        core("m85")
