"""One row: a recipe carried out, checked, read on every test digit, weighed and timed."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.cards import write_card
from edgedigits.core.files import gzip_size, sha256_of, write_bytes, write_json
from edgedigits.core.statistics.outcome import CANNOT_TELL, FAILED
from edgedigits.core.tflite.costs import costs_of
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.runtime import runtime
from edgedigits.quantize.benchmark.benchmark_request import BenchmarkRequest
from edgedigits.quantize.benchmark.float_reference import FloatReference
from edgedigits.quantize.making import check_form, make
from edgedigits.quantize.proof.proving import Progress, Proof, prove
from edgedigits.quantize.proof.runtimes import litert, open_model
from edgedigits.quantize.quantizing import MAX_DROP
from edgedigits.quantize.recipes import Recipe
from edgedigits.quantize.source import FloatSource
from edgedigits.quantize.tflite_card import tflite_card, write_tuning
from edgedigits.results import Accuracy, Latency, Row
from edgedigits.results.accuracies import validation_accuracy
from edgedigits.results.measuring.latency import latency_on


def measure(
    source: FloatSource,
    recipe: Recipe,
    request: BenchmarkRequest,
    rule: FloatReference,
    work: Path,
    progress: Progress | None,
) -> Row:
    """Carry a recipe out and measure what comes of it; write the model and its card into ``work``.

    The latencies come last, when nothing else of ours runs.

    Args:
        source: the float model, which is read anew, so that no recipe sees what another one did to it.
        recipe: to carry out.
        request: seed and calibration.
        rule: digits, and what the float network says of them.
        work: folder for ``model.<recipe>.tflite``, ``card.json``, ``proof.json`` and ``tuning.csv``.
        progress: told about fine-tuning, conversion and the pass over the digits.

    Raises:
        EdgedigitsError: the model cannot take this recipe, or what came of it is not what the recipe's name says.
    """
    calibration = source.calibration(request.calibration)
    made = make(source.load(), recipe, source.split, request.seed, calibration, progress, source.contract)
    path = work / f"model.{recipe.name}.tflite"
    write_bytes(path, made.content)
    checked = check_form(path, recipe, made.contract)
    field = rule.proof
    proof, after = prove(
        field.before, rule.float_bytes, path, checked.content, field.digits, MAX_DROP, progress, made.contract
    )
    accuracy, drop = field.judge(after, proof.runtime)
    reader = open_model(path, made.contract)
    split_accuracy = None
    if rule.split:
        split_accuracy = accuracy
        accuracy, drop = rule.own.judge(reader.probabilities(rule.own.digits.images), proof.runtime)
    write_card(work, tflite_card(source, recipe, made, checked, path, proof, request.seed))
    write_json(work / "proof.json", proof.as_dict())
    write_tuning(work, made)
    costs = costs_of(path)
    latencies = tuple(latency_on(on, path, rule.own.digits.images) for on in (runtime(), litert()))
    return Row(
        model=source.network,
        recipe=recipe.name,
        about=recipe.about,
        file=path.name,
        sha256=sha256_of(path),
        accuracy=accuracy,
        drop=drop,
        split_accuracy=split_accuracy,
        validation=_validation(source, reader, proof.runtime),
        bytes=len(made.content),
        gzip_bytes=gzip_size(made.content),
        parameters=costs.parameters,
        macs=costs.macs,
        arena_bytes=costs.arena_bytes,
        latencies=latencies,
        seconds=made.seconds if recipe.trains else None,
        checks=checked.found,
        settings=made.settings,
        notes=_notes(recipe, proof, latencies),
    )


def _validation(source: FloatSource, reader: DigitModel, runtime_name: str) -> Accuracy:
    held = source.split.validation
    right = reader.probabilities(held.images).argmax(1) == held.labels
    return validation_accuracy(source.split, 100.0 * float(right.mean()), runtime_name)


def _notes(recipe: Recipe, proof: Proof, latencies: tuple[Latency, ...]) -> tuple[str, ...]:
    notes = [f"{one.runtime} does not load it" for one in latencies if one.refused]
    if recipe.note:
        notes.append(recipe.note)
    if proof.verdict == FAILED:
        notes.append(f"loses more than the {proof.max_drop:g} points that `edgedigits quantize` allows")
    if proof.verdict == CANNOT_TELL:
        notes.append(
            f"its {proof.comparison.count:,} test digits cannot tell whether it loses more than the {proof.max_drop:g} "
            "points that `edgedigits quantize` allows"
        )
    if recipe.form == "float16":
        notes.append("weights are widened to float32 when the model is loaded, which the arena does not count")
    return tuple(notes)
