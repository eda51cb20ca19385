"""From review queues to a signed update: divide, train on, quantize, prove against the model that runs, sign."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgedigits.core.stages import StageCallback
    from edgedigits.edge.station.configuration.settings import ReadingSettings
    from edgedigits.edge.station.updates.comparing import HeldOutReading
    from edgedigits.edge.station.updates.proving import UpdateProof
    from edgedigits.edge.station.updates.queues import Queues
    from edgedigits.train.lines.line_request import LineTrainingRequest
    from edgedigits.train.training_request import Device, ProgressCallback

LINES, FLOAT, INT8 = "lines", "float", "int8"
"""Folders that a retraining makes: the pieces, the network that learned from them, its int8 form."""

REPORT_JSON, REPORT_TEXT = "report.json", "report.txt"

COMPOSED = 4_000
"""Composed lines of many hands on which nothing may be forgotten."""

_MAX_DROP = 1.0
"""Percentage points that int8 may lose against the floats; what counts is the proof against the model that runs."""


@dataclass(frozen=True)
class Retraining:
    """What is asked of a retraining.

    Attributes:
        queues: folders of labelled pieces.
        running: the int8 line network that the stations run.
        start: the float network to train on from.
        key: the private key.
        reading: what a code may be, as on the stations.
        threshold: confidence from which a piece counts as accepted.
        held_out: percent of each queue that is proved on.
        composed: lines that are composed for the proof.
        epochs: of the training; None: as many as a network that starts from trained weights takes.
        rate: its highest learning rate; None likewise.
        seed: of the division, the training and the composed lines.
        device: ``auto``, ``cpu`` or ``gpu``.
    """

    queues: tuple[Path, ...]
    running: Path
    start: Path
    key: Path
    reading: ReadingSettings
    threshold: float
    held_out: float = 25.0
    composed: int = COMPOSED
    epochs: int | None = None
    rate: float | None = None
    seed: int = 0
    device: Device = "auto"


@dataclass(frozen=True)
class Retrained:
    """What came of it.

    Attributes:
        queues: the pieces, divided.
        unfound: of those to learn from, on whose picture their code was not found: they are left out.
        running: sha256 of the model that runs.
        model: the new int8 network.
        sha256: of it.
        proof: of the new one against the one that runs.
        refusal: why no update was written, in words; empty where one was.
        update: the signed file; None where there is none.
        seconds: that it took.
        threshold: as asked for.
    """

    queues: Queues
    unfound: int
    running: str
    model: Path
    sha256: str
    proof: UpdateProof
    refusal: str
    update: Path | None
    seconds: float
    threshold: float

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON takes it."""
        return {
            "verdict": self.proof.verdict,
            "refusal": self.refusal,
            "update": self.update.name if self.update else None,
            "model": self.sha256,
            "compared_with": self.running,
            "pieces": {**self.queues.describe(), "unfound": self.unfound},
            "proof": self.proof.as_dict(),
            "threshold": self.threshold,
            "seconds": round(self.seconds, 1),
        }

    def words(self) -> list[str]:
        """The report in sentences."""
        held, composed, slips = self.proof.held_out, self.proof.composed, self.proof.slips
        wrong = [held.count - right for right in (held.before, held.after)]
        differ = self.queues.contradictory
        left_out = f"; {differ} are left out, as their labels differ" if differ else ""
        left_out += f"; {self.unfound}, as their picture does not show the code" if self.unfound else ""
        return [
            f"{len(self.queues.learned) - self.unfound:,} pieces were learned from and {held.count:,} held out, of "
            f"{len(self.queues.describe()['queues'])} queues{left_out}",
            f"errors on held-out pieces: {wrong[0]} before ({100 * wrong[0] / held.count:.1f} %), "
            f"{wrong[1]} after ({100 * wrong[1] / held.count:.1f} %)",
            f"McNemar's test: {held.both} read right by both, {held.lost} only before, {held.won} only after, "
            f"{held.count - held.both - held.lost - held.won} by neither, p = {held.p_value:.3g}",
            f"composed lines of other hands: {composed.before:,} of {composed.count:,} right before, "
            f"{composed.after:,} after; at most {max(0.0, composed.drop_high):.2f} points are lost",
            f"accepted and wrong at a confidence of {self.threshold:g}: {slips.before} before, {slips.after} after",
            f"verdict: {self.proof.verdict}",
            f"no update: {self.refusal}" if self.refusal else f"update: {self.update}",
        ]


