"""What one inference of an exported library costs on a core, and what it answers there."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.boards import emulator, toolchain
from edgedigits.firmware_export.boards.cores import Core
from edgedigits.firmware_export.boards.toolchain import Compiled, Sections
from edgedigits.firmware_export.c_source.library_text import LibraryText
from edgedigits.firmware_export.c_source.stage_writer import PARAMETERS

_PROFILED_IMAGES = 2
_MEASURING_FLASH_BYTES = (
    2048  # what the measuring program has more than the smallest one, on a board without bulk memory
)


@dataclass(frozen=True)
class Footprint:
    """Bytes of a library compiled with one set of flags.

    Attributes:
        flags: what it was compiled with.
        library: sections of the library's object file alone.
        parameters: bytes of weights, biases and per-channel multipliers and exponents in it, by array.
        whole: sections of the smallest firmware that runs it (vectors, startup, C library functions and all).
        outputs: int8 or int16 of shape (images, outputs), of the first images; of none where the board is too small to
            run more than one program on.
        instructions: int64 of shape (images,), of these.
    """

    flags: tuple[str, ...]
    library: Sections
    parameters: dict[str, int]
    whole: Sections
    outputs: NDArray[Any]
    instructions: NDArray[np.int64]

    @property
    def code_and_tables(self) -> int:
        """Flash bytes of the library but for its parameters."""
        return self.library.flash - sum(self.parameters.values())

    @property
    def whole_without_parameters(self) -> int:
        """Flash bytes of the smallest firmware but for the library's parameters."""
        return self.whole.flash - sum(self.parameters.values())


@dataclass(frozen=True)
class CoreMeasurement:
    """One library on one core.

    Attributes:
        core: name of the core.
        flags: optimisation that the instructions were counted at.
        outputs: int8 or int16 of shape (images, outputs).
        instructions: int64 of shape (images,), one inference each, exact; the input is in place before, the profiling
            hook is off. On a core whose unit is cycles they are cycles, and so are the next two.
        stage_instructions: mean per inference for each stage, from a second build with the hook, which may compile a
            little differently: their sum is close to the instructions, not equal; empty without a profile.
        outside_stages: mean instructions per inference before the first stage and after the last.
        stack: high-water mark in bytes below the caller's stack pointer.
        arena: bytes of the arena in the variant that this core's compiler chose, input and output included.
        footprints: the bytes, for each set of flags.
        texts: what a line network's library read in each image; empty of others.
    """

    core: str
    flags: tuple[str, ...]
    outputs: NDArray[Any]
    instructions: NDArray[np.int64]
    stage_instructions: tuple[float, ...]
    outside_stages: float
    stack: int
    arena: int
    footprints: tuple[Footprint, ...]
    texts: tuple[str, ...] = ()

    @property
    def mean_instructions(self) -> float:
        """Instructions per inference, mean over the images."""
        return float(self.instructions.mean())


def measure(
    library: LibraryText,
    core: Core,
    images: NDArray[Any],
    flags: tuple[str, ...] = ("-O2",),
    size_flags: tuple[tuple[str, ...], ...] = (("-O2",), ("-Os",)),
    timeout: float = 600.0,
    stages: int = 0,
    lines: bool = False,
    compiler: tuple[str, ...] = (),
    kind: type[Any] = np.int8,
) -> CoreMeasurement:
    """Compile a library for a core, run it on images under emulation, and count its bytes.

    Args:
        library: from the exporter.
        core: one of ``cores.CORES``.
        images: int8 or int16 of shape (n, inputs), quantized as the model wants them, n >= 1.
        flags: for the program that is run.
        size_flags: for the programs that are weighed, and run on the first two images.
        timeout: seconds for each emulated run.
        stages: how many the profiling hook may name (0 .. stages - 1); 0 switches the profile off.
        lines: whether the library reads lines: then it is also run from strips to texts, which is not counted.
        compiler: of the library, in the place of the core's own GCC, which compiles and links what is around it.
        kind: NumPy's type of the outputs: int8 or int16.

    Raises:
        EdgedigitsError: a compiler or emulator is missing, the model does not fit, the firmware crashed or did not end.
    """
    with tempfile.TemporaryDirectory(prefix="edgedigits-") as name:
        bench = _Bench(library, core, Path(name), flags, timeout, lines, compiler, kind)
        footprints = tuple(bench.footprint(which, images[:_PROFILED_IMAGES]) for which in size_flags)
        runs = [bench.run(batch) for batch in _batches(images, bench)]
        per_stage: tuple[float, ...] = (0.0,)
        if stages and core.memory.bulk.size:  # where it is 0, RAM is too short for the profile
            profiled = images[:_PROFILED_IMAGES]
            profile = bench.run(profiled, stages=stages)
            per_stage = _per_stage(profile, core, len(profiled))
    outputs, counts = _answers(runs, core, len(images), kind)
    return CoreMeasurement(
        core=core.name,
        flags=flags,
        outputs=outputs,
        instructions=counts,
        stage_instructions=per_stage[1:],
        outside_stages=per_stage[0],
        stack=max(int(said["stack"], 16) for said in runs),
        arena=int(runs[0]["arena"], 16),
        footprints=footprints,
        texts=tuple(text[1:] for said in runs for text in said.get("texts", "").split()),
    )


