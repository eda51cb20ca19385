"""An arena in parts: what the developer gives is enough, nothing overlaps, or the refusal says what is missing."""

from __future__ import annotations

import math
import random
import re
from dataclasses import replace

import numpy as np
import pytest
from arena_checker import ArenaChecker
from host_library import FAST, SANITIZERS, checked_run, compile_host, random_inputs
from random_networks import random_network
from reference import reference_outputs
from slow_cases import slow_but
from test_builds import board
from test_library_hygiene import need, small_network

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.library import LibraryExport, export_library
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.planning.memories import Memory, check_memories, read_memory, split
from edgedigits.firmware_export.planning.plan import plan
from edgedigits.firmware_export.variants import VARIANTS


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.tflite"
    path.write_bytes(small_network())
    return path


@pytest.fixture(scope="module")
def whole(model):
    return plan(read_graph(model))


def export(model, *sizes: int) -> LibraryExport:
    return export_library(model, memories=tuple(Memory(f"ram{place}", size) for place, size in enumerate(sizes)))


@pytest.mark.parametrize(
    ("text", "memory"),
    [
        ("dtcm=16K", Memory("dtcm", 16384)),
        ("sram_1=1000", Memory("sram_1", 1000)),
        ("psram=8M", Memory("psram", 8 << 20)),
    ],
)
def test_a_memory_is_a_name_and_bytes(text, memory):
    assert read_memory(text) == memory


@pytest.mark.parametrize(
    "text",
    ["dtcm", "dtcm=", "=16K", "dtcm=0", "dtcm=-4", "dtcm=16k", "dtcm=1.5K", "DTCM=1K", "d-tcm=1K", "a__b=1K", "1x=1K"],
)
def test_another_form_is_refused(text):
    with pytest.raises(EdgedigitsError, match=r"names no memory and its size; write a C identifier .* dtcm=16K"):
        read_memory(text)


def test_names_are_each_for_one_memory_and_no_other_macros():
    with pytest.raises(EdgedigitsError, match="two memories are called sram"):
        check_memories([Memory("sram", 8), Memory("dtcm", 8), Memory("sram", 16)])
    with pytest.raises(EdgedigitsError, match="cannot be called arena; use another name, such as arena_ram"):
        check_memories([Memory("arena", 8)])
    with pytest.raises(EdgedigitsError, match="9 memories are more than 8"):
        check_memories([Memory(f"ram{place}", 8) for place in range(9)])
    check_memories([Memory(f"ram{place}", 8) for place in range(8)])


