"""What to prove a firmware on: test digits where they can be had, else drawn ones; drawn lines; any model's inputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgedigits.core.cards import card_of
from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.counting import counted
from edgedigits.core.datasets import unseen_part
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.graph.model import Graph
from edgedigits.firmware_export.input_contract import contract_of, line_in_file
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.proof.drawn import drawn_digits
from edgedigits.firmware_export.proof.lines import drawn_lines
from edgedigits.firmware_export.proof.tensors import NOISE_SEED, noise, npz_inputs


@dataclass(frozen=True)
class ProofInputs:
    """Digits, lines or input tensors, and where they are from.

    Attributes:
        values: digits: uint8 of shape (count, 28, 28); for a line network strips of shape (count, 32, width); for
            another model inputs of its own type and shape, (count, *shape).
        source: for people.
        warning: why they are not the data set's; empty where they are, and of lines and tensors.
    """

    values: NDArray[Any]
    source: str
    warning: str = ""


def proof_inputs(
    model: Path,
    count: int,
    dataset: str | None = None,
    width: int | None = None,
    inputs: Path | None = None,
    told: Told = NOTHING_TOLD,
) -> ProofInputs:
    """Inputs to prove a firmware on.

    Of a digit model the first ``count`` digits that it was not trained on: of its card's data set, without a card of
    MNIST; drawn digits where that data set cannot be had; fewer where it has fewer. For a line network drawn lines. For
    any other model those of a file, or seeded noise.

    Args:
        model: a ``.tflite`` file.
        count: how many.
        dataset: spec of another data set, or of where the model's own lies now; nothing stands in for it.
        width: of a line network's strips; None takes those of the file.
        inputs: a NumPy archive with inputs of a model that reads neither digits nor lines.
        told: what is known of the model's input, beside its card.

    Raises:
        EdgedigitsError: the model is missing or damaged, its card does not match, it cannot be exported, or ``dataset``
            or ``inputs`` cannot be had or are of another kind of model.
    """
    card = card_of(model)
    line = line_in_file(model)
    if line:
        _refuse_inputs(model, inputs, "is a line network, which is proved on lines drawn by code")
        if dataset:
            raise EdgedigitsError(
                f"{model} is a line network, which is proved on lines drawn by code and not on {dataset}",
                "leave --dataset out",
            )
        return ProofInputs(drawn_lines(count, width or line.width), f"{counted(count, 'line')} drawn by code")
    graph = read_graph(model)
    if contract_of(model, told, graph) is None:
        return _tensors(model, graph, count, dataset, inputs)
    _refuse_inputs(model, inputs, "reads digits, and is proved on digits")
    try:
        part = unseen_part(card, dataset)
    except EdgedigitsError as error:
        if dataset:
            raise
        return ProofInputs(drawn_digits(count), "digits drawn by code", f"{error}. Taking digits drawn by code instead")
    digits = part.digits.images[:count]
    which = counted(len(digits), "digit" if part.are_all else "test digit")
    return ProofInputs(digits, f"the first {which} of {part.spec}")


def _tensors(model: Path, graph: Graph, count: int, dataset: str | None, inputs: Path | None) -> ProofInputs:
    if dataset:
        raise EdgedigitsError(
            f"{model} reads no digits, of which {dataset} is a data set",
            "leave --dataset out, or name a NumPy archive of its inputs with --inputs",
        )
    if inputs is None:
        return ProofInputs(noise(graph, count), f"{counted(count, 'input')} of noise, seed {NOISE_SEED}")
    values = npz_inputs(inputs, graph, count)
    return ProofInputs(values, f"the first {counted(len(values), 'input')} of {inputs.name}")


def _refuse_inputs(model: Path, inputs: Path | None, why: str) -> None:
    if inputs is not None:
        raise EdgedigitsError(f"{model} {why} and not on {inputs}", "leave --inputs out")
