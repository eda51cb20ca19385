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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.library import LibraryExport, export_library

HERE = Path(__file__).parent
STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
SANITIZERS = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover", "-DSANITIZED")
FAST = ("-O2",)
SMALL = ("-Os",)  # other kernels: short ones
EVERY_KERNEL = (SMALL, SANITIZERS)
"""Builds that have every kernel for this computer between them: the long ones are under the sanitizers."""
_SAID = {2: "refused", 3: "overwrote memory around the arena, the input or the output", 4: "overwrote its input"}


@dataclass(frozen=True)
class HostLibrary:
    """A library compiled for this computer; ``input`` and ``output`` are the values at the network's ends."""

    program: Path
    input: Value
    output: Value

    def run(self, inputs: NDArray[Any], where: str = "apart") -> NDArray[Any]:
        """Outputs (n, numbers) of inputs (n, ...); ``where``: ``apart`` or ``inside`` the arena.

        An error tells of a sanitizer's complaint, a refusal, or memory overwritten.
        """
        said = subprocess.run(
            (self.program, where),
            input=np.ascontiguousarray(inputs, self.input.kind).tobytes(),
            capture_output=True,
            timeout=600,
            check=False,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
        )
        if said.returncode != 0:
            reason = _SAID.get(said.returncode, f"ended with {said.returncode}")
            raise AssertionError(f"the library {reason}: {said.stderr.decode(errors='replace')[-3000:]}")
        return np.frombuffer(said.stdout, self.output.kind).reshape(len(inputs), -1)


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
    return HostLibrary(program, graph.input_values[0], graph.output_values[0])


def checked_run(*command: str, cwd: Path | None = None) -> str:
    """Run a command and return what it printed; an error shows its complaints."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr[-4000:]}{done.stdout[-1000:]}"
    return done.stdout


def random_inputs(library: LibraryExport, count: int, seed: int = 0) -> NDArray[Any]:
    """Inputs (count, numbers): uniform ones, and at the end all least, all greatest, and both in turns."""
    source = library.graph.input_values[0]
    low, high = source.limits
    size = sum(value.count for value in library.graph.input_values)
    dice = np.random.default_rng(seed)
    inputs = dice.integers(low, high + 1, (count, size), dtype=source.kind)
    for place, extreme in enumerate((low, high), start=1):
        if count > place + 2:
            inputs[-place] = extreme
    if count > 4:
        inputs[-3] = np.where(dice.integers(0, 2, size) == 1, high, low)
    return inputs
