"""``export_target``: from an int8 model to the files of an ecosystem, with inputs to test them by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.firmware_export.labels import read_labels
from edgedigits.firmware_export.library import LibraryExport, export_library
from edgedigits.firmware_export.library.ends import LibraryEnd, library_ends
from edgedigits.firmware_export.planning.memories import read_memory
from edgedigits.firmware_export.proof.drawn import drawn_digits
from edgedigits.firmware_export.proof.lines import LineReference, drawn_lines, line_text
from edgedigits.firmware_export.proof.reference import ReferenceKernels, TensorReference
from edgedigits.firmware_export.proof.tensors import NOISE_SEED, TYPES, as_steps, noise, npz_inputs, outside
from edgedigits.firmware_export.recipe import AUTO
from edgedigits.firmware_export.targets import LibraryFiles, TestVector
from edgedigits.firmware_export.targets.contract import memory_bytes
from edgedigits.firmware_export.targets.ends import TensorEnd, TensorEnds

SELF_TEST_IMAGES = 4
"""Each takes as many bytes of flash as a picture has pixels in the program that tests itself."""

_SELF_TEST_BYTES = 1 << 16
"""Of all inputs together: fewer inputs where they are large, but one."""


@dataclass(frozen=True)
class TargetExport:
    """A model as a C library, and the same ready to be written by ``targets.write_target``.

    Attributes:
        library: the library.
        files: what the targets want to know of it.
        tested_on: where the inputs of the self-test are from, for people.
    """

    library: LibraryExport
    files: LibraryFiles
    tested_on: str


def export_target(
    model: Path,
    *,
    name: str = "digits",
    allow_failed: bool = False,
    told: Told = NOTHING_TOLD,
    width: int | None = None,
    labels: Path | None = None,
    inputs: Path | None = None,
    weights: str = AUTO,
    memories: tuple[str, ...] = (),
) -> TargetExport:
    """Turn an int8 model into a C library; TFLite's reference kernels give its test vectors.

    Args:
        model: int8 inside, of any shape that fits the library's operators.
        name: prefix of every symbol: lower-case letters, digits, single underscores.
        allow_failed: export also where the model's card says that its proof failed.
        told: what is known of the model's input, beside its card.
        width: of a line network's strips; None for those of the file.
        labels: a text file with a name for each output, one a line.
        inputs: a NumPy archive with inputs for the self-test of a model that reads neither digits nor lines; None takes
            seeded noise.
        weights: see ``export_library``.
        memories: that the arena is laid out in, each as ``name=bytes``.

    Raises:
        EdgedigitsError: as ``export_library``, ``read_memory``, ``read_labels`` and ``npz_inputs``; inputs for a model
            that reads digits or lines.
    """
    parts = tuple(read_memory(text) for text in memories)
    named = read_labels(labels) if labels else ()
    library = export_library(
        model,
        name=name,
        allow_failed=allow_failed,
        told=told,
        width=width,
        labels=named,
        weights=weights,
        memories=parts,
    )
    files, source = _files(library, model, inputs)
    return TargetExport(library, files, source)


def library_files(library: LibraryExport, model: Path) -> LibraryFiles:
    """What the targets want to know of an exported model; the test vectors are drawn digits or lines, or noise.

    Raises:
        EdgedigitsError: the name is taken by a file beside the library.
        ValueError: ``model`` is not what ``library`` was made from.
    """
    return _files(library, model, None)[0]


def _files(library: LibraryExport, model: Path, inputs: Path | None) -> tuple[LibraryFiles, str]:
    if sha256_of(model) != library.sha256:
        raise ValueError(f"{model} is not the model of this library")
    graph = library.graph
    given, outputs, source = _tried(library, model, inputs)
    files = LibraryFiles(
        name=library.recipe.name,
        header=library.header,
        source=library.source,
        sha256=library.sha256,
        version=library.recipe.software,
        input_bytes=given[0].nbytes,
        output_bytes=sum(value.size for value in graph.output_values),
        labels=library.labels,
        arena_bytes=library.arena_bytes,
        vectors=tuple(
            TestVector(image.tobytes(), numbers, _text(numbers, library))
            for image, numbers in zip(given, outputs, strict=True)
        ),
        types=(graph.inputs[0].type, graph.outputs[0].type),
        wide=(graph.input_values[0].wide, graph.output_values[0].wide),
        line=library.line,
        tensors=_tensor_ends(library, source) if library.kind == "tensor" else None,
        inputs=library.text.inputs,
        outputs=library.text.outputs,
        blobs=library.blobs,
        memories=memory_bytes(library) if library.plan.memories[1:] else {},
    )
    return files, source


def _text(numbers: Sequence[float], library: LibraryExport) -> str:
    """What an output of a line network says."""
    if not library.line:
        return ""
    end = library.graph.output_tensor
    return line_text(as_steps(np.array(numbers, TYPES[end.type]), library.graph.values[end.value]))


Tried = tuple[NDArray[Any], list[tuple[float, ...]], str]
"""Inputs, all numbers that TFLite's reference kernels make of each, and where the inputs are from."""


