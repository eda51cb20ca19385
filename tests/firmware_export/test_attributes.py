"""Weights, code and arena lie where the attributes of the library's macros say, and nothing else does."""

from __future__ import annotations

import re
import shutil

import pytest
from host_library import STRICT, checked_run, compile_host, export_bytes, random_inputs
from reference import reference_outputs
from slow_cases import slow_but
from test_builds import newest_clang
from test_library_hygiene import MODELS, perceptron, small_network

from edgedigits.firmware_export.boards.cores import core

PARTS = {"CODE": ".itcm", "WEIGHTS": ".qspi", "ARENA": ".dtcm"}
SECTIONS = tuple(f'-DDIGITS_{part}_ATTRIBUTE=__attribute__((section("{section}")))' for part, section in PARTS.items())
ARRAY = re.compile(r"digits_(weights|scaling|bias|multiplier|exponent|exponentials|table|constant)_\d+$")
MAIN = """#include "digits.h"
static int32_t arena[(DIGITS_ARENA_BYTES + 3) / 4] DIGITS_ARENA_ATTRIBUTE;
int main(void)
{
    int8_t *const memory = (int8_t *)arena;
    return digits_run(memory, memory + DIGITS_INPUT_OFFSET, memory + DIGITS_OUTPUT_OFFSET);
}
"""
SCRIPT = """SECTIONS
{
    .text 0x08000000 : { *(.text .text.*) *(.rodata .rodata.*) }
    .itcm 0x08100000 : { *(.itcm) }
    .dtcm 0x20000000 (NOLOAD) : { *(.dtcm) }
    .qspi 0x90000000 : { *(.qspi) }
    .bss 0x24000000 : { *(.data .data.* .bss .bss.* COMMON) }
    /DISCARD/ : { *(.ARM.exidx* .ARM.extab*) }
}
"""


def placed(name: str, compiler: str, model: bytes, folder, *flags: str) -> dict[str, dict[str, str]]:
    """Functions and objects of a program that runs a model, as symbol -> section; linked with the sections above."""
    known = core(name)
    tools = (f"{known.compiler}gcc", f"{known.compiler}objdump", compiler or "gcc")
    for command in tools:
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed")
    export_bytes(model, folder).text.write(folder)
    (folder / "main.c").write_text(MAIN)
    (folder / "script.ld").write_text(SCRIPT)
    target = ("--target=arm-none-eabi", "-isystem", "/usr/include/newlib") if compiler else ()
    for source in ("main", "digits"):
        own = (compiler or tools[0], *target, *known.flags, *STRICT, *flags, *SECTIONS)
        checked_run(*own, "-c", f"{source}.c", "-o", f"{source}.o", cwd=folder)
    link = (tools[0], *known.flags, "-nostartfiles", "-Wl,-emain", "-Tscript.ld", "main.o", "digits.o", "-o", "all.elf")
    checked_run(*link, cwd=folder)
    listing = checked_run(tools[1], "-t", "digits.o", "main.o", cwd=folder)
    own_names = {line.split()[-1] for line in listing.splitlines() if re.match(r"[0-9a-f]{8} [lg]", line)}
    found: dict[str, dict[str, str]] = {"F": {}, "O": {}}
    for line in checked_run(tools[1], "-t", "all.elf", cwd=folder).splitlines():
        symbol = re.match(r"[0-9a-f]{8} [lg].{5}([FO]) (\S+)\s+[0-9a-f]+ (?:\.hidden )?(\S+)$", line)
        if symbol and symbol[3] in own_names:
            found[symbol[1]][symbol[3]] = symbol[2]
    return found


COLLECTED = "-Os -ffunction-sections -fdata-sections -Wl,--gc-sections"


@pytest.mark.parametrize("flags", slow_but(["-O0", "-O2", COLLECTED], [COLLECTED]))
@pytest.mark.parametrize("compiler", ["", newest_clang()], ids=["gcc", "clang"])
@pytest.mark.parametrize("name", slow_but(["m0", "m4", "m55"], ["m0", "m55"]))
def test_weights_code_and_arena_lie_in_the_developers_sections(name, compiler, flags, tmp_path):
    flags = tuple(flag for flag in flags.split() if not flag.startswith("-Wl"))
    found = placed(name, compiler, small_network(), tmp_path, *flags)
    functions, objects = found["F"], found["O"]
    assert functions.pop("main") != ".itcm"
    assert "digits_run" in functions and set(functions.values()) == {".itcm"}
    assert objects.pop("arena") == ".dtcm"
    arrays = {symbol for symbol in objects if ARRAY.match(symbol)}
    kinds = {"weights", "bias", "multiplier", "exponent", "exponentials"} | ({"scaling"} if name == "m4" else set())
    assert {symbol.split("_")[1] for symbol in arrays} == kinds
    assert {symbol for symbol, section in objects.items() if section == ".qspi"} == arrays
    assert {section for symbol, section in objects.items() if symbol not in arrays} == {".text"}


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_function_and_array_of_every_operator_takes_its_attribute(model, tmp_path):
    """A section that the linker was not told of would end in one of its own."""
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    export_bytes(MODELS[model](), tmp_path).text.write(tmp_path)
    flags = (*core("m4").flags, *STRICT, "-O0", *SECTIONS)
    checked_run("arm-none-eabi-gcc", *flags, "-c", "digits.c", "-o", "digits.o", cwd=tmp_path)
    listing = checked_run("arm-none-eabi-objdump", "-t", "digits.o", cwd=tmp_path)
    symbols = re.findall(r"^[0-9a-f]{8} [lg].{5}([FO]) (\S+)\s+[0-9a-f]+ (?:\.hidden )?(\S+)$", listing, re.MULTILINE)
    assert {section for kind, section, _ in symbols if kind == "F"} == {".itcm"}
    assert all((section == ".qspi") == (re.match(r"digits_[a-z]+_\d+$", name) is not None)
               for kind, section, name in symbols if kind == "O")  # fmt: skip


def test_attributes_change_no_output(tmp_path):
    model = perceptron()
    library = export_bytes(model, tmp_path)
    inputs = random_inputs(library, 5)
    outputs = compile_host(library, tmp_path, ("-O2", *SECTIONS)).run(inputs)
    assert outputs.tolist() == [output.ravel().tolist() for output in reference_outputs(model, inputs)]
