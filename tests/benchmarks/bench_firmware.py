"""What the exported C costs on emulated cores, beside other runtimes on the same models.

    python tests/benchmarks/bench_firmware.py [--images 10] [--json FILE]

The three reference models are dscnn_int8, fakebank_int8 and vit_int8 (.tflite), in $EDGEDIGITS_BENCH or in the folder
bench beside $EDGEDIGITS_DATA. Without them only the built-in model is measured, for which there is nothing to compare
with. Every figure is from a run whose outputs were compared with TFLite's reference kernels; where one differs the
benchmark says so and ends with 1.

Instructions are counted under emulation and are the same in every run; bytes are those of the compiler named below the
table. The other runtimes were measured in the same way in November 2026 (arm-none-eabi-gcc 12.2, QEMU 7.2 with
-icount shift=0; TensorFlow Lite Micro as release build, core -Os, kernels -O2, with and without CMSIS-NN; TinyMaix -O3,
which is not bit-exact; onnx2c -O2 on the float model); their flash is a minimal program without the model, which
compares with the smallest program here, and not with code and tables alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.proof.inputs import proof_inputs
from edgedigits.firmware_export.report.cores import CoreCost
from edgedigits.firmware_export.report.report import FirmwareReport, firmware_report

MODELS = ("dscnn", "fakebank", "vit")
BUILTIN = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"
CORES = ("m0", "m4", "m55", "rv32")
PEERS = ("TFLM + CMSIS-NN", "TFLM reference", "TinyMaix", "onnx2c, float")
SPEED, SIZE = 0, 1  # places of -O2 and -Os in a core's sizes


@dataclass(frozen=True)
class Row:
    """A figure: how to read it from a report, its goals and the peers' figures by model; None where there is none."""

    title: str
    read: Callable[[FirmwareReport], int]
    goals: tuple[int | None, ...] = (None, None, None)
    peers: tuple[tuple[int | None, ...], ...] = ()


def cost(report: FirmwareReport, core: str) -> CoreCost:
    """The core's figures; EdgedigitsError says why there are none."""
    for lost in report.failures:
        if lost.core == core:
            raise EdgedigitsError(f"{report.file} on {core}: {lost.reason}", "the table needs all of its cores")
    return next(found for found in report.costs if found.core == core)


def instructions(core: str) -> Callable[[FirmwareReport], int]:
    return lambda report: round(cost(report, core).instructions)


def code_and_tables(core: str, flags: int) -> Callable[[FirmwareReport], int]:
    return lambda report: cost(report, core).sizes[flags].code_and_tables


def program(core: str, flags: int) -> Callable[[FirmwareReport], int]:
    """Flash of the smallest program without the model's parameters."""
    return lambda report: cost(report, core).sizes[flags].program - cost(report, core).sizes[flags].parameters


def arena(variant: str) -> Callable[[FirmwareReport], int]:
    return lambda report: report.arena_bytes[variant]


NONE = (None, None, None)
ROWS = (
    Row(
        "M4 instructions",
        instructions("m4"),
        (300_000, 1_400_000, 29_000_000),
        (
            (1_062_705, 3_692_196, 60_804_472),
            (3_687_674, 15_880_384, 242_379_737),
            (1_010_407, None, None),
            (1_541_392, 21_693_181, None),
        ),
    ),
    Row(
        "M0 instructions",
        instructions("m0"),
        (1_050_000, 4_750_000, 102_000_000),
        ((2_905_181, 10_765_953, 212_355_260), (6_440_648, 26_477_971, 360_144_638), (2_521_081, None, None), NONE),
    ),
    Row(
        "M55 instructions",
        instructions("m55"),
        (100_000, 265_000, 4_500_000),
        ((547_136, 901_285, 8_161_296), NONE, NONE, NONE),
    ),
    Row("RV32 instructions", instructions("rv32"), (1_050_000, 4_750_000, 102_000_000)),
    Row(
        "arena bytes, largest",
        lambda report: max(report.arena_bytes.values()),
        (4_100, 8_000, 40_000),
        (
            (7_604, 18_564, 58_772),
            (7_556, 18_452, 55_444),
            (4_704, None, None),
            (30_132, 105_396, None),
        ),
    ),
    Row("arena bytes, plain C", arena("plain")),
    Row("arena bytes, DSP", arena("dsp")),
    Row("arena bytes, Helium", arena("helium"), peers=((12_116, 19_124, 59_844), NONE, NONE, NONE)),
    Row("code and tables, M4 -O2", code_and_tables("m4", SPEED), (6_000, 5_000, 5_000)),
    Row("code and tables, M0 -Os", code_and_tables("m0", SIZE), (4_500, 3_600, 3_900)),
    Row(
        "program without model, M4 -O2",
        program("m4", SPEED),
        peers=(
            (54_844, 46_960, 46_960),
            (42_676, 37_804, 37_804),
            (10_540, None, None),
            (4_408, 3_908, None),
        ),
    ),
    Row(
        "program without model, M0 -Os",
        program("m0", SIZE),
        peers=((60_088, 53_080, 53_080), (54_324, 48_792, 48_792), (16_916, None, None), NONE),
    ),
)


