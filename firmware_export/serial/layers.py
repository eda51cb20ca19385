"""Find the first layer that a board computes in another way than TFLite's reference kernels do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import card_of, code_version
from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.digit import quantize
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.lines.shapes import LineShape
from edgedigits.core.paths import StrPath
from edgedigits.firmware_export.graph.evaluation import evaluate_all
from edgedigits.firmware_export.graph.model import Graph, Whole
from edgedigits.firmware_export.input_contract import contract_of, line_of
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.planning.plan import Plan, plan
from edgedigits.firmware_export.planning.stages import RowValue
from edgedigits.firmware_export.proof.tensors import step_rows
from edgedigits.firmware_export.serial.link import BAUD, BoardLink
from edgedigits.firmware_export.serial.protocol import LAYERS_HEAD_BYTES, LONGEST_PAYLOAD, STEP_BYTES, checksum
from edgedigits.firmware_export.serial.verify import check_length, check_same_model


@dataclass(frozen=True)
class StepOfPlan:
    """One step of a plan: the place of its stage, and the row of its output that it makes, None for none yet."""

    stage: int
    row: int | None


@dataclass(frozen=True)
class LayerDifference:
    """The first value of a layer that differs.

    Attributes:
        row: of the layer's output.
        column: likewise.
        channel: likewise; -1, as is ``column``, for the padding beside a row.
        expected: as TFLite's reference kernels have it.
        found: on the board.
        differing: values of the row that differ.
    """

    row: int
    column: int
    channel: int
    expected: int
    found: int
    differing: int


@dataclass(frozen=True)
class LayerCheck:
    """How one layer on a board compares.

    Attributes:
        title: TFLite's operators and their shapes.
        rows: that the board made.
        differing_rows: of these.
        compared: False of a layer that no operator of the model makes by itself, such as one half of a long sum.
        cycles: that it took; None where the core has no counter.
    """

    title: str
    rows: int
    differing_rows: int
    compared: bool
    cycles: int | None


@dataclass(frozen=True)
class LayerVerification:
    """How all layers on a board compare, in the order of the model.

    Attributes:
        layers: all of them.
        first: place of the first one that differs, by the order in which rows are made; None where none does.
        difference: its first differing value; None where none differs, or another run gave what was expected.
        repeated: requests sent again because an answer got lost or damaged.
    """

    layers: tuple[LayerCheck, ...]
    first: int | None
    difference: LayerDifference | None
    repeated: int

    @property
    def equal(self) -> bool:
        """Whether no layer differs."""
        return self.first is None


def verify_layers(
    port: str,
    model: StrPath,
    image: NDArray[Any],
    *,
    baud: int = BAUD,
    timeout: float = 10.0,
    patience: float = 10.0,
    told: Told = NOTHING_TOLD,
    width: int | None = None,
) -> LayerVerification:
    """Send one input to a board and compare each layer's output, row by row, with TFLite's reference kernels.

    The board gets the int8 input of the network, so that what makes it of a picture has no part in it.

    Args:
        port: device such as ``/dev/ttyACM0`` or ``COM3``, or a URL of pyserial such as ``socket://host:port``.
        model: the ``.tflite`` file that was exported to the board, whose program is compiled with ``NAME_LAYERS``.
        image: uint8 of shape (28, 28), a normalised digit; for a line network a strip of shape (32, width); for
            another model an input of its own type and shape.
        baud: bits per second.
        timeout: seconds to wait for an answer.
        patience: seconds to wait for the board's first answer.
        told: what is known of the model's input, beside its card; as at the export.
        width: of the strips that a line network was exported for; None for those of the file.

    Raises:
        EdgedigitsError: as ``verify``; or the board's library is of another version, or tells nothing of its layers.
    """
    model = Path(model)
    card_of(model)  # raises where the file is missing or was changed
    graph = read_graph(model, width)
    given = network_input(model, graph, line_of(model, graph), image, told)
    chosen = plan(graph)
    wanted = expected_rows(graph, chosen, given)
    longest = max(LONGEST_PAYLOAD, given.nbytes + 2, LAYERS_HEAD_BYTES + STEP_BYTES * len(chosen.schedule.order))
    longest = max(longest, LAYERS_HEAD_BYTES + max(value.row_bytes for value in chosen.program.values.values()))
    check_length(model, longest)
    with BoardLink(port, baud=baud, timeout=timeout, patience=patience, longest=longest) as link:
        check_same_model(link, model, sha256_of(model))
        if link.board.version != code_version():
            raise EdgedigitsError(
                f"the board at {port} has a library of edgedigits {link.board.version}, this is {code_version()}, "
                "whose plan may be another",
                "export the model again with this version of edgedigits and flash the example",
            )
        return _compare(link, chosen, given.tobytes(), wanted)


def network_input(
    model: Path, graph: Graph, line: LineShape | None, image: NDArray[Any], told: Told = NOTHING_TOLD
) -> NDArray[Any]:
    """The int8 or int16 input of a network for a digit, a strip, or inputs of the model's own types, in a row."""
    if line:
        return (image.astype(np.int16) - 128).astype(np.int8)
    contract = contract_of(model, told, graph)
    if contract is None:
        row: NDArray[Any] = step_rows(graph.inputs, np.asarray(image)[None], graph.values)[0]
        return row
    source = graph.values[graph.input]
    values = contract.values(image[None])[0]
    return quantize(values, source.scale, source.zero_point).reshape(source.shape)