@dataclass(frozen=True)
class _Bench:
    """A folder to build one library for one core in; nothing is compiled twice with the same flags."""

    library: LibraryText
    core: Core
    folder: Path
    flags: tuple[str, ...]
    timeout: float
    lines: bool
    compiler: tuple[str, ...]
    kind: type[Any]
    built: dict[tuple[Path, tuple[str, ...]], Compiled] = field(default_factory=dict)

    def footprint(self, flags: tuple[str, ...], images: NDArray[Any]) -> Footprint:
        """Build the smallest firmware with these flags; run the measuring one on the images, where there is room."""
        runs = [replace(self, flags=flags, lines=False).run(images)] if self.core.memory.bulk.size else []
        outputs, counts = _answers(runs, self.core, len(images) if runs else 0, self.kind)
        own = self._library(flags)
        others = self._compile(("startup.c", "smallest.c"), (*flags, "-DBARE"))
        whole = toolchain.link((own, *others), self.core, self.folder / "smallest.elf")
        return Footprint(flags, own.sections, _parameters(self.library, own), whole.sections, outputs, counts)

    def run(self, images: NDArray[Any], stages: int = 0) -> dict[str, str]:
        """Run the measuring program; what it printed, by the first word of each line, equal first words joined."""
        self.folder.joinpath("images.bin").write_bytes(np.ascontiguousarray(images).tobytes())
        macros = (*toolchain.port_flags(self.core), f"-DIMAGES={len(images)}")
        macros += (f"-DSTAGE_COUNT={stages}",) if stages else ()
        macros += ("-DLINES",) if self.lines and not stages else ()
        own = self._library((*self.flags, f"-D{self.library.name.upper()}_PROFILE") if stages else self.flags)
        others = self._compile(("startup.c", "port.c", "images.S", "measure.c"), (*self.flags, *macros))
        firmware = toolchain.link((own, *others), self.core, self.folder / "measure.elf")
        return _lines(emulator.run(firmware, self.timeout), self.core)

    def _library(self, flags: tuple[str, ...]) -> Compiled:
        own = self.folder / "library"  # apart, so that no name of a library is taken by the programs around it
        return self._built(self.library.write(own), flags, self.compiler)

    def _compile(self, names: tuple[str, ...], flags: tuple[str, ...]) -> list[Compiled]:
        toolchain.place_firmware(self.core, self.folder)
        flags = (*flags, *_macros(self.library))
        return [self._built(self.folder / name, flags) for name in names]

    def _built(self, source: Path, flags: tuple[str, ...], compiler: tuple[str, ...] = ()) -> Compiled:
        if source.suffix == ".S":  # it includes the images
            return toolchain.compile_source(source, self.core, flags)
        known = (source, flags)
        if known not in self.built:
            target = self.folder / f"{len(self.built)}.o"
            self.built[known] = toolchain.compile_source(source, self.core, flags, compiler, target)
        return self.built[known]


def _answers(
    runs: list[dict[str, str]], core: Core, images: int, kind: type[Any]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Outputs and instructions of each image, of all runs together."""
    counts = [_instructions(int(word, 16), core) for said in runs for word in said["counts"].split()]
    outputs = b"".join(bytes.fromhex(said["outputs"]) for said in runs)
    return np.frombuffer(outputs, kind).reshape(images, -1 if images else 0), np.array(counts, np.int64)


def _batches(images: NDArray[Any], bench: _Bench) -> list[NDArray[Any]]:
    """All images at once where the board has memory for them, else as many as the flash holds beside the firmware."""
    if bench.core.memory.bulk.size:
        return [images]
    room = bench.core.memory.code.size - bench.footprint(bench.flags, images[:0]).whole.flash - _MEASURING_FLASH_BYTES
    at_once = max(1, room // images[0].nbytes)
    return [images[start : start + at_once] for start in range(0, len(images), at_once)]


def _lines(said: str, core: Core) -> dict[str, str]:
    lines: dict[str, str] = {}
    for line in said.splitlines():
        word, _, values = line.partition(" ")
        lines[word] = f"{lines[word]} {values}" if word in lines else values
    if "end" not in lines:
        raise EdgedigitsError(
            f"the measuring firmware on {core.title} broke off: {said[-300:]!r}", "this is a defect of the firmware"
        )
    return lines


def _macros(library: LibraryText) -> tuple[str, ...]:
    return (
        f"-DLIBRARY_PREFIX={library.name}_",
        f"-DLIBRARY_CAPITALS={library.name.upper()}_",
        f'-DLIBRARY_HEADER="library/{library.name}.h"',
        *library.end_macros,
    )


def _parameters(library: LibraryText, own: Compiled) -> dict[str, int]:
    named = re.compile(rf"{re.escape(library.name)}_({'|'.join(PARAMETERS)})_\d+")
    return {symbol.name: symbol.size for symbol in own.symbols if named.fullmatch(symbol.name)}


def _instructions(counts: int, core: Core) -> int:
    """Instructions (or cycles) from a difference of two readings of the core's counter."""
    counts %= core.counts_modulo
    # A reading adds up many timer values, see port.c: it runs at the denominator of the timer's period.
    return counts if core.counter is None else counts // core.counter.instructions_per_tick.denominator


def _per_stage(profile: dict[str, str], core: Core, images: int) -> tuple[float, ...]:
    """Mean instructions outside all stages, then of each stage, the profiling hook's own taken off."""
    scale = core.counter.instructions_per_tick.denominator if core.counter else 1
    hook = int(profile["hook"], 16)
    totals = (int(word, 16) for word in profile["stages"].split())
    calls = (int(word, 16) for word in profile["hooks"].split())
    return tuple((total - hook * count) / scale / images for total, count in zip(totals, calls, strict=True))
