"""What the exported C of other people's int8 models costs on emulated cores, and whether it equals TFLite.

    EDGEDIGITS_MODELS=FOLDER python tests/benchmarks/bench_foreign.py [--inputs 2] [--json FILE]

Every ``.tflite`` file of the folder and of the folders in it is exported, tested on this computer, and built and run
for a Cortex-M0, M4 and M55, each time against TFLite's reference kernels (``BUILTIN_REF``). One that is refused is
listed with the reason; one that fails does not end the benchmark, which then exits with 1, as where an output differs.
Without the variable nothing is measured. Models whose files are not at hand have stand-ins of the same structure:

    python tests/benchmarks/stand_ins.py FOLDER
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from known_models import known_model, title_of

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.proof.inputs import proof_inputs
from edgedigits.firmware_export.proof.self_test import run_self_test
from edgedigits.firmware_export.report.cores import CoreCost
from edgedigits.firmware_export.report.report import CoreFailure, FirmwareReport, firmware_report
from edgedigits.firmware_export.targets import write_target
from edgedigits.firmware_export.targets.export import export_target

VARIABLE = "EDGEDIGITS_MODELS"
CORES = ("m0", "m4", "m55")
SPEED = ("model", "MACs", *CORES, "outputs that differ", "others")
SIZE = (
    *("model", "file", "weights and scales", "arena: plain", "DSP", "Helium"),
    *("code and tables, M4 -O2", "M0 -Os", "smallest program, M4 -O2"),
)


@dataclass(frozen=True)
class Examined:
    """What became of one file.

    Attributes:
        path: the file.
        folder: that was searched.
        report: of the cores; None where the model was not exported.
        self_test: what the exported self-test said on this computer: ``passed``, ``failed``, ``not run``; empty
            where the model was not exported.
        refused: why it was not exported; empty where it was.
        broken: True where that is no refusal but a defect.
    """

    path: Path
    folder: Path
    report: FirmwareReport | None = None
    self_test: str = ""
    refused: str = ""
    broken: bool = False

    @property
    def wrong(self) -> bool:
        """Whether this is a defect of the toolkit: a crash, or C that differs from TFLite."""
        report = self.report
        differs = report is not None and bool(report.costs) and not report.equal
        crashed = report is not None and any(not _too_large(lost) for lost in report.failures)
        return self.broken or differs or crashed or self.self_test == "failed"

    @property
    def file(self) -> str:
        """The path below the folder that was searched."""
        return str(self.path.relative_to(self.folder))

    def summary(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        report = self.report and self.report.summary()
        told = {"model": title_of(self.path), "file": self.file, "self_test": self.self_test}
        return {**told, "refused": self.refused, "broken": self.broken, "report": report}


def models_in(folder: Path) -> list[Path]:
    """Every model file of a folder and the folders in it, in the order of their paths.

    Raises:
        EdgedigitsError: there is no such folder, or no model in it.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".tflite" and path.is_file())
    if not found:
        raise EdgedigitsError(
            f"{folder}, which {VARIABLE} names, holds no .tflite file",
            "put models there, or write stand-ins with `python tests/benchmarks/stand_ins.py FOLDER`",
        )
    return found


def examined(path: Path, folder: Path, inputs: int, cores: Sequence[str] = CORES) -> Examined:
    """Export a model, test it here, and measure it on each core."""
    try:
        made = export_target(path)
        with tempfile.TemporaryDirectory(prefix="edgedigits-") as place:
            write_target("c", made.files, Path(place) / "c")
            said = run_self_test(Path(place) / "c")
        report = firmware_report(path, cores, proof_inputs(path, inputs))
    except EdgedigitsError as error:
        return Examined(path, folder, refused=error.what)
    except Exception as error:  # a defect, shown whole; the other models are measured all the same
        traceback.print_exc()
        return Examined(path, folder, refused=f"{type(error).__name__}: {error}", broken=True)
    return Examined(path, folder, report, said.result)


def all_examined(folder: Path, inputs: int, cores: Sequence[str] = CORES) -> Iterator[Examined]:
    """What became of each file, as soon as it is known; says so meanwhile."""
    for path in models_in(folder):
        found = examined(path, folder, inputs, cores)
        print(f"{found.file}: {_said(found)}", flush=True)
        yield found


