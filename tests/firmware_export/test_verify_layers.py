"""Layer by layer over a real pseudo-terminal and on emulated boards: the first layer that differs is named."""

from __future__ import annotations

import hashlib
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import test_typed_ends as typed_ends
from click.testing import CliRunner, Result
from model_builder import ModelBuilder
from serial_board import wire
from slow_cases import slow_but

from edgedigits.cli.main import main
from edgedigits.core.datasets.sample_digits import load_samples
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.library import export_library
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.planning.plan import plan
from edgedigits.firmware_export.proof.inputs import proof_inputs
from edgedigits.firmware_export.serial.layers import (
    LayerVerification,
    expected_rows,
    network_input,
    steps_of_plan,
    verify_layers,
)
from edgedigits.firmware_export.targets.export import export_target
from edgedigits.firmware_export.targets.packages import write_target

SMALL = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"
LINE = Path(__file__).parents[2] / "core" / "pretrained" / "line" / "model.int8.tflite"
HERE = Path(__file__).parent
COUNTER = """
#include <stdint.h>
uint32_t my_cycles(void);
uint32_t my_cycles(void)
{
    static uint32_t now;
    now += 7;
    return now;
}
"""
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror", "-O1", "-I.", "-DDIGITS_LAYERS"]
PLAIN = ["-std=c99", "-O2", "-I.", "-DDIGITS_LAYERS"]
BUILT: dict[str, Path] = {}
"""Programs by the SHA-256 of their sources: many tests talk to the same one."""
BOARDS = {
    "m3": ("mps2-an385", ["-mcpu=cortex-m3", "-mthumb"], 0x40004000, 0, 0x20000000),
    "m4": ("mps2-an386", ["-mcpu=cortex-m4", "-mthumb"], 0x40004000, 0, 0x20000000),
    "m33": ("mps2-an505", ["-mcpu=cortex-m33", "-mthumb"], 0x40200000, 0x10000000, 0x38000000),
    "m55": ("mps3-an547", ["-mcpu=cortex-m55", "-mfloat-abi=hard", "-mthumb"], 0x49303000, 0, 0x20000000),
}
"""QEMU's name, what the compiler is told, and where UART, code and RAM lie."""


def written(model: Path, folder: Path, width: int | None = None) -> Path:
    made = export_target(model, width=width)
    write_target("c", made.files, folder)
    return folder


def board(folder: Path, *flags: str, macro: bool = True) -> Path:
    """The exported serial program as a process of this computer."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed (Debian: apt-get install gcc)")
    parts = (path for path in (folder / "serial").glob("*.c") if path.stem not in {"mps2_board", "counter"})
    sources = [*map(str, parts), "digits.c"]
    told = STRICT if macro else [flag for flag in STRICT if "LAYERS" not in flag]
    command = ["gcc", *told, "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *flags, *sources]
    texts = [path.read_bytes() for path in sorted(folder.rglob("*.[ch]"))]
    key = hashlib.sha256(b"\0".join((" ".join(command).encode(), *texts))).hexdigest()
    if key not in BUILT:
        BUILT[key] = folder / f"board-{key[:12]}"
        subprocess.run([*command, "-o", BUILT[key].name], cwd=folder, check=True)
    return BUILT[key]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the exported built-in model."""
    if not SMALL.is_file():
        pytest.skip("core/pretrained/small/model.int8.tflite is not there")
    return written(SMALL, tmp_path_factory.mktemp("small") / "c")


@pytest.fixture
def copied(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "c"))


def digit() -> np.ndarray:
    return load_samples().pool.images[3]


def called(port: str, model: Path = SMALL, *words: str) -> Result:
    return CliRunner().invoke(main, ["firmware", "verify", str(model), "--port", port, "--layers", *words])


