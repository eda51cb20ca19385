"""Prove on a board that it answers as TFLite's reference kernels do."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import card_of, code_version
from edgedigits.core.contract.contract import InputContract
from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.lines.shapes import LineShape
from edgedigits.core.paths import StrPath
from edgedigits.firmware_export.graph.model import Graph
from edgedigits.firmware_export.input_contract import contract_of, line_of
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.proof.lines import LineReference, line_text
from edgedigits.firmware_export.proof.reference import ReferenceKernels, TensorReference
from edgedigits.firmware_export.proof.tensors import TYPES, count_by_output, output_of
from edgedigits.firmware_export.serial.link import BAUD, BoardLink
from edgedigits.firmware_export.serial.protocol import LONGEST_FRAME, LONGEST_PAYLOAD, READING_BYTES, Board, BoardAnswer


@dataclass(frozen=True)
class VerifyRecipe:
    """How a board was asked: port, bits per second, seconds to wait for an answer, version of the toolkit."""

    port: str
    baud: int
    timeout: float
    software: str


@dataclass(frozen=True)
class Difference:
    """One output of one image that is not what TFLite's reference kernels give.

    Attributes:
        image: its place among those that were sent.
        output: place of the number; of a model of several outputs among those of its output.
        expected: what it should be.
        found: on the board.
        name: of that output of a model of several; else empty.
    """

    image: int
    output: int
    expected: int
    found: int
    name: str = ""


@dataclass(frozen=True)
class Verification:
    """How a board's outputs compare with TFLite's reference kernels.

    Attributes:
        board: what the board said of itself.
        images: sent.
        outputs: compared, all outputs of all images.
        differing_outputs: of those, not equal.
        differing_images: with at least one such output.
        wrong_labels: images whose label is not the first best of the outputs that the board sent with it, of a line
            network lines whose text is not what they say.
        first_difference: None where all are equal.
        repeated: requests sent again because an answer got lost or damaged.
        microseconds: that the model ran for each image by the board's clock; empty where it has none.
        seconds: from sending each image to having its answer.
        recipe: how the board was asked.
        differing_by_output: the differing outputs of a model of several, by the names of its outputs; else empty.
    """

    board: Board
    images: int
    outputs: int
    differing_outputs: int
    differing_images: int
    wrong_labels: int
    first_difference: Difference | None
    repeated: int
    microseconds: tuple[int, ...]
    seconds: tuple[float, ...]
    recipe: VerifyRecipe
    differing_by_output: dict[str, int] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Whether every output and every label is right."""
        return self.differing_outputs == 0 and self.wrong_labels == 0

    @property
    def median_microseconds(self) -> float | None:
        """Time of the model for one image by the board's clock; None where it has none."""
        return statistics.median(self.microseconds) if self.microseconds else None

    @property
    def median_seconds(self) -> float:
        """Time of one image, sending and answer included."""
        return statistics.median(self.seconds)