def steps_of_plan(chosen: Plan) -> tuple[StepOfPlan, ...]:
    """What each step makes; that of a mean makes its row at last."""
    program, done = chosen.program, [0] * len(chosen.program.stages)
    steps = []
    for place in chosen.schedule.order:
        stage = program.stages[place]
        row = done[place] - (stage.steps - program.values[stage.output].shape[0])
        steps.append(StepOfPlan(place, row if row >= 0 else None))
        done[place] += 1
    return tuple(steps)


def expected_rows(graph: Graph, chosen: Plan, given: NDArray[Any]) -> dict[int, tuple[bytes, ...]]:
    """For each stage whose output is known the bytes of its rows, as they lie in the arena.

    Args:
        graph: the network.
        chosen: its plan.
        given: int8 or int16, the network's input.
    """
    known: dict[int, Whole] = evaluate_all(graph, given)
    rows = {}
    for place, stage in enumerate(chosen.program.stages):
        if stage.output not in known and stage.node is None and stage.inputs[0] in known:
            source = known[stage.inputs[0]]
            if source.shape == chosen.program.values[stage.output].shape:  # a copy with room for padding
                known[stage.output] = source
        if stage.output in known:
            content = chosen.program.values[stage.output]
            rows[place] = tuple(row_bytes(row, content) for row in known[stage.output].reshape(content.shape))
    return rows


def row_bytes(row: Whole, content: RowValue) -> bytes:
    """A row of shape (width, channels) as it lies in the arena: with its padding, and in planes where it lies so."""
    padded = np.full((content.plane, content.shape[2]), content.zero, _kind(content))
    padded[content.before : content.before + content.shape[1]] = row
    return (padded.T if content.planar else padded).tobytes()


def _kind(content: RowValue) -> str:
    """NumPy's name of the type of a value's numbers, as a board holds them."""
    return "<i2" if content.wide else "i1"


def _compare(link: BoardLink, chosen: Plan, given: bytes, wanted: dict[int, tuple[bytes, ...]]) -> LayerVerification:
    steps = steps_of_plan(chosen)
    answers = link.steps(given, len(steps))
    counts = any(answer.cycles for answer in answers)
    wrong = [
        position
        for position, (step, answer) in enumerate(zip(steps, answers, strict=True))
        if step.row is not None and step.stage in wanted and checksum(wanted[step.stage][step.row]) != answer.checksum
    ]
    layers = tuple(
        LayerCheck(
            title=stage.title,
            rows=sum(step.stage == place and step.row is not None for step in steps),
            differing_rows=sum(steps[position].stage == place for position in wrong),
            compared=place in wanted,
            cycles=sum(one.cycles for step, one in zip(steps, answers, strict=True) if step.stage == place)
            if counts
            else None,
        )
        for place, stage in enumerate(chosen.program.stages)
    )
    first = difference = None
    if wrong:
        step = steps[wrong[0]]
        first, row = step.stage, step.row or 0
        content = chosen.program.values[chosen.program.stages[first].output]
        found = link.row(given, wrong[0], content.row_bytes)
        difference = next(_differences(wanted[first][row], found, content, row), None)
    return LayerVerification(layers, first, difference, link.repeated)


def _differences(expected: bytes, found: bytes, content: RowValue, row: int) -> Iterator[LayerDifference]:
    """Where two rows differ, first to last."""
    left, right = (np.frombuffer(row, _kind(content)) for row in (expected, found))
    places = np.flatnonzero(left != right)
    for place in map(int, places):
        channel, column = divmod(place, content.plane) if content.planar else divmod(place, content.shape[2])[::-1]
        column -= content.before
        inside = 0 <= column < content.shape[1]
        position = (column, channel) if inside else (-1, -1)
        yield LayerDifference(row, *position, int(left[place]), int(right[place]), len(places))