def _tried(library: LibraryExport, model: Path, inputs: Path | None) -> Tried:
    """Grey pictures in the model's size, or its inputs."""
    if library.kind == "tensor":
        return _tried_tensors(library, model, inputs)
    if inputs:
        raise EdgedigitsError(f"{model} reads {library.kind}s, and tests itself on such", "leave --inputs out")
    if library.line:
        strips = drawn_lines(SELF_TEST_IMAGES, library.line.width)
        steps = LineReference(model, library.graph).steps(strips)
        return strips, _numbers(_of_own_type(steps, library)), "lines drawn by code"
    images = drawn_digits(SELF_TEST_IMAGES)
    reference = ReferenceKernels(model, library.contract)
    return reference.digits.contract.pictures(images), _numbers(reference.outputs(images)), "digits drawn by code"


def _of_own_type(steps: NDArray[np.int8], library: LibraryExport) -> NDArray[Any]:
    end = library.graph.output_tensor
    return outside(steps, library.graph.values[end.value], TYPES[end.type])


def _numbers(outputs: NDArray[Any]) -> list[tuple[float, ...]]:
    """Of outputs (count, ...), or of records of them, the numbers of each."""
    if outputs.dtype.names is None:
        return [tuple(one.ravel().tolist()) for one in outputs]
    return [tuple(number for part in one.tolist() for number in part.tolist()) for one in outputs]


def _tried_tensors(library: LibraryExport, model: Path, inputs: Path | None) -> Tried:
    graph = library.graph
    size = sum(value.size for value in graph.input_values)
    count = max(1, min(SELF_TEST_IMAGES, _SELF_TEST_BYTES // size))
    given = npz_inputs(inputs, graph, count) if inputs else noise(graph, count)
    reference = TensorReference(model, graph)
    source = f"inputs of {inputs.name}" if inputs else f"noise, seed {NOISE_SEED}"
    return given, _numbers(reference.outputs(given)), f"{source}; outputs by {reference.kernels}"


def _tensor_ends(library: LibraryExport, source: str) -> TensorEnds:
    graph = library.graph
    ends = library_ends(graph, library.plan.program, library.recipe.name)
    pictures = dict(zip((end.name for end in ends.inputs), library.pictures, strict=True))

    def of(side: tuple[LibraryEnd, ...]) -> tuple[TensorEnd, ...]:
        made: list[TensorEnd] = []
        for end in side:
            start, before = (
                (made[-1].start + made[-1].size, made[-1].start_bytes + made[-1].own_bytes) if made else (0, 0)
            )
            kind, words, picture = end.tensor.type, _words(end), pictures.get(end.name) is not None
            made.append(
                TensorEnd(end.name, end.member, kind, end.value.count, words, start, before, picture, end.value.wide)
            )
        return tuple(made)

    given_from = "of a file" if source.startswith("inputs") else f"noise, seed {NOISE_SEED}"
    return TensorEnds(of(ends.inputs), of(ends.outputs), given_from)


def _words(end: LibraryEnd) -> str:
    shape = " x ".join(str(length) for length in end.tensor.shape or end.value.shape)
    return f"{shape}, real = (value - ({end.value.zero_point})) * {end.value.scale:.9g}"
