"""``export_target``: from an int8 model to the files of an ecosystem, with images to test them by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.digit import LABELS
from edgedigits.core.files import sha256_of
from edgedigits.firmware_export.library import LibraryExport, export_library
from edgedigits.firmware_export.proof.drawn import drawn_digits
from edgedigits.firmware_export.proof.lines import LineReference, drawn_lines, line_text
from edgedigits.firmware_export.proof.reference import ReferenceKernels
from edgedigits.firmware_export.targets import LibraryFiles, TestVector

SELF_TEST_IMAGES = 4
"""Each takes as many bytes of flash as a picture has pixels in the program that tests itself."""


@dataclass(frozen=True)
class TargetExport:
    """A model as a C library, and the same ready to be written by ``targets.write_target``."""

    library: LibraryExport
    files: LibraryFiles


def export_target(
    model: Path,
    *,
    name: str = "digits",
    allow_failed: bool = False,
    told: Told = NOTHING_TOLD,
    width: int | None = None,
) -> TargetExport:
    """Turn an int8 model of digits or lines into a C library; TFLite's reference kernels give its test vectors.

    Args:
        model: of one digit in, ten scores out, or a line network; int8 inside.
        name: prefix of every symbol: lower-case letters, digits, single underscores.
        allow_failed: export also where the model's card says that its proof failed.
        told: what is known of the model's input, beside its card.
        width: of a line network's strips; None for those of the file.

    Raises:
        EdgedigitsError: as ``export_library``; or the model reads neither digits nor lines.
    """
    library = export_library(model, name=name, allow_failed=allow_failed, told=told, width=width)
    return TargetExport(library, library_files(library, model))


def library_files(library: LibraryExport, model: Path) -> LibraryFiles:
    """What the targets want to know of an exported model; the test vectors are drawn digits or lines.

    Raises:
        EdgedigitsError: the model reads neither digits nor lines, or the name is taken by a file beside the library.
        ValueError: ``model`` is not what ``library`` was made from.
    """
    if sha256_of(model) != library.sha256:
        raise ValueError(f"{model} is not the model of this library")
    pictures, outputs = _tried(library, model)
    return LibraryFiles(
        name=library.recipe.name,
        header=library.header,
        source=library.source,
        sha256=library.sha256,
        version=library.recipe.software,
        input_bytes=pictures[0].size,
        output_bytes=outputs.shape[1],
        labels=() if library.line else LABELS,
        arena_bytes=library.arena_bytes,
        vectors=tuple(
            TestVector(
                image.tobytes(), tuple(int(value) for value in output), line_text(output) if library.line else ""
            )
            for image, output in zip(pictures, outputs, strict=True)
        ),
        line=library.line,
    )


def _tried(library: LibraryExport, model: Path) -> tuple[NDArray[np.uint8], NDArray[np.int8]]:
    """Grey pictures in the model's size, and what TFLite's reference kernels make of them."""
    if library.line:
        strips = drawn_lines(SELF_TEST_IMAGES, library.line.width)
        return strips, LineReference(model, library.graph).steps(strips)
    images = drawn_digits(SELF_TEST_IMAGES)
    reference = ReferenceKernels(model, library.contract)
    outputs = reference.steps(images, library.graph.values[library.graph.output])
    return reference.digits.contract.pictures(images), outputs