def retrain(
    request: Retraining,
    out: Path,
    *,
    force: bool = False,
    stage: StageCallback,
    training: ProgressCallback | None = None,
) -> Retrained:
    """Train on from review queues, prove, and write a signed update where the new model is better or equal.

    Makes ``lines/``, ``float/``, ``int8/``, ``report.json``, ``report.txt`` and ``update-<sha256>.edgeupdate`` in
    ``out``. What a stage made stays where a later one fails.

    Args:
        request: what is asked for.
        out: folder to make.
        force: replace what an earlier retraining wrote there.
        stage: told of the stages.
        training: told of the steps of the training.

    Raises:
        EdgedigitsError: a queue, model or key that is missing or wrong, too few pieces, no MNIST, a full disk.
    """
    from edgedigits.core.cards import card_of
    from edgedigits.core.files import whole_folder, write_json, write_text
    from edgedigits.core.statistics.outcome import FAILED
    from edgedigits.core.tflite.line_model import LineModel
    from edgedigits.edge.station.updates.bundle import SUFFIX, write_update
    from edgedigits.edge.station.updates.queues import write_lines
    from edgedigits.edge.station.updates.self_test import self_test_of

    began = time.perf_counter()
    queues = check_retraining(request, out, force)
    running = card_of(request.running)
    assert running is not None
    out.mkdir(parents=True, exist_ok=True)
    for path in (out / REPORT_JSON, out / REPORT_TEXT, *out.glob(f"update-*{SUFFIX}")):
        path.unlink(missing_ok=True)  # of an earlier run: what stands there shall belong together
    with whole_folder(out / LINES, force) as work:
        unfound = write_lines(queues, work, LineModel(request.running))
    model, verdict = _trained(request, out, force, stage, training)
    proof, strips = _proved(request, queues, model, stage)
    card = card_of(model)
    assert card is not None
    refusal = proof.why or ("int8 lost too much against the floats" if verdict == FAILED else "")
    if card.sha256 == running.sha256:
        refusal = "the new model is the one that runs"
    update = None
    if not refusal:
        update = write_update(out, model, self_test_of(LineModel(model), strips), proof, running.sha256, request.key)
    seconds = time.perf_counter() - began
    done = Retrained(
        queues, unfound, running.sha256, model, card.sha256, proof, refusal, update, seconds, request.threshold
    )
    write_json(out / REPORT_JSON, done.as_dict())
    write_text(out / REPORT_TEXT, "\n".join(done.words()) + "\n")
    return done


def check_retraining(request: Retraining, out: Path, force: bool) -> Queues:
    """The pieces, divided; raise where a retraining cannot begin, before the first second of training is spent.

    Raises:
        EdgedigitsError: as :func:`retrain`.
    """
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.files import refuse_inputs_inside, refuse_to_overwrite
    from edgedigits.edge.station.opening import open_reader
    from edgedigits.edge.station.updates.keys import private_key
    from edgedigits.edge.station.updates.queues import split_queues

    private_key(request.key)
    if "," in str(out):
        raise EdgedigitsError(f"--out is {out}, and a comma parts the names of data sets", "choose another --out")
    if not 1 <= request.composed <= 20_000:
        raise EdgedigitsError(f"--composed is {request.composed}", "give 1 to 20,000")
    refuse_inputs_inside([*request.queues, request.running, request.start, request.key], out)
    refuse_to_overwrite(out, force)
    open_reader(request.reading, Path(), request.running)
    training = _training(request, out)
    training.recipe()
    training.start_card()
    return split_queues(request.queues, request.held_out, request.seed)


def float_of(running: Path) -> Path:
    """The float network that an int8 one was quantized from: the built-in one, or that of an earlier retraining.

    Raises:
        EdgedigitsError: it is neither.
    """
    from edgedigits.core.cards import card_of
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.pretrained.bundled import bundled_float_line_model

    card = card_of(running)
    wanted = card.parent.get("sha256") if card else None
    for path in (bundled_float_line_model(), running.parent.parent / FLOAT / "model.keras"):
        found = card_of(path) if path.is_file() else None
        if found and found.sha256 == wanted:
            return path
    raise EdgedigitsError(
        f"the float network that {running} was made from is not known",
        "name it with --from: model.keras, as the training left it",
    )


def _training(request: Retraining, out: Path) -> LineTrainingRequest:
    from edgedigits.core.cards import card_of
    from edgedigits.train.lines.line_request import LineTrainingRequest

    card = card_of(request.start)
    return LineTrainingRequest(
        card.network if card else "line",
        f"lines:{out / LINES}",
        epochs=request.epochs,
        seed=request.seed,
        device=request.device,
        rate=request.rate,
        start=request.start,
    )


def _trained(
    request: Retraining, out: Path, force: bool, stage: StageCallback, training: ProgressCallback | None
) -> tuple[Path, str]:
    """The new int8 network, and the verdict of its proof against the floats."""
    from edgedigits.quantize.lines.quantizing import LineQuantizeRequest, quantize_lines
    from edgedigits.train.lines.blending import blend
    from edgedigits.train.lines.training import train_lines

    trained = train_lines(_training(request, out), out / FLOAT, force=force, progress=training)
    blend(request.start, out / FLOAT, request.composed, request.seed, stage)
    made = quantize_lines(
        LineQuantizeRequest(trained.model, max_drop=_MAX_DROP, min_exact=0.0), out / INT8, force=force, progress=stage
    )
    return made.model, made.proof.verdict


def _proved(request: Retraining, queues: Queues, model: Path, stage: StageCallback) -> tuple[UpdateProof, Any]:
    """The proof against the model that runs, and the composed strips of it."""
    from edgedigits.edge.station.opening import open_reader
    from edgedigits.edge.station.updates.comparing import compare_composed, compare_pieces, read_held_out
    from edgedigits.train.lines.data import compose_lines

    lines = compose_lines(request.composed, request.seed)
    composed = compare_composed(
        request.running, model, lines, lambda done: stage("composed lines", done, 2 * len(lines))
    )
    held = queues.held_out

    def read(model: Path, name: str) -> list[HeldOutReading]:
        reader = open_reader(request.reading, Path(), model)
        return read_held_out(reader, held, request.threshold, lambda done: stage(name, done, len(held)))

    before, after = read(request.running, "held-out pieces, before"), read(model, "held-out pieces, after")
    return compare_pieces(held, before, after, composed), lines.strips
