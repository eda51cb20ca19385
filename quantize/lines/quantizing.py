"""``edgedigits quantize`` of a line network: calibration, conversion, proof on strings, files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgedigits.core.cards import LINE_TASK, Card, card_of, code_version, is_line_card, write_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import (
    refuse_inputs_inside,
    refuse_to_replace_folder,
    sha256_of,
    whole_folder,
    write_bytes,
    write_json,
)
from edgedigits.core.keras.backend import tf
from edgedigits.core.keras.line_networks import line_logits, load_line_network
from edgedigits.core.lines.decoding import greedy
from edgedigits.core.lines.judging import metrics_by_origin, own_test_lines
from edgedigits.core.lines.labelled import CALIBRATION_LINES, TEST_LINES, Lines, load_lines, save_lines
from edgedigits.core.paths import StrPath
from edgedigits.core.statistics.line_metrics import compare_lines
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.core.tflite.runtime import runtime
from edgedigits.quantize.lines.converting import check_line_int8, convert_lines
from edgedigits.quantize.lines.logit_range import logit_range
from edgedigits.quantize.lines.proof import (
    MIN_EXACT,
    LineProof,
    draw_line_flips,
)
from edgedigits.quantize.proof.proving import Progress, part_of

MAX_DROP = 0.5


@dataclass(frozen=True)
class LineQuantizeRequest:
    """A line network to quantize.

    Attributes:
        model: its ``model.keras``, beside which its training left the lines to calibrate with and to prove on.
        calibration: lines to calibrate with; None takes all that the training left.
        max_drop: percentage points of exact lines that may be lost.
        min_exact: percent of the test lines that network and model have to read exactly.
    """

    model: StrPath
    calibration: int | None = None
    max_drop: float = MAX_DROP
    min_exact: float = MIN_EXACT


@dataclass(frozen=True)
class LineQuantizeResult:
    """An int8 line network, its card and its proof."""

    request: LineQuantizeRequest
    model: Path
    card: Card
    proof: LineProof


def quantize_lines(
    request: LineQuantizeRequest, out: StrPath, *, force: bool = False, progress: Progress | None = None
) -> LineQuantizeResult:
    """Make the int8 form of a line network and prove on strings what that cost.

    Writes ``model.int8.tflite``, ``card.json``, ``proof.json``, ``flips.png`` and the test lines, all or nothing.

    Args:
        request: what, and what may be lost.
        out: folder to write into.
        force: replace what was written there before.
        progress: told of the stages.

    Raises:
        EdgedigitsError: no line network with its card, lines that its training left are missing, a number that makes no
            sense, a full disk.
    """
    path, out = Path(request.model), Path(out)
    refuse_inputs_inside([path], out)
    refuse_to_replace_folder(out, force)
    parent = card_of(path)
    if parent is None or not is_line_card(parent) or parent.kind != "keras":
        raise EdgedigitsError(f"{path} is no float line network with its card", "train one: --model line")
    if not request.max_drop >= 0:
        raise EdgedigitsError(f"--max-drop is {request.max_drop}", "allow 0 percentage points or more")
    lines = _drawn(load_lines(path.parent / CALIBRATION_LINES), request.calibration)
    test = own_test_lines(path, parent)
    model = load_line_network(path)
    if progress:
        progress("convert", 0, 1)
    found = logit_range(np.concatenate(line_logits(model, lines.strips)))
    content = convert_lines(model, lines.strips, found)
    if progress:
        progress("convert", 1, 1)
    before = [greedy(logits) for logits in line_logits(model, test.strips, part_of(progress, "float", len(test)))]
    with whole_folder(out, force) as work:
        written = work / "model.int8.tflite"
        write_bytes(written, content)
        operators = check_line_int8(written).operators
        unproved = _card(parent, path, written, {"calibration": len(lines), "logits": found})
        int8 = LineModel(written, card=unproved)
        after = [greedy(logits) for logits in int8.all_logits(test.strips, part_of(progress, "int8", len(test)))]
        proof = LineProof(
            compare_lines(before, after, test.texts),
            metrics_by_origin(test, before),
            metrics_by_origin(test, after),
            str(int8.runtime),
            int8.threads,
            4 * parent.parameters,
            len(content),
            operators,
            request.max_drop,
            request.min_exact,
        )
        card = _proved(unproved, proof)
        write_card(work, card)
        write_json(work / "proof.json", proof.as_dict())
        write_bytes(work / "flips.png", draw_line_flips(proof.comparison, test, before, after))
        save_lines(work / TEST_LINES, test)
    return LineQuantizeResult(request, out / written.name, card, proof)


def _drawn(lines: Lines, wanted: int | None) -> Lines:
    """So many of the lines, spread over all: composed ones come first, fields behind them."""
    if wanted is not None and not 1 <= wanted <= len(lines):
        raise EdgedigitsError(f"{wanted} lines cannot be drawn from {len(lines)}", f"ask for 1 to {len(lines)}")
    return lines if wanted is None else lines.at([place * len(lines) // wanted for place in range(wanted)])


def _card(parent: Card, source: Path, path: Path, converted: dict[str, Any]) -> Card:
    """The card of a model before its proof."""
    here = runtime()
    return Card(
        kind="tflite",
        file=path.name,
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        network=parent.network,
        parameters=parent.parameters,
        dataset=parent.dataset,
        seed=parent.seed,
        settings={"recipe": "int8", **converted},
        measured={},
        parent={"file": source.name, "sha256": parent.sha256},
        pretrained_on=parent.pretrained_on,
        contract={"task": LINE_TASK, "type": "int8"},
        software={"edgedigits": code_version(), "tensorflow": tf.__version__, here.name: here.version},
    )


def _proved(card: Card, proof: LineProof) -> Card:
    summary = proof.as_dict()
    summary["comparison"].pop("flipped")
    measured = {"float_exact": proof.comparison.before, "int8_exact": proof.comparison.after}
    return replace(card, measured=measured, proof=summary, passed=proof.passed, verdict=proof.verdict)
