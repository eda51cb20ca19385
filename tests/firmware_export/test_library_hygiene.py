"""The generated C as C: warnings, languages, compilers, symbols, and that it says the same every time."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from host_library import STRICT, checked_run, export_bytes
from model_builder import ModelBuilder
from random_networks import MAKERS, random_network, single_operator
from slow_cases import slow_but

from edgedigits.firmware_export.boards.cores import CORES, core

C_FLAGS = STRICT[1:]
CPP_FLAGS = ("-std=c++17", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
KERNEL_FILES = files("edgedigits.firmware_export.operators") / "kernels"
KERNELS = sorted(path.name for path in KERNEL_FILES.iterdir())
WARNING_CORES = ("m0", "m4", "m33", "m55", "rv32")
PUBLIC = {"run", "version", "model_sha256"}
OPTIONAL = {"input_from_grey", "input_from_bytes", "top1", "confidence", "label"}
"""Functions of models that take a picture or whose outputs have names; the header declares those that there are."""


def need(command: str) -> str:
    if shutil.which(command) is None:
        pytest.skip(f"{command} is not installed")
    return command


def small_network(activation: str = "RELU", seed: int = 0) -> bytes:
    """Every kernel that the networks of the zoo need: fused pool, 1x1, depthwise, sum, mean, softmax."""
    builder = ModelBuilder(seed)
    end = builder.conv(builder.input((1, 28, 28, 1)), 8, (3, 3), activation=activation)
    end = builder.pool(builder.conv(end, 8, (3, 3), padding="VALID", activation=activation))
    end = builder.conv(builder.depthwise(end, activation=activation), 12, (1, 1), activation=activation)
    end = builder.add(builder.depthwise(end, 1, (3, 3)), end)
    return builder.build(builder.softmax(builder.dense(builder.mean(end), 10)))


def perceptron() -> bytes:
    builder = ModelBuilder(2)
    end = builder.dense(builder.input((1, 28, 28, 1)), 12, activation="RELU")
    return builder.build(builder.softmax(builder.dense(end, 10)))


def one_output() -> bytes:
    builder = ModelBuilder(1)
    return builder.build(builder.dense(builder.input((1, 66)), 1))


WHOLE = {
    "small": small_network,
    "unrectified": lambda: small_network("NONE"),
    "perceptron": perceptron,
    "one_output": one_output,
    "random": lambda: random_network(random.Random(4)),
}
MODELS = {
    **WHOLE,
    **{f"only_{kind}": lambda kind=kind: single_operator(random.Random(7), kind) for kind in sorted(MAKERS)},
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """The source of each model of MODELS, by name."""
    folder = tmp_path_factory.mktemp("sources")
    return {name: export_bytes(make(), folder, name).text.write(folder) for name, make in MODELS.items()}


def compiles(compiler: str, source: Path, *flags: str) -> None:
    checked_run(compiler, *flags, "-c", source.name, "-o", os.devnull, cwd=source.parent)


@pytest.mark.parametrize("kernel", [name for name in KERNELS if name.endswith(".c")])
@pytest.mark.parametrize("target", ["gcc", "clang", pytest.param("m0", marks=pytest.mark.slow), "m4", "m55"])
def test_every_kernel_compiles_alone(kernel, target):
    """What only the writer's choice uses may stand unused here."""
    known = None if target in {"gcc", "clang"} else core(target)
    command = (target,) if known is None else (f"{known.compiler}gcc", *known.flags)
    flags = ("-std=c99" if known is None else "-std=gnu99", *C_FLAGS, "-O2")
    allowed = ("-Wno-unused-function", "-Wno-unused-macros", "-Wno-empty-translation-unit", "-Wno-pedantic")
    checked_run(
        need(command[0]), *command[1:], *flags, *allowed, "-c", kernel, "-o", os.devnull, cwd=Path(str(KERNEL_FILES))
    )


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_generated_c_has_no_warnings(compiler, model, sources):
    """Clang finds all that it warns of before it makes code."""
    checked = ("-fsyntax-only",) if compiler == "clang" else ()
    for level in ("-O2", "-Os"):
        compiles(need(compiler), sources[model], "-std=c99", *C_FLAGS, level, *checked)


@pytest.mark.parametrize("model", slow_but(MODELS, WHOLE))
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_nor_has_it_in_a_newer_c(compiler, model, sources):
    compiles(need(compiler), sources[model], "-std=c11", *C_FLAGS, "-O3")


