"""What flags and compilers make of the exported C: instructions, bytes and stack of one model on one core.

    python tests/benchmarks/bench_builds.py [MODEL] [--core m4] [--images 20]
        [--compiler "clang-22 --target=arm-none-eabi -munaligned-access -isystem /usr/include/newlib"]

Every build answers as this computer's does, which the tests prove equal to TFLite's reference kernels; where one does
not, the benchmark says so and ends with 1. Instructions are counted under emulation and are the same in every run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export import CompiledLibrary, export_library
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.proof.inputs import proof_inputs

BUILTIN = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"
BUILDS = ("-O2", "-Os", "-O2 -DNO_ASSEMBLY", "-Os -DNO_ASSEMBLY", "-O2 -DNO_DSP", "-Os -DNO_DSP")


def show(model: Path, name: str, images: int, compiler: tuple[str, ...]) -> bool:
    """Print a row of Markdown for each build; whether all answered alike."""
    library = export_library(model, name="digits")
    with CompiledLibrary(library) as host:
        inputs = host.input_from_grey(proof_inputs(model, images).values)
        expected = host.run(inputs)
    print(
        "| flags | instructions | code and tables | smallest program | arena | stack |\n|---|---:|---:|---:|---:|---:|"
    )
    alike = True
    for flags in BUILDS:
        words = tuple(flags.split())
        found = measure(library.text, core(name), inputs.reshape(len(inputs), -1), words, (words,), compiler=compiler)
        size = found.footprints[0]
        numbers = (size.code_and_tables, size.whole.flash, found.arena, found.stack)
        print(f"| {flags} | {found.mean_instructions:,.0f} | {' | '.join(f'{one:,}' for one in numbers)} |", flush=True)
        alike &= np.array_equal(found.outputs.reshape(len(expected), -1), expected.reshape(len(expected), -1))
    return alike


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", type=Path, default=BUILTIN, help="an int8 digit model; else the built-in")
    parser.add_argument("--core", default="m4", help="one of `edgedigits firmware cores`")
    parser.add_argument("--images", type=int, default=20, help="test digits to run")
    parser.add_argument("--compiler", default="", help="of the library, with its flags, in place of GCC")
    options = parser.parse_args()
    try:
        alike = show(options.model, options.core, options.images, tuple(options.compiler.split()))
    except EdgedigitsError as error:
        sys.exit(f"Error: {error}")
    if not alike:
        sys.exit("Error: outputs differ from those of this computer: the figures above are worth nothing")


if __name__ == "__main__":
    main()
