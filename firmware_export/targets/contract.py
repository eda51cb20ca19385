"""What a target is to the rest of the export: its name, and what writes its files. Loads nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedigits.firmware_export.recipe import AUTO

if TYPE_CHECKING:
    from edgedigits.core.contract.finding import Told
    from edgedigits.firmware_export.folder import Placed
    from edgedigits.firmware_export.graph.model import ModelTensor
    from edgedigits.firmware_export.library import LibraryExport

HEADER, SOURCE = "header", "source"
"""In the place of a template: the library's own two files."""
SERIAL_HEADER, SERIAL_SOURCE = "common/serial.h.j2", "common/serial.c.j2"


@dataclass(frozen=True)
class Written:
    """What an export has written.

    Attributes:
        placed: the files, and what became of an earlier export.
        facts: what scripts are told, as JSON takes it; ``verdict`` is that of the model's proof.
        words: the line for people that ends the output.
    """

    placed: Placed
    facts: dict[str, Any]
    words: str


@dataclass(frozen=True)
class ExportRequest:
    """What a user wants exported.

    Attributes:
        model: a ``.tflite`` file.
        name: prefix of its symbols.
        allow_failed: whether one whose proof failed is taken.
        told: what is known of the model's input.
        width: of a line network's strips where it is not the file's.
        labels: a text file that names the outputs.
        inputs: a NumPy archive with inputs for the self-test.
        weights: of ``recipe.WEIGHTS``: how they lie in flash.
        memories: that the arena is laid out in, each as ``name=bytes``.
    """

    model: Path
    name: str
    allow_failed: bool
    told: Told
    width: int | None = None
    labels: Path | None = None
    inputs: Path | None = None
    weights: str = AUTO
    memories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """An ecosystem that wants a model in its own files.

    Attributes:
        name: how users call it.
        about: what it is, in a line.
        write: from what is wanted, the folder, and whether what lies there is replaced, to what was written.
        layout: of a packed C library: path below the folder, with the library's name to fill in, to the template that
            fills it, :data:`HEADER` or :data:`SOURCE`; empty for what is no such library.
    """

    name: str
    about: str
    write: Callable[[ExportRequest, Path, bool], Written]
    layout: Mapping[str, str] = field(default_factory=dict)


def memory_bytes(library: LibraryExport) -> dict[str, dict[str, int]]:
    """Bytes of each memory that the arena is laid out in, by the variant of the kernels."""
    plan = library.plan
    fit = {name: plan.layouts[name] for name in library.arena_bytes if name not in plan.unfit}
    return {variant: dict(zip(plan.memories, layout.parts, strict=True)) for variant, layout in fit.items()}


def _unfit(library: LibraryExport) -> dict[str, str]:
    """Variants that the memories are too small for, and what is missing."""
    return {variant: missing for variant, missing in library.plan.unfit.items() if variant in library.arena_bytes}


def _arena_words(library: LibraryExport) -> str:
    plan = library.plan
    if not plan.memories:
        arena = ", ".join(f"{variant} {size:,}" for variant, size in library.arena_bytes.items())
        return f"arena bytes by kernels: {arena}"
    lines = [
        f"{variant} kernels: {', '.join(f'{memory} {size:,}' for memory, size in parts.items())} bytes"
        for variant, parts in memory_bytes(library).items()
    ]
    lines += [f"{variant} kernels do not fit: give {missing}" for variant, missing in _unfit(library).items()]
    return "\n".join(lines)


def library_target(name: str, about: str, layout: Mapping[str, str]) -> Target:
    """A target that is the C library with files around it; the attributes of :class:`Target`."""

    def write(wanted: ExportRequest, folder: Path, force: bool) -> Written:
        from edgedigits.firmware_export.targets.export import export_target
        from edgedigits.firmware_export.targets.packages import write_target

        made = export_target(
            wanted.model,
            name=wanted.name,
            allow_failed=wanted.allow_failed,
            told=wanted.told,
            width=wanted.width,
            labels=wanted.labels,
            inputs=wanted.inputs,
            weights=wanted.weights,
            memories=wanted.memories,
        )
        placed = write_target(name, made.files, folder, force=force)
        library = made.library
        facts: dict[str, Any] = {
            "verdict": library.verdict,
            "sha256": library.sha256,
            "macs": library.graph.macs,
            "arena_bytes": library.arena_bytes,
            "kind": library.kind,
            "tested_on": made.tested_on,
            "inputs": _tensors(library.graph.inputs),
            "outputs": _tensors(library.graph.outputs),
        }
        named = "" if library.graph.is_plain else _named(facts["inputs"], facts["outputs"])
        words = f"{named}self-test: {made.tested_on}\n{_arena_words(library)}"
        if wanted.memories:
            facts["memories"], facts["too_small_for"] = memory_bytes(library), _unfit(library)
        if library.saved_bytes:
            facts |= {"weight_bytes": sum(library.weight_bytes), "saved_bytes": library.saved_bytes}
        return Written(placed, facts, words + compact_words(library))

    return Target(name, about, write, layout)


def _tensors(tensors: Iterable[ModelTensor]) -> list[dict[str, Any]]:
    """Inputs or outputs for scripts."""
    return [{"name": one.name, "type": one.type.lower(), "shape": list(one.shape)} for one in tensors]


def _named(inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> str:
    """The same of a model of several, for people."""
    lines = []
    for which, tensors in (("inputs", inputs), ("outputs", outputs)):
        said = (f"{one['name']} ({one['type']} {'x'.join(map(str, one['shape']))})" for one in tensors)
        lines.append(f"{which}: {', '.join(said)}\n")
    return "".join(lines)


UNPACKING = "unpacking takes 500 to 2,000 bytes of code, on a Cortex-M55 up to 2,400"
"""What compact weights cost in flash, as docs/firmware-costs.md measures it."""


def compact_words(library: LibraryExport) -> str:
    """What people are told of compact weights, in a line of its own; empty where there are none."""
    if not library.saved_bytes:
        return ""
    from edgedigits.firmware_export.report.parameters import parameter_bytes

    return (
        f"\nparameters: {parameter_bytes(library).total:,} bytes, {library.saved_bytes:,} fewer than with "
        f"--weights plain, which takes less time and mostly less arena; {UNPACKING}"
    )
