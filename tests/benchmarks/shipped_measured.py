"""What is measured of the shipped models beside what their cards keep: latency here, their C on emulated cores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import read_json, sha256_of, write_json
from edgedigits.core.pretrained.catalogue import PretrainedModel
from edgedigits.results.machine import Machine
from edgedigits.results.row import Latency, dataclass_from

SMALLEST = ("pico", "nano")
"""Models that are measured on the smallest chips, too."""

CORES, SMALLEST_CORES = ("m0", "m4", "m55"), ("rv32e", "avr")
RUNTIMES = ("tflite-runtime", "tensorflow")
"""That of a Raspberry Pi, and LiteRT as TensorFlow brings it."""

IMAGES, IMAGES_ON_AVR = 20, 3
"""Test digits that are run; an emulator that counts cycles is slow."""

_NO_ROOM = ("the firmware needs ", "the model leaves only ")
"""How it is said of a model that a chip is too small for it; whatever else goes wrong is no property of the model."""

AVR, AVR_RAM, AVR_STACK = "avr", 2_048, 194
"""An ATmega328P, its RAM, and the stack that the smallest network measured takes there (docs/firmware-costs.md): a
program whose stack grows into its working memory does not end, and no emulator says so."""

_TIMED = 1000
RENEW = "make models-page"


@dataclass(frozen=True)
class OnCore:
    """The exported C with compact weights on one core.

    Attributes:
        core: such as ``m0``.
        title: for people.
        flash: bytes of code, tables and parameters, compiled for speed.
        program: bytes of the smallest program around it, compiled for size.
        arena: bytes of working memory, input and output included.
        ram: bytes of arena, the library's variables and its stack.
        instructions: of one inference, mean over the test digits; cycles where ``unit`` says so.
        unit: ``instructions`` or ``cycles``.
        differing: outputs that are not those of TFLite's reference kernels.
        tools: compiler and emulator with their versions.
    """

    core: str
    title: str
    flash: int
    program: int
    arena: int
    ram: int
    instructions: float
    unit: str
    differing: int
    tools: tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """A shipped model.

    Attributes:
        int8_sha256: of the file that was measured.
        machine: that timed it.
        latencies: of one digit on one thread, on each runtime.
        cores: that it was run on.
        refused: cores that it does not fit on, each with the reason.
    """

    int8_sha256: str
    machine: Machine
    latencies: tuple[Latency, ...]
    cores: tuple[OnCore, ...]
    refused: dict[str, str]


def read_measured(path: Path) -> dict[str, Measured]:
    """By the name of the model; none where there is no such file.

    Raises:
        EdgedigitsError: it is damaged.
    """
    if not path.is_file():
        return {}
    remedy = f"remove it and measure again: `{RENEW}`"
    content = read_json(path, remedy)
    try:
        return {str(name): dataclass_from(one, Measured, name) for name, one in content.items()}
    except (ValueError, AttributeError) as error:
        raise EdgedigitsError(f"{path} holds other figures ({error})", remedy) from error


def write_measured(path: Path, measured: dict[str, Measured]) -> None:
    write_json(path, {name: asdict(one) for name, one in measured.items()})


def measure_shipped(model: PretrainedModel, say: Callable[[str], object]) -> Measured:
    """Time a model here, and build and run its C on each core.

    Raises:
        EdgedigitsError: a runtime, a compiler or an emulator is missing, or an output differs.
    """
    from edgedigits.results.machine import this_machine

    costs, refused = _on_cores(model, say)
    return Measured(sha256_of(model.int8_path), this_machine(), _latencies(model, say), costs, refused)


def _latencies(model: PretrainedModel, say: Callable[[str], object]) -> tuple[Latency, ...]:
    from edgedigits.core.datasets import load_dataset
    from edgedigits.results.measuring.runs import run_model
    from edgedigits.results.measuring.runtimes import installed_runtimes

    digits = load_dataset("mnist").test
    assert digits is not None
    found = []
    for runtime in installed_runtimes(RUNTIMES):
        say(f"{model.name}: {runtime}")
        found += run_model(model.int8_path, runtime, digits.images[:_TIMED], (1,)).latencies
    return tuple(found)


def _on_cores(model: PretrainedModel, say: Callable[[str], object]) -> tuple[tuple[OnCore, ...], dict[str, str]]:
    from edgedigits.firmware_export import export_library
    from edgedigits.firmware_export.proof.inputs import proof_inputs
    from edgedigits.firmware_export.recipe import COMPACT
    from edgedigits.firmware_export.report.report import firmware_report

    library = export_library(model.int8_path, weights=COMPACT)
    cores = CORES + (SMALLEST_CORES if model.name in SMALLEST else ())
    found, refused = [], {}
    for core in cores:
        if core == AVR and (reason := too_large_for_avr(library.arena_bytes[AVR])):
            refused[core] = reason
            continue
        say(f"{model.name}: {core}")
        inputs = proof_inputs(model.int8_path, IMAGES_ON_AVR if core == AVR else IMAGES)
        report = firmware_report(model.int8_path, [core], inputs, weights=COMPACT)
        for lost in report.failures:
            if not lost.reason.startswith(_NO_ROOM):
                raise EdgedigitsError(f"{model.name} on {core}: {lost.reason}", f"mend that, then {RENEW}")
            refused[lost.core] = lost.reason
        for cost in report.costs:
            if cost.differing_outputs:
                raise EdgedigitsError(
                    f"{model.name} on {core}: {cost.differing_outputs} outputs are not those of TFLite's kernels",
                    "please report it: figures of such a program are worth nothing",
                )
            found.append(_on_core(cost))
    return tuple(found), refused


def too_large_for_avr(arena: int) -> str:
    """Why a library with so many bytes of working memory does not fit an ATmega328P; empty where it may."""
    if arena + AVR_STACK <= AVR_RAM:
        return ""
    return f"{arena:,} bytes of working memory leave {AVR_RAM - arena:,} of {AVR_RAM:,} for stack and variables"


def _on_core(cost: Any) -> OnCore:
    counted = next(size for size in cost.sizes if size.flags == cost.flags)
    return OnCore(
        core=cost.core,
        title=cost.title,
        flash=counted.text + counted.rodata + counted.data,
        program=min(size.program for size in cost.sizes),
        arena=cost.arena,
        ram=cost.arena + cost.static + cost.stack,
        instructions=cost.instructions,
        unit=cost.unit,
        differing=cost.differing_outputs,
        tools=(cost.compiler, cost.emulator),
    )