def _said(found: Examined) -> str:
    if found.report is None:
        return f"{'FAILED' if found.broken else 'refused'}: {found.refused}"
    cores = [f"{cost.core} {cost.differing_outputs:,}" for cost in found.report.costs]
    cores += [f"{lost.core}: {lost.reason}" for lost in found.report.failures]
    return f"{found.report.recipe.image_source}; self-test {found.self_test}; outputs that differ: {', '.join(cores)}"


def speed(rows: Sequence[Examined]) -> list[str]:
    """Lines of Markdown: instructions of each model that was measured, and how many outputs differ."""
    return _table(SPEED, [_speed(row, row.report) for row in rows if row.report], left=1)


def size(rows: Sequence[Examined]) -> list[str]:
    """Lines of Markdown: bytes of each model that was measured."""
    return _table(SIZE, [_size(row, row.report) for row in rows if row.report], left=2)


def refusals(rows: Sequence[Examined]) -> list[str]:
    """Lines of Markdown: each model that was not exported, and why."""
    refused = [(title_of(row.path), row.file, row.refused) for row in rows if row.report is None]
    return _table(("not exported", "file", "why"), refused, left=3)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> list[str]:
    lines = [head, ["---"] * left + ["---:"] * (len(head) - left), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def _speed(row: Examined, report: FirmwareReport) -> list[str]:
    costs = {cost.core: cost for cost in report.costs}
    known = known_model(row.path)
    differing = f"{sum(cost.differing_outputs for cost in report.costs):,}"
    return [
        *(title_of(row.path), f"{report.macs:,}"),
        *(_instructions(costs.get(name)) for name in CORES),
        differing if row.self_test == "passed" else f"{differing}; self-test {row.self_test}",
        known.others if known else "",
    ]


def _size(row: Examined, report: FirmwareReport) -> list[str]:
    sizes = {cost.core: cost.sizes for cost in report.costs}
    fast = sizes["m4"][0] if "m4" in sizes else None
    return [
        *(title_of(row.path), row.file, f"{fast.parameters:,}" if fast else "-"),
        *(f"{report.arena_bytes[variant]:,}" for variant in ("plain", "dsp", "helium")),
        f"{fast.code_and_tables:,}" if fast else "-",
        f"{sizes['m0'][1].code_and_tables:,}" if "m0" in sizes else "-",
        f"{fast.program:,}" if fast else "-",
    ]


def _too_large(lost: CoreFailure) -> bool:
    """Whether a core lacks no more than memory, time or its tools."""
    return lost.missing_tool or "smaller model" in lost.reason


def _instructions(cost: CoreCost | None) -> str:
    if cost is None:
        return "-"
    return f"{cost.instructions:,.0f}" + (f" ({cost.per_mac:.2f} a MAC)" if cost.per_mac else "")


def show(rows: Sequence[Examined]) -> None:
    """Print the tables and the tools."""
    reports = [row.report for row in rows if row.report]
    if reports:
        print("\nInstructions for one inference, -O2", *speed(rows), sep="\n")
        print("\nBytes", *size(rows), sep="\n")
    if len(reports) < len(rows):
        print("", *refusals(rows), sep="\n")
    costs = [cost for report in reports for cost in report.costs]
    tools = dict.fromkeys(tool for cost in costs for tool in (cost.compiler, cost.emulator))
    print(f"\n{'; '.join(tools)}. No figure: the model does not fit the emulated board, or its tools are missing.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=2, help="inputs to run on each core")
    parser.add_argument("--json", type=Path, help="write all figures to this file too")
    options = parser.parse_args()
    if not (named := os.environ.get(VARIABLE)):
        print(f"{VARIABLE} names no folder: other people's models are not measured.")
        return
    try:
        rows = list(all_examined(Path(named), options.inputs))
    except EdgedigitsError as error:
        sys.exit(f"Error: {error}")
    show(rows)
    if options.json:
        options.json.write_text(json.dumps([row.summary() for row in rows], indent=1))
    if wrong := [row.file for row in rows if row.wrong]:
        sys.exit(f"Error: a defect, not a refusal: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
