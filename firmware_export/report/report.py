"""What an exported model costs on each core, measured under emulation, and whether it answers there as TFLite does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgedigits.core.cards import code_version
from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.digit import quantize
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import write_json
from edgedigits.core.paths import StrPath
from edgedigits.firmware_export.boards.cores import Core, core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.library import LibraryExport, export_library
from edgedigits.firmware_export.proof.inputs import ProofInputs
from edgedigits.firmware_export.proof.lines import LineReference, strip_inputs
from edgedigits.firmware_export.proof.reference import ReferenceKernels, TensorReference
from edgedigits.firmware_export.proof.tensors import step_rows
from edgedigits.firmware_export.recipe import AUTO
from edgedigits.firmware_export.report.cores import CoreCost, core_cost, missing_tool
from edgedigits.firmware_export.report.layers import LayerCost, layer_costs
from edgedigits.firmware_export.report.parameters import ParameterBytes, parameter_bytes
from edgedigits.firmware_export.variants import PLAIN, VARIANTS

REPORT_NAME = "firmware.json"
FORMAT = 1


@dataclass(frozen=True)
class CoreFailure:
    """A core that could not be measured.

    Attributes:
        core: its name.
        reason: for people; names the package that is missing, or by how much the memory is too small.
        missing_tool: True where a compiler or emulator is not installed.
    """

    core: str
    reason: str
    missing_tool: bool


@dataclass(frozen=True)
class ReportRecipe:
    """What a report was asked for, and which version of the toolkit made it."""

    name: str
    cores: tuple[str, ...]
    images: int
    image_source: str
    software: str
    weights: str = AUTO


@dataclass(frozen=True)
class FirmwareReport:
    """What a model costs as firmware.

    Attributes:
        file: name of the model file.
        sha256: of the model, lower-case hexadecimal.
        verdict: of the model's proof, as its card tells it; empty where it tells none.
        macs: multiply-accumulates of one inference.
        arena_bytes: by variant of the kernels, input and output included.
        parameters: in flash, by variant of the kernels.
        layers: of the network, as they run.
        costs: of each core that was measured.
        failures: the other cores.
        library: the exported model.
        recipe: what made it.
    """

    file: str
    sha256: str
    verdict: str
    macs: int
    arena_bytes: dict[str, int]
    parameters: dict[str, ParameterBytes]
    layers: tuple[LayerCost, ...]
    costs: tuple[CoreCost, ...]
    failures: tuple[CoreFailure, ...]
    library: LibraryExport
    recipe: ReportRecipe

    @property
    def parameter_bytes(self) -> int:
        """The one figure of what the parameters take in flash: with the kernels of plain C, which run on any core."""
        return self.parameters[PLAIN.name].total

    @property
    def equal(self) -> bool:
        """Whether every output on every measured core is that of TFLite's reference kernels, and one was measured."""
        return bool(self.costs) and not any(cost.differing_outputs or cost.differing_texts for cost in self.costs)

    def summary(self) -> dict[str, Any]:
        """Everything but the library, as JSON takes it."""
        plain = {name: value for name, value in vars(self).items() if name != "library"}
        for name in ("layers", "costs", "failures"):
            plain[name] = [asdict(item) for item in plain[name]]
        plain["parameter_bytes"] = self.parameter_bytes
        plain["parameters"] = {name: asdict(one) | {"total": one.total} for name, one in self.parameters.items()}
        return {"format": FORMAT, **plain, "recipe": asdict(self.recipe)}