@pytest.mark.parametrize(
    "model",
    slow_but(
        ["small", "unrectified", "perceptron", "one_output", "only_concat", "only_softmax", "random"],
        ["unrectified", "random"],
    ),
)
@pytest.mark.parametrize("name", WARNING_CORES)
def test_generated_c_has_no_warnings_on_cores(name, model, sources):
    known = core(name)
    compiler = need(f"{known.compiler}gcc")
    for level in ("-Os", "-O2"):
        compiles(compiler, sources[model], "-std=c99", *known.flags, *C_FLAGS, level)


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", [known.name for known in CORES if known.name != "avr"])
def test_no_model_has_warnings_on_any_core(name, model, sources):
    known = core(name)
    compiler = need(f"{known.compiler}gcc")
    for level in ("-Os", "-O2", "-O3"):
        compiles(compiler, sources[model], "-std=c99", *known.flags, *C_FLAGS, level)


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_the_header_serves_cpp_and_c_links_with_it(compiler, sources, tmp_path):
    need(compiler)
    source = sources["small"]
    main = tmp_path / "main.cpp"
    main.write_text(
        '#include "small.h"\n#include "small.h"\n'
        "static int32_t arena[(SMALL_ARENA_BYTES + 3) / 4];\n"
        "int main() {\n    std::int8_t scores[SMALL_OUTPUT_BYTES];\n"
        "    std::int8_t *const bytes = reinterpret_cast<std::int8_t *>(arena);\n"
        "    return small_run(bytes, bytes + SMALL_INPUT_OFFSET, scores) + (small_label(3)[0] != '3');\n}\n".replace(
            "std::", ""
        )
    )
    checked_run("gcc", "-std=c99", "-c", str(source), "-o", str(tmp_path / "small.o"))
    objects = (str(main), str(tmp_path / "small.o"))
    checked_run(compiler, *CPP_FLAGS, f"-I{source.parent}", *objects, "-o", str(tmp_path / "main"))
    checked_run(str(tmp_path / "main"))


def _symbols(source: Path, prefix: str, flags: tuple[str, ...], folder: Path) -> list[tuple[str, str]]:
    target = folder / "object.o"
    checked_run(need(f"{prefix}gcc"), *flags, "-c", str(source), "-o", str(target))
    listing = checked_run(f"{prefix}nm", str(target))
    return [(kind, name) for kind, name in re.findall(r"^[0-9a-f ]+ (\w) (\S+)$", listing, re.M)]


@pytest.mark.parametrize("model", MODELS)
def test_only_prefixed_symbols_are_global(model, sources, tmp_path):
    symbols = _symbols(sources[model], "", ("-O0",), tmp_path)
    header = sources[model].with_suffix(".h").read_text()
    words = PUBLIC | {word for word in OPTIONAL if f"{model}_{word}(" in header}
    assert {name for kind, name in symbols if kind.isupper() and kind != "U"} == {f"{model}_{word}" for word in words}


@pytest.mark.parametrize("name", WARNING_CORES)
@pytest.mark.parametrize("model", slow_but(["small", "unrectified", "random", "only_mean"], ["small", "random"]))
def test_nothing_is_needed_but_memcpy_and_memset_and_nothing_is_writable(model, name, sources, tmp_path):
    known = core(name)
    symbols = _symbols(sources[model], known.compiler, (*known.flags, "-O2", "-fno-common"), tmp_path)
    undefined = {symbol for kind, symbol in symbols if kind == "U"}
    helpers = {symbol for symbol in undefined if re.match(r"__(aeabi|gnu|riscv|mulsi|udiv|umod|div|mod|clz)", symbol)}
    assert undefined - helpers <= {"memcpy", "memset", "memmove"}
    assert not any("ldiv" in symbol or "divdi" in symbol for symbol in helpers), "no 64-bit division"
    assert not [symbol for kind, symbol in symbols if kind in "dDbBcCsS"], "no writable data"


def test_two_models_link_into_one_program_and_both_run(tmp_path):
    for name, seed in (("first", 1), ("second_net", 2)):
        export_bytes(small_network(seed=seed), tmp_path, name).text.write(tmp_path)
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "first.h"\n#include "second_net.h"\n'
        "static int32_t a[(FIRST_ARENA_BYTES + 3) / 4], b[(SECOND_NET_ARENA_BYTES + 3) / 4];\n"
        "int main(void) {\n    static int8_t in[784], x[10], y[10], z[10];\n"
        "    if (first_run((int8_t *)a, in, x) || second_net_run((int8_t *)b, in, y)) return 1;\n"
        "    if (first_run((int8_t *)a, in, z)) return 1;\n"
        '    for (int i = 0; i < 10; i++) printf("%d %d %d\\n", x[i], y[i], z[i]);\n    return 0;\n}\n'
    )
    program = str(tmp_path / "both")
    checked_run("gcc", *STRICT, "-O2", "main.c", "first.c", "second_net.c", "-o", program, cwd=tmp_path)
    rows = [tuple(map(int, line.split())) for line in checked_run(program).splitlines()]
    assert [row[0] for row in rows] == [row[2] for row in rows]
    assert [row[0] for row in rows] != [row[1] for row in rows]


def test_exported_twice_gives_the_same_bytes_in_any_process(tmp_path):
    model = tmp_path / "model.tflite"
    model.write_bytes(small_network())
    program = (
        "import sys, pathlib\nfrom edgedigits.firmware_export.library import export_library\n"
        "made = export_library(pathlib.Path(sys.argv[1]))\nsys.stdout.write(made.header + made.source)\n"
    )
    said = [
        subprocess.run(
            (sys.executable, "-c", program, str(model)),
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=tmp_path,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert b"digits_run" in said[0]


def test_the_files_tell_no_path_and_no_time(tmp_path):
    library = export_bytes(small_network(), tmp_path)
    for text in (library.header, library.source):
        assert str(tmp_path) not in text
        assert "model.tflite" not in text
        assert not re.search(r"20\d\d-\d\d|__DATE__|__TIME__|__FILE__", text)
        assert text.isascii()
        assert text.endswith("\n")
