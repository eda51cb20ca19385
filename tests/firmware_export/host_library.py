"""Compiles an exported library into a program that checks itself and runs it on many inputs.

A program of its own runs each library, so that whatever goes wrong there ends that program and no test run.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.library import LibraryExport, export_library

HERE = Path(__file__).parent
STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
SANITIZERS = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover", "-DSANITIZED")
FAST = ("-O2",)
SMALL = ("-Os",)  # other kernels: short ones
_SAID = {2: "refused", 3: "overwrote memory around the arena, the input or the output", 4: "overwrote its input"}


@dataclass(frozen=True)
class HostLibrary:
    """A library compiled for this computer."""

    program: Path
    input_bytes: int
    output_bytes: int

    def run(self, inputs: NDArray[np.int8], where: str = "apart") -> NDArray[np.int8]:
        """Outputs (n, output bytes) of inputs (n, ...); ``where``: ``apart`` or ``inside`` the arena.

        An error tells of a sanitizer's complaint, a refusal, or memory overwritten.
        """
        said = subprocess.run(
            (self.program, where),
            input=np.ascontiguousarray(inputs, np.int8).tobytes(),
            capture_output=True,
            timeout=600,
            check=False,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
        )
        if said.returncode != 0:
            reason = _SAID.get(said.returncode, f"ended with {said.returncode}")
            raise AssertionError(f"the library {reason}: {said.stderr.decode(errors='replace')[-3000:]}")
        return np.frombuffer(said.stdout, np.int8).reshape(len(inputs), self.output_bytes)


def export_bytes(model: bytes, folder: Path, name: str = "digits", labels: tuple[str, ...] = ()) -> LibraryExport:
    """The library of a model that is not in a file yet."""
    path = folder / f"{name}.tflite"
    path.write_bytes(model)
    return export_library(path, name=name, labels=labels)


def compile_host(
    library: LibraryExport, folder: Path, flags: Sequence[str] = FAST, compiler: str = "gcc"
) -> HostLibrary:
    """Compile a library into a program that runs it; warnings are test_library_hygiene's."""
    name = library.recipe.name
    source = library.text.write(folder)
    program = folder / f"{name}.out"
    macros = (f"-DLIBRARY_PREFIX={name}_", f"-DLIBRARY_CAPITALS={name.upper()}_", f'-DHEADER="{name}.h"')
    macros += library.text.end_macros
    ends = Path(str(files("edgedigits.firmware_export.boards") / "firmware"))
    checked_run(
        *(compiler, "-std=c99", *flags, *macros, f"-I{folder}", f"-I{ends}"),
        *(str(HERE / "host_main.c"), str(source), "-o", str(program)),
    )
    graph = library.graph
    return HostLibrary(program, *(sum(value.size for value in s) for s in (graph.input_values, graph.output_values)))


def checked_run(*command: str, cwd: Path | None = None) -> str:
    """Run a command and return what it printed; an error shows its complaints."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr[-4000:]}{done.stdout[-1000:]}"
    return done.stdout


def random_inputs(library: LibraryExport, count: int, seed: int = 0) -> NDArray[np.int8]:
    """Inputs (count, input bytes): uniform ones, and at the end all least, all greatest, and both in turns."""
    size = sum(value.size for value in library.graph.input_values)
    dice = np.random.default_rng(seed)
    inputs = dice.integers(-128, 128, (count, size), dtype=np.int8)
    for place, extreme in enumerate((-128, 127), start=1):
        if count > place + 2:
            inputs[-place] = extreme
    if count > 4:
        inputs[-3] = np.where(dice.integers(0, 2, size) == 1, 127, -128)
    return inputs