def firmware_report(
    model: StrPath,
    cores: Sequence[str],
    images: ProofInputs,
    *,
    name: str = "digits",
    allow_failed: bool = False,
    told: Told = NOTHING_TOLD,
    width: int | None = None,
    weights: str = AUTO,
    progress: Callable[[int], object] | None = None,
) -> FirmwareReport:
    """Export a model, and build, run and weigh it for each core.

    A core that cannot be measured does not stop the others.

    Args:
        model: full-int8 ``.tflite`` model.
        cores: names of ``boards.cores.CORES``.
        images: to run, at least one; instructions are the mean over them.
        name: prefix of the C names.
        allow_failed: measure also a model whose card says that its proof failed.
        told: what is known of the model's input, beside its card.
        width: of the strips, where a line network is to run on others than those of its file; ``images`` have it.
        weights: see ``export_library``.
        progress: called with the number of cores done so far, after each.

    Raises:
        EdgedigitsError: an unknown core, no image, or as ``export_library`` and ``DigitModel``.
    """
    model = Path(model)
    chosen = [core(one) for one in dict.fromkeys(cores)]
    if len(images.values) == 0 or not chosen:
        raise EdgedigitsError("there is nothing to measure", "ask for one core and one image or more")
    library = export_library(model, name=name, allow_failed=allow_failed, told=told, width=width, weights=weights)
    job = _job(library, model, images.values)
    costs, failures = [], []
    for done, one in enumerate(chosen, start=1):
        found = job.measure(one)
        if isinstance(found, CoreCost):
            costs.append(found)
        else:
            failures.append(found)
        if progress:
            progress(done)
    return FirmwareReport(
        file=model.name,
        sha256=library.sha256,
        verdict=library.verdict,
        macs=library.graph.macs,
        arena_bytes=library.arena_bytes,
        parameters={variant: parameter_bytes(library, variant) for variant in VARIANTS},
        layers=layer_costs(library),
        costs=tuple(costs),
        failures=tuple(failures),
        library=library,
        recipe=ReportRecipe(
            name,
            tuple(one.name for one in chosen),
            len(images.values),
            job.source(images.source),
            code_version(),
            weights,
        ),
    )


def _job(library: LibraryExport, model: Path, images: NDArray[Any]) -> _Job:
    graph = library.graph
    if library.line:
        return _Job(library, strip_inputs(images).reshape(len(images), -1), LineReference(model, graph).steps(images))
    if library.contract is None:
        tensors = TensorReference(model, graph)
        given = step_rows(graph.inputs, images, graph.values)
        return _Job(library, given, tensors.steps(images), tensors.kernels)
    entry = graph.values[graph.input]
    reference = ReferenceKernels(model, library.contract)
    inputs = quantize(reference.digits.contract.values(images), entry.scale, entry.zero_point)
    return _Job(library, inputs.reshape(len(inputs), -1), reference.steps(images, graph.values[graph.output]))


@dataclass(frozen=True)
class _Job:
    """A library, the int8 or int16 inputs to run it on, the outputs that it has to give, and what computed these."""

    library: LibraryExport
    inputs: NDArray[Any]
    expected: NDArray[Any]
    kernels: str = ""

    def source(self, images: str) -> str:
        """Where inputs and outputs are from, for people."""
        return f"{images}; outputs by {self.kernels}" if self.kernels else images

    def measure(self, one: Core) -> CoreCost | CoreFailure:
        if lacking := missing_tool(one):
            return CoreFailure(one.name, lacking, missing_tool=True)
        stages = len(self.library.plan.program.stages)
        try:
            lines = self.library.line is not None
            kind = self.library.graph.output_values[0].kind
            measured = measure(self.library.text, one, self.inputs, stages=stages, lines=lines, kind=kind)
        except EdgedigitsError as error:
            return CoreFailure(one.name, str(error), missing_tool=False)
        return core_cost(self.library, one, measured, self.expected)


def report_path(model: Path) -> Path:
    """Where the figures of a model lie: ``firmware.json`` beside it.

    Of a second model in a folder it is ``<name>.firmware.json``, after the model file without its suffix.

    Raises:
        EdgedigitsError: what lies there is no report, or under the model's own name that of another one.
    """
    first, own = model.with_name(REPORT_NAME), model.with_name(f"{model.stem}.{REPORT_NAME}")
    path = own if own.exists() else first
    about = _model_of(path) if path.exists() else model.name
    if path == first and about not in ("", model.name):
        return own
    if about != model.name:
        raise EdgedigitsError(
            f"{path} is not about {model.name}", "name another file with --card, or move it out of the way"
        )
    return path


def _model_of(path: Path) -> str:
    """The name of the model file that a report is about; empty where it is no report."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ""
    about = known.get("file") if isinstance(known, dict) else None
    return about if isinstance(about, str) else ""


def write_report(report: FirmwareReport, path: Path) -> Path:
    """Write the figures of a report as JSON and return the path.

    Raises:
        EdgedigitsError: the disk is full or may not be written.
    """
    write_json(path, report.summary())
    return path
