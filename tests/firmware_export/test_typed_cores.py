"""On emulated cores, with and without hardware floats: inputs and outputs that are no int8 become what TFLite makes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from slow_cases import slow_but
from test_typed_ends import ENDS, SCALE, ZERO, typed

from edgedigits.firmware_export.boards import emulator, toolchain
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.library.export import LibraryExport, export_library
from edgedigits.firmware_export.proof.reference import TensorReference
from edgedigits.firmware_export.proof.tensors import as_steps, noise
from edgedigits.firmware_export.report.cores import missing_tool

CORES = ["m0", "m4", "m55", "rv32", "avr"]
SHAPE = (7, 6, 2)
NAMES = {"float32": "float", "uint8": "uint8_t", "int8": "int8_t"}


def typed_file(folder: Path, source: str, result: str) -> Path:
    """A small model that is int8 inside, with these types of its input and output."""
    (path := folder / "model.tflite").write_bytes(typed((1, *SHAPE), 5, source, result))
    return path


def halves() -> NDArray[np.float32]:
    """Inputs of steps and half steps of the scale, each also one float above and one below it."""
    steps = (np.arange(np.prod(SHAPE)) * 3.5 - 140).astype(np.float32) * np.float32(SCALE)
    beside = [np.nextafter(steps, np.float32(end)) for end in (np.inf, -np.inf)]
    return np.stack([steps, *beside]).reshape(3, *SHAPE)


def run_on(name: str, library: LibraryExport, given: NDArray[Any], folder: Path) -> tuple[bytes, bytes]:
    """What a core makes of inputs of the model's own type: all int8 inputs, all outputs of the model's own type."""
    if lacking := missing_tool(core(name)):
        pytest.skip(lacking)
    board, kinds = core(name), (library.graph.input_tensor.type.lower(), library.graph.output_tensor.type.lower())
    functions = [f"-DFROM=input_from_{NAMES[kinds[0]].removesuffix('_t')}"] if kinds[0] != "int8" else []
    functions += [f"-DTO=output_to_{NAMES[kinds[1]].removesuffix('_t')}"] if kinds[1] != "int8" else []
    macros = (*functions, f"-DGIVEN={NAMES[kinds[0]]}", f"-DMADE={NAMES[kinds[1]]}", f"-DIMAGES={len(given)}")
    toolchain.place_firmware(board, folder)
    (folder / "typed_main.c").write_text(Path(__file__).with_name("typed_main.c").read_text())
    (folder / "images.bin").write_bytes(given.tobytes())
    flags = ("-O2", *toolchain.port_flags(board))
    own = toolchain.compile_source(library.text.write(folder / "library"), board, flags)
    around = [
        toolchain.compile_source(folder / name, board, (*flags, *macros))
        for name in ("startup.c", "port.c", "images.S", "typed_main.c")
    ]
    said = emulator.run(toolchain.link((own, *around), board, folder / "typed.elf"), 120)
    return tuple(bytes.fromhex("".join(re.findall(rf"^{word} (\w+)$", said, re.M))) for word in ("inputs", "outputs"))


@pytest.mark.parametrize("name", slow_but(CORES, ["m0", "m55", "avr"]))
@pytest.mark.parametrize("ends", slow_but(ENDS, [ENDS[0], ENDS[2], ENDS[3]]), ids="-".join)
def test_outputs_in_the_models_own_type_are_tflites(ends: tuple[str, str], name: str, tmp_path: Path):
    path = typed_file(tmp_path, *ends)
    library = export_library(path)
    given = noise(library.graph, 3)
    if ends[0] == "float32":
        given = np.concatenate([given, halves()])
    inside, made = run_on(name, library, given, tmp_path)
    assert inside == as_steps(given, library.graph.values[library.graph.input]).tobytes()
    assert made == TensorReference(path, library.graph).outputs(given).tobytes()


@pytest.mark.parametrize("name", slow_but(CORES, ["m4", "avr"]))
def test_what_is_no_number_or_without_end_saturates(name: str, tmp_path: Path):
    path = typed_file(tmp_path, "float32", "float32")
    given = np.zeros((1, *SHAPE), np.float32)
    given.flat[:8] = [np.inf, -np.inf, np.nan, -np.nan, 3e38, -3e38, 1e-45, -0.0]
    inside, _ = run_on(name, export_library(path), given, tmp_path)
    assert np.frombuffer(inside, np.int8)[:9].tolist() == [127, -128, -128, -128, 127, -128, ZERO, ZERO, ZERO]