def verify(
    port: str,
    model: StrPath,
    images: NDArray[Any],
    *,
    baud: int = BAUD,
    timeout: float = 10.0,
    patience: float = 10.0,
    told: Told = NOTHING_TOLD,
    width: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Verification:
    """Send images to a board that runs the exported example and compare every output.

    Args:
        port: device such as ``/dev/ttyACM0`` or ``COM3``, or a URL of pyserial such as ``socket://host:port``.
        model: the ``.tflite`` file that was exported to the board.
        images: uint8 of shape (count, 28, 28), normalised digits, for a line network strips of shape (count, 32,
            width), for another model inputs of its own type and shape; at least one.
        baud: bits per second; the examples use 115,200.
        timeout: seconds to wait for the answer to one image.
        patience: seconds to wait for the board's first answer; many restart when their port is opened.
        told: what is known of the model's input, beside its card; as at the export.
        width: of the strips that a line network was exported for; None for those of the file.
        progress: called with the number of images done so far, after each.

    Raises:
        EdgedigitsError: a model that is missing, damaged or not int8, or too large for the serial protocol; no images;
            a port that cannot be opened; a board that is silent, stops answering, answers with garbage or damaged
            frames, or holds another model.
    """
    model = Path(model)
    if len(images) == 0:
        raise EdgedigitsError("there are no images to send", "ask for one image or more")
    card_of(model)  # raises where the file is missing or was changed
    graph = read_graph(model, width)
    line = line_of(model, graph)
    contract = None if line else contract_of(model, told, graph)
    kind = "line" if line else "digit" if contract else "tensor"
    pictures, answer = _asked(model, graph, line, contract, images)
    longest = longest_payload(graph, line, kind)
    check_length(model, longest)
    how = {"line": line is not None, "wide": graph.output_values[0].wide}
    with BoardLink(port, baud=baud, timeout=timeout, patience=patience, longest=longest, **how) as link:
        check_same_model(link, model, sha256_of(model))
        readings, expected, seconds = [], [], []
        for position in range(len(images)):
            start = time.perf_counter()
            readings.append(link.read(pictures[position].tobytes()))
            seconds.append(time.perf_counter() - start)
            expected.append(answer(images[position : position + 1])[0])
            if progress:
                progress(position + 1)
        board, repeated = link.board, link.repeated
    recipe = VerifyRecipe(port, baud, timeout, code_version())
    return _compare(board, readings, np.array(expected), repeated, tuple(seconds), recipe, kind, graph)


def _asked(
    model: Path, graph: Graph, line: LineShape | None, contract: InputContract | None, images: NDArray[Any]
) -> tuple[NDArray[Any], Callable[[NDArray[Any]], NDArray[Any]]]:
    """What the board is sent of each image, and what makes TFLite's outputs of some of the images."""
    if line:
        if images.shape[2] != line.width:
            raise ValueError(f"strips of {images.shape[2]} columns for a network of {line.width}")
        return images, LineReference(model, graph).steps
    if contract is None:
        return images, TensorReference(model, graph).steps
    reference = ReferenceKernels(model, contract)
    end = graph.values[graph.output]
    return reference.digits.contract.pictures(images), lambda some: reference.steps(some, end)


def longest_payload(graph: Graph, line: LineShape | None, kind: str) -> int:
    """Bytes of the longest payload of a conversation about a model."""
    given = input_bytes(graph) if kind == "tensor" else graph.input_values[0].size
    made = sum(value.size for value in graph.output_values)
    return max(LONGEST_PAYLOAD, given, made + (line.steps if line else 0) + READING_BYTES)


def input_bytes(graph: Graph) -> int:
    """Bytes of all inputs of an inference, of their own types."""
    ends = zip(graph.inputs, graph.input_values, strict=True)
    return sum(value.count * np.dtype(TYPES[tensor.type]).itemsize for tensor, value in ends)


def check_length(model: Path, longest: int) -> None:
    """Raise :class:`EdgedigitsError` where a payload fits no frame."""
    if longest > LONGEST_FRAME:
        raise EdgedigitsError(
            f"{model} has an input or output of {longest:,} bytes, more than the {LONGEST_FRAME:,} of a frame",
            "run the self-test of `edgedigits export --target c` on the board, or `edgedigits firmware report`",
        )


def check_same_model(link: BoardLink, model: Path, sha256: str) -> None:
    """Raise :class:`EdgedigitsError` where a board holds another model."""
    if link.board.sha256 != sha256:
        raise EdgedigitsError(
            f"the board at {link.port} holds model {link.board.sha256[:12]}..., {model} is {sha256[:12]}...",
            "flash an export of this model, or name the model that is on the board",
        )


def _compare(
    board: Board,
    readings: list[BoardAnswer],
    expected: NDArray[Any],
    repeated: int,
    seconds: tuple[float, ...],
    recipe: VerifyRecipe,
    kind: str,
    graph: Graph,
) -> Verification:
    found = np.array([reading.outputs for reading in readings], np.int16)
    places = np.argwhere(found != expected)
    first = None
    if len(places):
        image, output = (int(value) for value in places[0])
        name, place = output_of(graph, output)
        first = Difference(image, place, int(expected[image, output]), int(found[image, output]), name)
    times = tuple(reading.microseconds for reading in readings)
    return Verification(
        board=board,
        images=len(readings),
        outputs=found.size,
        differing_outputs=len(places),
        differing_images=len(np.unique(places[:, 0])),
        wrong_labels=_wrong_labels(readings, found, kind),
        first_difference=first,
        repeated=repeated,
        microseconds=times if any(times) else (),
        seconds=seconds,
        recipe=recipe,
        differing_by_output=count_by_output(graph, found != expected),
    )


def _wrong_labels(readings: list[BoardAnswer], found: NDArray[np.int16], kind: str) -> int:
    """How many answers name another class or text than the outputs beside them say."""
    if kind == "line":
        texts = [line_text(scores.astype(np.int8)) for scores in found]
        return sum(reading.text != text for reading, text in zip(readings, texts, strict=True))
    labels = np.array([reading.label for reading in readings])
    wrong = labels != found.argmax(axis=1)
    if kind == "tensor":  # a library whose outputs have no names answers with zeros
        wrong &= (labels != 0) | np.array([reading.confidence != 0 for reading in readings])
    return int(np.count_nonzero(wrong))