def reference_folder() -> Path | None:
    """Where the reference models are; None where they are nowhere."""
    named, data = os.environ.get("EDGEDIGITS_BENCH"), os.environ.get("EDGEDIGITS_DATA")
    folder = Path(named) if named else Path(data).parent / "bench" if data else None
    if folder is None or not all((folder / f"{name}_int8.tflite").is_file() for name in MODELS):
        return None
    return folder


def measured(model: Path, images: int) -> FirmwareReport:
    """Build and run one model on the cores of the table; says what it ran and what differs."""
    chosen = proof_inputs(model, images)
    report = firmware_report(model, CORES, chosen)
    said = f"{model.name}: {chosen.source}"
    if chosen.warning:
        said += f" ({chosen.warning})"
    differing = ", ".join(f"{found.core} {found.differing_outputs}" for found in report.costs)
    print(f"{said}; outputs that differ from TFLite's reference kernels: {differing or 'none was run'}", flush=True)
    return report


def _cell(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _verdict(ours: int, goal: int | None) -> str:
    if goal is None:
        return ""
    return "met" if ours <= goal else f"{100 * (ours - goal) / goal:.1f} % above"


def show(reports: dict[str, FirmwareReport]) -> None:
    """Print the table as Markdown: a row for each figure and model."""
    print(f"\n| figure | model | edgedigits | at most | | {' | '.join(PEERS)} |")
    print(f"|---|---|---:|---:|---|{'---:|' * len(PEERS)}")
    for row in ROWS:
        for name, report in reports.items():
            known = MODELS.index(name) if name in MODELS else None
            goal = None if known is None else row.goals[known]
            peers = [None if known is None else peer[known] for peer in row.peers or (NONE,) * len(PEERS)]
            ours = row.read(report)
            cells = (row.title, name, _cell(ours), _cell(goal), _verdict(ours, goal), *map(_cell, peers))
            print(f"| {' | '.join(cells)} |")
    tools = dict.fromkeys(
        tool for report in reports.values() for found in report.costs for tool in (found.compiler, found.emulator)
    )
    print(f"\n{'; '.join(tools)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10, help="test digits to run for each core")
    parser.add_argument("--json", type=Path, help="write all figures to this file too")
    options = parser.parse_args()
    folder = reference_folder()
    models = {name: folder / f"{name}_int8.tflite" for name in MODELS} if folder else {}
    if not folder:
        print("The reference models are neither in $EDGEDIGITS_BENCH nor in bench beside $EDGEDIGITS_DATA.")
        print("Only the built-in model is measured; there are no goals and no peers' figures for it.\n")
    models["built-in"] = BUILTIN
    try:
        reports = {name: measured(path, options.images) for name, path in models.items()}
        show(reports)
    except EdgedigitsError as error:
        sys.exit(f"Error: {error}")
    if options.json:
        options.json.write_text(json.dumps({name: report.summary() for name, report in reports.items()}, indent=1))
    if not all(report.equal for report in reports.values()):
        sys.exit("Error: outputs differ from TFLite's reference kernels: the figures above are worth nothing")


if __name__ == "__main__":
    main()