def changed(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_text()
    after = change(before)
    assert after != before
    path.write_text(after)


def other_bias(source: str, layer: int) -> str:
    """The library with another bias of the first channel of a layer."""
    found = re.search(
        rf"digits_bias_{layer}\[\] ALIGNED DIGITS_WEIGHTS_ATTRIBUTE = {{\s*BIAS\((-?\d+), (-?\d+)\)", source
    )
    assert found
    wrong = "".join(f", {int(number) + 100_000}" for number in found.groups())[2:]
    return f"{source[: found.start(1)]}{wrong}{source[found.end(2) :]}"


class TestHost:
    def test_every_layer_of_a_right_board_is_equal(self, small: Path):
        with wire(board(small)) as port:
            found = verify_layers(port.port, SMALL, digit())

        assert found.equal and found.difference is None
        assert [layer.title for layer in found.layers] == [
            stage.title for stage in export_library(SMALL).plan.program.stages
        ]
        assert all(layer.compared and layer.rows and layer.differing_rows == 0 for layer in found.layers)
        assert {layer.cycles for layer in found.layers} == {None}

    def test_the_command_shows_each_layer(self, small: Path):
        with wire(board(small)) as port:
            done = called(port.port)

        assert done.exit_code == 0, done.output
        assert "CONV_2D 0" in done.output
        assert "every layer is as TFLite's reference kernels compute it" in " ".join(done.output.split())

    def test_the_cycles_of_a_counter_of_ones_own_belong_to_their_layer(self, copied: Path):
        (copied / "serial" / "counter.c").write_text(COUNTER)
        with wire(board(copied, "-DDIGITS_CYCLES=my_cycles", "serial/counter.c")) as port:
            found = verify_layers(port.port, SMALL, digit())

        chosen = plan(read_graph(SMALL))
        steps = [step.stage for step in steps_of_plan(chosen)]
        assert [layer.cycles for layer in found.layers] == [
            7 * steps.count(place) for place in range(len(found.layers))
        ]

    @pytest.mark.parametrize("layer", [0, 2])
    def test_the_first_layer_that_differs_is_named_with_its_first_value(self, layer: int, copied: Path):
        changed(copied / "digits.c", lambda source: other_bias(source, layer))
        program = board(copied)
        with wire(program) as port:
            found = verify_layers(port.port, SMALL, digit())
        with wire(program) as port:
            done = called(port.port)

        assert found.first == layer
        assert found.difference is not None
        assert found.difference.channel == 0 and found.difference.expected != found.difference.found
        assert all(one.differing_rows == 0 for one in found.layers[:layer])
        assert found.layers[layer].differing_rows
        assert done.exit_code == 1
        assert f"the first layer that differs is {layer}, {found.layers[layer].title}" in " ".join(done.output.split())

    def test_a_program_without_the_macro_says_what_to_compile(self, copied: Path):
        with wire(board(copied, macro=False)) as port:
            done = called(port.port)

        assert done.exit_code == 1
        assert "does not tell of its layers" in done.output and "-DNAME_LAYERS" in done.output

    def test_a_library_of_another_version_is_not_compared(self, copied: Path):
        changed(
            copied / "digits.c",
            lambda source: re.sub(r'digits_version\[\] = "[^"]*"', 'digits_version[] = "0.0.1"', source),
        )
        with wire(board(copied)) as port, pytest.raises(EdgedigitsError, match=r"edgedigits 0\.0\.1"):
            verify_layers(port.port, SMALL, digit())

    def test_a_board_with_another_model_is_not_compared(self, small: Path, tmp_path: Path):
        with wire(board(small)) as port:
            done = called(port.port, LINE)

        assert done.exit_code == 1
        assert "holds model" in done.output

    def test_a_flipped_bit_on_its_way_costs_one_repetition(self, small: Path):
        seen = 0

        def flip(data: bytes) -> bytes:
            nonlocal seen
            before, seen = seen, seen + len(data)
            return data[:-1] + bytes((data[-1] ^ 4,)) if before <= 150 < seen else data

        with wire(board(small), from_board=flip) as port:
            found = verify_layers(port.port, SMALL, digit(), timeout=2)

        assert found.equal and found.repeated == 1

    def test_a_line_network_is_compared(self, tmp_path: Path):
        with wire(board(written(LINE, tmp_path / "c", width=96))) as port:
            done = called(port.port, LINE, "--width", "96")

        assert done.exit_code == 0, done.output

    def test_a_model_of_another_shape_is_compared(self, tmp_path: Path):
        built = ModelBuilder()
        first = built.conv(built.input((1, 9, 7, 3)), 4, padding="SAME")
        joined = built.depthwise(built.concat([first, first, first]), 1)
        joined = built.add(joined, built.relu(joined))
        model = tmp_path / "m.tflite"
        model.write_bytes(built.build(built.softmax(built.dense(built.pool(joined), 3))))
        given = np.random.default_rng(2).integers(-128, 128, (1, 9, 7, 3)).astype(np.int8)
        with wire(board(written(model, tmp_path / "c"))) as port:
            found = verify_layers(port.port, model, given)

        assert found.equal
        assert sum(layer.compared for layer in found.layers) >= 6

    @pytest.mark.parametrize(
        ("shape", "ends"),
        [
            pytest.param(shape, ends, marks=() if (shape, ends) in typed_ends.ON_A_BOARD else pytest.mark.slow)
            for shape in typed_ends.SHAPES
            for ends in typed_ends.ENDS
        ],
        ids=lambda told: told if isinstance(told, str) else "-".join(told),
    )
    def test_a_model_that_is_no_int8_at_its_ends_is_compared_from_its_int8_input_on(
        self, ends: tuple[str, str], shape: str, tmp_path: Path
    ):
        model = tmp_path / "m.tflite"
        model.write_bytes(typed_ends.typed(*typed_ends.SHAPES[shape], *ends))
        given = proof_inputs(model, 1).values[0]
        folder = written(model, tmp_path / "c")
        with wire(board(folder)) as port:
            found = verify_layers(port.port, model, given)
        changed(folder / "digits.c", lambda source: other_bias(source, 1))
        with wire(board(folder)) as port:
            wrong = verify_layers(port.port, model, given)

        assert found.equal and all(layer.compared for layer in found.layers)
        assert (wrong.first, wrong.layers[0].differing_rows) == (1, 0)

    @pytest.mark.parametrize("kind", ["float32", "uint8"])
    def test_the_command_takes_inputs_of_the_models_own_type(self, kind: str, tmp_path: Path):
        model = tmp_path / "m.tflite"
        model.write_bytes(typed_ends.typed(*typed_ends.SHAPES["picture"], kind, "float32"))
        np.savez(tmp_path / "seen.npz", np.arange(432).reshape(1, 12, 12, 3).astype(kind) % 250)
        with wire(board(written(model, tmp_path / "c"))) as port:
            done = called(port.port, model, "--inputs", str(tmp_path / "seen.npz"))

        assert done.exit_code == 0, done.output
        assert "every layer is as TFLite's reference kernels compute it" in " ".join(done.output.split())

    def test_without_the_macro_the_library_has_no_byte_more(self, small: Path, tmp_path: Path):
        source = (small / "digits.c").read_text()
        (tmp_path / "digits.h").write_text((small / "digits.h").read_text())
        bare = re.sub(r"#if defined\(DIGITS_LAYERS\).*?#endif\n", "", source, flags=re.DOTALL)
        bare = re.sub(r"        WATCH\(stage, .*\);\n", "", bare)
        assert bare != source and "WATCH" not in bare
        made = []
        for text in (source, bare):
            (tmp_path / "digits.c").write_text(text)
            subprocess.run(["gcc", "-std=c99", "-O2", "-c", "digits.c", "-o", "x.o"], cwd=tmp_path, check=True)
            made.append((tmp_path / "x.o").read_bytes())
        assert made[0] == made[1]


class TestPlan:
    def test_a_mean_makes_its_row_at_its_last_step(self, tmp_path: Path):
        built = ModelBuilder()
        model = tmp_path / "m.tflite"
        model.write_bytes(built.build(built.mean(built.input((1, 5, 4, 3)))))
        chosen = plan(read_graph(model))

        assert [step.row for step in steps_of_plan(chosen)] == [None] * 4 + [0]

    def test_expected_rows_have_their_padding_and_lie_as_in_the_arena(self, tmp_path: Path):
        built = ModelBuilder()
        model = tmp_path / "m.tflite"
        first = built.conv(built.input((1, 6, 5, 2)), 4)
        model.write_bytes(built.build(built.depthwise(first, 1)))
        graph = read_graph(model)
        chosen = plan(graph)
        given = np.random.default_rng(1).integers(-128, 128, (6, 5, 2)).astype(np.int8)
        rows = expected_rows(graph, chosen, network_input(model, graph, None, given))

        planar = [
            place for place, stage in enumerate(chosen.program.stages) if chosen.program.values[stage.output].planar
        ]
        assert planar
        content = chosen.program.values[chosen.program.stages[planar[0]].output]
        row = np.frombuffer(rows[planar[0]][0], np.int8).reshape(content.shape[2], content.plane)
        assert (row[:, : content.before] == content.zero).all()
        assert len(rows[planar[0]]) == content.shape[0]


@contextmanager
def emulated(command: list[str]) -> Iterator[str]:
    """The port of a board of QEMU, which starts once it is opened."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    serial = ["-serial", f"tcp:127.0.0.1:{number},server=on,wait=on"]
    with subprocess.Popen([*command, *serial], stderr=subprocess.DEVNULL) as process:
        try:
            yield f"socket://127.0.0.1:{number}"
        finally:
            process.kill()


def once_it_listens(ask: Callable[[], LayerVerification]) -> LayerVerification:
    """The answer of a board that takes a moment to be there."""
    end = time.monotonic() + 60
    while True:
        try:
            return ask()
        except EdgedigitsError as error:
            if "cannot open" not in error.what or time.monotonic() > end:
                raise
        time.sleep(0.1)


def needs(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("core", slow_but(BOARDS, ["m33", "m55"]))
def test_an_emulated_board_is_equal_in_every_layer(core: str, copied: Path) -> None:
    """Its DWT has no counter: it reads as zero, and no cycles are told."""
    needs("arm-none-eabi-gcc", "qemu-system-arm")
    machine, flags, uart, code, ram = BOARDS[core]
    sources = ["digits.c", "serial/digits_serial.c", "serial/read_digit.c", "serial/mps2_board.c"]
    start = [str(HERE / "cortex_m_startup.c"), "-nostartfiles", "-T", str(HERE / "cortex_m.ld")]
    memory = [f"-Wl,--defsym=code={code}", f"-Wl,--defsym=ram={ram}", f"-DBOARD_UART={uart:#x}U"]
    command = ["arm-none-eabi-gcc", *flags, *PLAIN, *sources, *start, *memory, "-o", "board.elf"]
    subprocess.run(command, cwd=copied, check=True)
    qemu = ["qemu-system-arm", "-machine", machine, "-display", "none", "-monitor", "none", "-kernel", "board.elf"]
    qemu[-1] = str(copied / "board.elf")
    with emulated(qemu) as port:
        found = once_it_listens(lambda: verify_layers(port, SMALL, digit(), timeout=60, patience=60))
    assert found.equal and all(layer.compared for layer in found.layers)
    assert {layer.cycles for layer in found.layers} == {None}


def test_a_risc_v_core_tells_the_cycles_of_each_layer(copied: Path) -> None:
    """QEMU counts one cycle an instruction: the layers of more multiplications take more."""
    needs("riscv64-unknown-elf-gcc", "qemu-system-riscv32")
    sources = ["digits.c", "serial/digits_serial.c", "serial/read_digit.c", str(HERE / "riscv_serial.c")]
    core = ["-march=rv32imc", "-misa-spec=2.2", "-mabi=ilp32", "-mcmodel=medany", "--specs=picolibc.specs", "-Iserial"]
    script = ["-nostartfiles", "-T", str(HERE / "riscv_serial.ld")]
    command = ["riscv64-unknown-elf-gcc", *core, *PLAIN, *sources, *script, "-o", "board.elf"]
    subprocess.run(command, cwd=copied, check=True)
    qemu = ["qemu-system-riscv32", "-machine", "virt", "-bios", "none", "-display", "none", "-monitor", "none"]
    with emulated([*qemu, "-icount", "shift=0", "-kernel", str(copied / "board.elf")]) as port:
        found = once_it_listens(lambda: verify_layers(port, SMALL, digit(), timeout=60, patience=60))
    assert found.equal
    cycles = [layer.cycles or 0 for layer in found.layers]
    macs = [stage.macs for stage in export_library(SMALL).plan.program.stages]
    assert all(cycles)
    assert cycles.index(max(cycles)) == macs.index(max(macs))
