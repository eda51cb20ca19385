"""The figures of one core: sizes, memory, instructions, outputs that differ, and the tools that found them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.boards.cores import Core
from edgedigits.firmware_export.boards.measure import CoreMeasurement, Footprint
from edgedigits.firmware_export.boards.toolchain import find
from edgedigits.firmware_export.library import LibraryExport
from edgedigits.firmware_export.proof.lines import line_text
from edgedigits.firmware_export.proof.tensors import count_by_output
from edgedigits.firmware_export.variants import chosen_variant

_SECONDS = 60


@dataclass(frozen=True)
class SectionSizes:
    """Bytes with one set of flags.

    Attributes:
        flags: of the compiler.
        text: the library's code.
        rodata: its constants, parameters included.
        data: its variables with a start value.
        parameters: of its constants, the weights, biases, and per-channel multipliers and exponents.
        code_and_tables: everything else of the library in flash.
        program: flash of the smallest program that runs it, with vectors and startup code.
        instructions: mean for one inference over the first two images; None where the board is too small for that.
    """

    flags: str
    text: int
    rodata: int
    data: int
    parameters: int
    code_and_tables: int
    program: int
    instructions: float | None


@dataclass(frozen=True)
class LayerRun:
    """One layer on one core.

    Attributes:
        instructions: mean for one inference; from a second build that tells layers apart, which may compile a little
            differently.
        per_mac: None for a layer without multiply-accumulates.
        parameter_bytes: of its weights, biases, multipliers and exponents in flash.
    """

    instructions: float
    per_mac: float | None
    parameter_bytes: int


@dataclass(frozen=True)
class CoreCost:
    """One model on one core.

    Attributes:
        core: its name.
        title: for people.
        board: that was emulated.
        variant: of the kernels that the core's compiler chose.
        compiler: its version.
        emulator: its version.
        unit: ``instructions``, or ``cycles`` where the emulator knows them.
        flags: that the instructions were counted with.
        sizes: compiled for speed and for size.
        arena: bytes of working memory, input and output included.
        static: bytes of the library's own variables.
        stack: greatest depth in bytes below the caller.
        instructions: mean for one inference; exact, and the same in every run.
        most_instructions: of the dearest image.
        per_mac: instructions for one multiply-accumulate; None for a network without.
        outside_layers: instructions before the first layer and behind the last.
        layers: in the order of the report's layers; empty where the board is too small to tell them apart.
        images: that were run.
        differing_outputs: not equal to TFLite's reference kernels, with any of the flags.
        differing_images: with at least one such output.
        differing_texts: of a line network, images whose text is not what the reference kernels' scores say; else 0.
        differing_by_output: the differing outputs of a model of several, by the names of its outputs; else empty.
        parameter_bytes: of each layer's weights, biases, multipliers and exponents in flash, told apart or not.
    """

    core: str
    title: str
    board: str
    variant: str
    compiler: str
    emulator: str
    unit: str
    flags: str
    sizes: tuple[SectionSizes, ...]
    arena: int
    static: int
    stack: int
    instructions: float
    most_instructions: int
    per_mac: float | None
    outside_layers: float
    layers: tuple[LayerRun, ...]
    images: int
    differing_outputs: int
    differing_images: int
    differing_texts: int = 0
    differing_by_output: dict[str, int] = field(default_factory=dict)
    parameter_bytes: tuple[int, ...] = ()


def core_cost(library: LibraryExport, core: Core, measured: CoreMeasurement, expected: NDArray[Any]) -> CoreCost:
    """Put the figures of one core together.

    Args:
        library: that was measured.
        core: where.
        measured: what was found.
        expected: int8 or int16 of shape (images, outputs) of TFLite's reference kernels.
    """
    different = measured.outputs != expected
    parameters = _parameters(library, measured)
    for weight in measured.footprints:
        if seen := len(weight.outputs):
            different[:seen] |= weight.outputs != expected[:seen]
    return CoreCost(
        core=core.name,
        title=core.title,
        board=core.board,
        variant=kernel_variant(core),
        compiler=version_of(core.compiler + "gcc", core.compiler_package),
        emulator=version_of(core.emulator[0], core.emulator_package),
        unit=core.unit,
        flags=" ".join(measured.flags),
        sizes=tuple(_size(weight) for weight in measured.footprints),
        arena=measured.arena,
        static=measured.footprints[0].library.static_ram,
        stack=measured.stack,
        instructions=measured.mean_instructions,
        most_instructions=int(measured.instructions.max()),
        per_mac=_per_mac(measured.mean_instructions, library.graph.macs),
        outside_layers=measured.outside_stages,
        layers=_layers(library, measured, parameters),
        images=len(expected),
        differing_outputs=int(np.count_nonzero(different)),
        differing_images=int(np.count_nonzero(different.any(axis=1))),
        differing_texts=sum(text != line_text(scores) for text, scores in zip(measured.texts, expected, strict=False)),
        differing_by_output=count_by_output(library.graph, different),
        parameter_bytes=parameters,
    )


def missing_tool(core: Core) -> str:
    """What to install before a core can be measured; empty where everything is there."""
    try:
        find(core.compiler + "gcc", core.compiler_package)
        find(core.emulator[0], core.emulator_package)
    except EdgedigitsError as error:
        return str(error)
    return ""


def version_of(command: str, package: str) -> str:
    """The first line that a compiler or emulator says of its version, its bare name where it does not tell."""
    done = _run(find(command, package), "--version")
    lines = done.stdout.splitlines()
    return lines[0] if done.returncode == 0 and lines else command


def kernel_variant(core: Core) -> str:
    """Which variant of the kernels the library takes when compiled for a core: its compiler's own macros decide."""
    compiler = find(core.compiler + "gcc", core.compiler_package)
    said = _run(compiler, *core.flags, "-dM", "-E", "-x", "c", "/dev/null").stdout
    return chosen_variant(re.findall(r"^#define (\w+)", said, re.MULTILINE)).name


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)


def _size(weight: Footprint) -> SectionSizes:
    sections = weight.library
    return SectionSizes(
        flags=" ".join(weight.flags),
        text=sections.text,
        rodata=sections.rodata,
        data=sections.data,
        parameters=sum(weight.parameters.values()),
        code_and_tables=weight.code_and_tables,
        program=weight.whole.flash,
        instructions=float(weight.instructions.mean()) if len(weight.instructions) else None,
    )


def _per_mac(instructions: float, macs: int) -> float | None:
    return instructions / macs if macs else None


def _parameters(library: LibraryExport, measured: CoreMeasurement) -> tuple[int, ...]:
    """Bytes of each layer's parameters, as the symbols of its arrays tell them."""
    parameters = [0] * len(library.plan.program.stages)
    for name, size in measured.footprints[0].parameters.items():
        parameters[int(name.rpartition("_")[2])] += size
    return tuple(parameters)


def _layers(library: LibraryExport, measured: CoreMeasurement, parameters: tuple[int, ...]) -> tuple[LayerRun, ...]:
    if not measured.stage_instructions:
        return ()
    return tuple(
        LayerRun(count, _per_mac(count, stage.macs), size)
        for count, stage, size in zip(measured.stage_instructions, library.plan.program.stages, parameters, strict=True)
    )