@pytest.mark.parametrize("seed", range(12))
def test_every_block_lies_in_one_memory_and_nothing_is_overwritten(seed, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(random_network(random.Random(seed), longest=8))
    one = plan(read_graph(path))
    ends = max(one.layouts[variant].bytes for variant in VARIANTS)
    outside = sum(math.prod(one.program.values[value].shape) + 4 for value in one.program.inputs + one.program.outputs)
    sizes = (max(ends * 2 // 3, outside), ends // 4, ends)
    made = split(one, [Memory(f"ram{place}", size) for place, size in enumerate(sizes)])
    borders = [0, *np.cumsum([size // 4 * 4 for size in sizes]).tolist()]
    assert list(made.starts) == borders[:-1]
    for variant in set(VARIANTS) - set(made.unfit):
        layout = made.layouts[variant]
        reached = [0, 0, 0]
        for block in layout.blocks:
            at = layout.offsets[block.key]
            place = next(place for place in (2, 1, 0) if at >= borders[place])
            assert at + block.size <= borders[place + 1]
            reached[place] = max(reached[place], at + block.size - borders[place])
        assert tuple(reached) == layout.parts
        for value in made.program.inputs + made.program.outputs:
            assert layout.offsets["value", made.program.root(value)] < borders[1]
        ArenaChecker(made, variant).run()


def test_memory_that_is_enough_for_all_is_one_arena(whole):
    made = split(whole, [Memory("ram", 1 << 20), Memory("more", 1 << 20)])
    assert {variant: layout.parts for variant, layout in made.layouts.items()} == {
        variant: (layout.bytes, 0) for variant, layout in whole.layouts.items()
    }


def test_what_a_refusal_asks_for_is_enough(model):
    """And four bytes less are not, of the memory that it names."""
    with pytest.raises(EdgedigitsError, match="does not fit into ram0 of 1,000 bytes and ram1 of 600 bytes") as refused:
        export(model, 1000, 600)
    said = re.findall(
        r"the (\w+) kernels (?:ram0 ([\d,]+) bytes? more or )?ram1 ([\d,]+) bytes? more", str(refused.value)
    )
    assert {variant for variant, _, _ in said} == set(VARIANTS)
    for variant, first, second in said:
        more = int(second.replace(",", ""))
        assert variant not in export(model, 1000, 600 + more).plan.unfit
        assert first == "" or variant not in export(model, 1000 + int(first.replace(",", "")), 600).plan.unfit
        try:
            assert variant in export(model, 1000, 600 + more - 4).plan.unfit
        except EdgedigitsError:
            continue


def test_input_and_output_lie_in_the_first_memory(model):
    with pytest.raises(EdgedigitsError, match=r"for the plain kernels ram0 [0-9,]+ bytes? more(;|$)"):
        export(model, 780, 1 << 20)


def asked(text: str) -> dict[str, list[dict[str, int]]]:
    """Of a refusal, for each kind of kernels: the ways that help, each as bytes more by the memory's name."""
    found = re.findall(r"for the (\w+) kernels ([^;]+)", text)
    return {
        variant: [
            {name: int(more.replace(",", "")) for name, more in re.findall(r"(\w+) ([\d,]+) bytes? more", way)}
            for way in ways.split(" or ")
        ]
        for variant, ways in found
    }


def fits(whole, variant: str, sizes: dict[str, int], more: dict[str, int]) -> bool:
    one = replace(whole, layouts={variant: whole.layouts[variant]})
    try:
        return not split(one, [Memory(name, size + more.get(name, 0)) for name, size in sizes.items()]).unfit
    except EdgedigitsError:
        return False


@pytest.mark.parametrize(
    "sizes", [{"dtcm": 30, "sram": 1 << 14}, {"dtcm": 700, "sram": 1 << 14}, {"dtcm": 702, "sram": 300, "psram": 201}]
)
def test_each_way_that_a_refusal_names_is_followed_and_clearly_less_is_refused(sizes, whole):
    with pytest.raises(EdgedigitsError, match="does not fit") as refused:
        split(whole, [Memory(name, size) for name, size in sizes.items()])
    said = asked(str(refused.value))
    assert set(said) == set(VARIANTS)
    for variant, ways in said.items():
        assert "dtcm" in ways[0]
        for way in ways:
            assert fits(whole, variant, sizes, way)
            less = {name: way[name] - max(64, way[name] // 20) for name in way}
            if min(less.values()) > 0:
                assert not fits(whole, variant, sizes, less)


def test_a_first_memory_that_inputs_and_outputs_almost_fill_lacks_no_whole_arena(whole):
    with pytest.raises(EdgedigitsError, match="does not fit") as refused:
        split(whole, [Memory("dtcm", 700), Memory("sram", 1 << 16)])
    source = sum(math.prod(whole.program.values[value].shape) for value in whole.program.inputs)
    for ways in asked(str(refused.value)).values():
        assert ways == [{"dtcm": way["dtcm"]} for way in ways]
        assert source <= 700 + ways[0]["dtcm"] <= source + 64


def test_where_two_memories_are_too_small_the_least_of_both_is_named(whole):
    with pytest.raises(EdgedigitsError, match=r"or ram0 [\d,]+ bytes? more and ram1 [\d,]+ bytes? more") as refused:
        split(whole, [Memory("ram0", 500), Memory("ram1", 500)])
    for alone, both in asked(str(refused.value)).values():
        assert both["ram0"] < alone["ram0"]


def test_kernels_that_do_not_fit_do_not_compile_and_the_others_do(model, whole, tmp_path):
    sizes = {variant: layout.bytes for variant, layout in whole.layouts.items()}
    least = min(sizes.values())
    library = export(model, least)
    assert set(library.plan.unfit) == {variant for variant, size in sizes.items() if size > least} != set()
    library.text.write(tmp_path)
    names = {"plain": "m0", "dsp": "m4", "helium": "m55"}
    for variant, name in names.items():
        known = core(name)
        compiler = need(f"{known.compiler}gcc")
        line = (compiler, *known.flags, "-std=c99", "-c", "digits.c", "-o", "digits.o")
        if variant in library.plan.unfit:
            with pytest.raises(
                AssertionError, match=r"the memories are too small for these kernels: ram0 [0-9,]+ bytes"
            ):
                checked_run(*line, cwd=tmp_path)
        else:
            checked_run(*line, cwd=tmp_path)


PARTS = [(1600, 1400, 4000), (1200, 1 << 16), (1 << 16,)]


@pytest.mark.parametrize("parts", slow_but(PARTS, PARTS[:1]))
def test_outputs_are_tflites(parts, model, tmp_path):
    library = export(model, *parts)
    inputs = random_inputs(library, 30)
    expected = np.array(reference_outputs(model.read_bytes(), inputs)).reshape(30, -1)
    for flags in (FAST, SANITIZERS):
        np.testing.assert_array_equal(compile_host(library, tmp_path, flags).run(inputs), expected)
    for name in ("m0", "m4", "m55"):
        found = measure(library.text, board(name), inputs[:3], ("-O2",), (), 300)
        np.testing.assert_array_equal(found.outputs, expected[:3])


def test_each_memory_is_an_array_where_its_attribute_says(model, tmp_path):
    library = export(model, 1600, 1400, 4000)
    library.text.write(tmp_path)
    compiler = need("arm-none-eabi-gcc")
    flags = (*core("m4").flags, "-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Wundef", "-Werror")
    where = [f'-DDIGITS_RAM{place}_ATTRIBUTE=__attribute__((section(".ram{place}")))' for place in (1, 2)]
    checked_run(compiler, *flags, *where, "-c", "digits.c", "-o", "digits.o", cwd=tmp_path)
    listing = checked_run("arm-none-eabi-objdump", "-t", "digits.o", cwd=tmp_path)
    parts = library.plan.layouts["dsp"].parts
    for place in (1, 2):
        size = int(re.search(rf"O \.ram{place}\s+([0-9a-f]+) digits_ram{place}$", listing, re.MULTILINE)[1], 16)
        assert size == parts[place] > 0
        assert f"#define DIGITS_RAM{place}_BYTES {size}\n" in library.header
    assert f"#define DIGITS_ARENA_BYTES {parts[0]}\n" in library.header


def test_without_memories_nothing_is_said_of_them(model):
    library = export_library(model)
    assert "memory_at" not in library.source
    assert "no global variables." in library.header and "each call has its own arena" in library.header
