"""What commands do where the network is one of lines, not of digits."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgedigits.cli.output import epochs, loading, progress, say, show_json, show_table
from edgedigits.cli.proving import EXIT_CODES, interval
from edgedigits.core.cards import LINE_TASK
from edgedigits.core.counting import counted
from edgedigits.core.lines.naming import LINES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from edgedigits.core.lines.labelled import Lines
    from edgedigits.core.statistics.line_metrics import LineMetrics
    from edgedigits.quantize.lines.quantizing import LineQuantizeResult

_OF_TRAINING = ("split", "augment", "weights", "folds", "tensorboard", "trust", "orientation", "invert", "skip_bad")
_OF_DATA = ("split", "trust", "orientation", "invert", "skip_bad", "input_range", "polarity")
_OF_EVALUATING = ("corruptions", *_OF_DATA)
_OF_QUANTIZING = ("dataset", *_OF_DATA)
_OF_BENCHMARK = (*_OF_QUANTIZING, "seed", "cores", "time_limit", "resume")
_OF_TUNING = ("preset", "lessons", "spoilt", "epochs", "rate")
"""Options that say something of digits alone, by what a command does."""

SHOWN = 20
"""Wrongly read lines and confusions that a terminal shows."""


def names_line_network(network: str | None, model: Path | None = None) -> bool:
    """Whether a name is that of a line network, or a model's card says that it is one."""
    from edgedigits.core.cards import card_of, is_line_card
    from edgedigits.train.lines.catalogue import LINE_NETWORKS

    if network in LINE_NETWORKS:
        return True
    return model is not None and model.is_file() and is_line_card(card_of(model))


def refuse_options(ctx: click.Context, names: Sequence[str] = _OF_TRAINING) -> None:
    """Refuse options that say something of digits where the network is one of lines.

    Raises:
        click.UsageError: one was given.
    """
    given = [name for name in names if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]
    if given:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise click.UsageError(f"{flags} cannot be given with a line network.")


def train_line_network(
    ctx: click.Context, network: str | None, start: Path | None, out: Path, force: bool, resume: bool, as_json: bool
) -> None:
    """``edgedigits train`` of a line network; the settings that it shares with others are taken from the context."""
    from edgedigits.core.cards import card_of
    from edgedigits.train.lines.line_request import LineTrainingRequest

    refuse_options(ctx)
    named = ctx.get_parameter_source("dataset") is click.core.ParameterSource.COMMANDLINE
    card = card_of(start) if start else None
    settings: dict[str, Any] = {name: ctx.params[name] for name in ("epochs", "batch_size", "seed", "device", "rate")}
    request = LineTrainingRequest(
        network or (card.network if card else "line"),
        ctx.params["dataset"] if named else LINES,
        start=start,
        **settings,
    )
    request.recipe()
    with loading("TensorFlow"):
        from edgedigits.train.lines.training import train_lines
    with epochs() as tell:
        result = train_lines(request, out, force=force, resume=resume, progress=tell)
    if as_json:
        show_json({"model": str(result.model), "card": asdict(result.card)})
        return
    click.echo(f"{result.model}  {result.card.parameters:,} parameters, {result.card.bytes:,} bytes")
    best = result.history[result.best_epoch - 1]
    say(f"best of {counted(len(result.history), 'epoch')}: {best.epoch}, validation lines {best.val_accuracy:.2f} %")
    show_lines(result.metrics)


def show_lines(*read: Mapping[str, LineMetrics], names: Sequence[str] = ("",)) -> None:
    """Print what was read right of lines by where they come from, for each of several readers."""
    head = ["lines", "count"]
    head += [f"{name} {figure}".strip() for name in names for figure in ("exact %", "character errors %")]
    rows = [
        (
            origin,
            f"{found.count:,}",
            *(
                figure
                for one in read
                for figure in (f"{one[origin].exact:.2f}", f"{one[origin].character_error_rate:.2f}")
            ),
        )
        for origin, found in read[0].items()
    ]
    show_table((*head, ""), [(*row, "") for row in rows])


def evaluate_line_network(ctx: click.Context, model: Path, dataset: str | None, as_json: bool) -> None:
    """``edgedigits evaluate`` of a line network, its float form or its int8 one."""
    from edgedigits.core.cards import card_of
    from edgedigits.core.lines.decoding import greedy
    from edgedigits.core.lines.judging import confusions, lines_to_judge, metrics_by_origin
    from edgedigits.core.model_files.kinds import is_tflite

    refuse_options(ctx, _OF_EVALUATING)
    card = card_of(model)
    assert card is not None
    lines = lines_to_judge(model, card, dataset)
    stage_of = "tflite" if is_tflite(model) else "float"
    with progress() as stage:
        logits = _logits(model, lines, lambda done: stage(stage_of, done, len(lines)))
    read = [greedy(scores) for scores in logits]
    found, wrong = metrics_by_origin(lines, read), confusions(lines, read)
    missed = [place for place, text in enumerate(read) if text != lines.texts[place]]
    if as_json:
        named = [
            {"index": place, "origin": lines.origins[place], "truth": lines.texts[place], "read": read[place]}
            for place in missed
        ]
        facts = {"model": str(model), "task": LINE_TASK, "dataset": dataset or card.dataset["spec"]}
        pairs = [{"truth": truth, "read": text, "count": count} for truth, text, count in wrong]
        show_json(
            {**facts, "lines": {name: asdict(one) for name, one in found.items()}, "confusions": pairs, "wrong": named}
        )
        return
    which = f"the odd rows of {dataset}" if dataset and dataset != LINES else "its own test lines"
    say(f"{model} on {which}, decoded greedily")
    show_lines(found)
    worst = ", ".join(f"{truth or 'none'} as {text or 'none'} ({count})" for truth, text, count in wrong[:8])
    say(f"\nworst: {worst or 'none'}")
    for place in missed[:SHOWN]:
        click.echo(f"  {lines.texts[place] or 'nothing'} as {read[place] or 'nothing'}  ({lines.origins[place]})")
    if len(missed) > SHOWN:
        say(f"  and {len(missed) - SHOWN:,} more: --json names all")


def _logits(model: Path, lines: Lines, done: Callable[[int], object]) -> list[NDArray[np.float32]]:
    from edgedigits.core.model_files.kinds import is_tflite

    if is_tflite(model):
        from edgedigits.core.tflite.line_model import LineModel

        return LineModel(model).all_logits(lines.strips, done)
    with loading("TensorFlow"):
        from edgedigits.quantize.lines.reading import float_logits
    return float_logits(model, lines.strips, done)


def benchmark_line_network(
    ctx: click.Context, model: Path, recipes: str, out: Path, force: bool, as_json: bool
) -> None:
    """``edgedigits benchmark`` of a line network."""
    from edgedigits.cli.commands.results import show_rows
    from edgedigits.cli.parameter_costs import rows_with_parameters
    from edgedigits.core.model_files.keras_file import check_keras_file
    from edgedigits.quantize.benchmark.benchmark_request import ALL, POST_TRAINING, chosen_recipes

    refuse_options(ctx, _OF_BENCHMARK)
    check_keras_file(model)
    with loading("TensorFlow"):
        from edgedigits.quantize.lines.benchmarking import LINE_RECIPES, benchmark_lines
    from edgedigits.results.table import gather
    from edgedigits.results.tables.formats import rows_json

    chosen = LINE_RECIPES if recipes in (ALL, POST_TRAINING) else chosen_recipes(recipes)
    with progress() as stage:
        results = benchmark_lines(model, out, chosen, force=force, progress=stage)
    table = gather(rows_with_parameters(results))
    if as_json:
        show_json(rows_json(table))
        return
    show_rows(table)
    click.echo(f"\n{out / 'index.html'}")


def quantize_line_network(
    ctx: click.Context, model: Path, calibration: int | None, max_drop: float, out: Path, force: bool, as_json: bool
) -> int:
    """``edgedigits quantize`` of a line network; the exit code."""
    from edgedigits.core.model_files.keras_file import check_keras_file

    refuse_options(ctx, (*_OF_QUANTIZING, *_OF_TUNING))
    check_keras_file(model)
    if ctx.params["recipe"] not in {None, "int8"}:
        raise click.UsageError("a line network is quantized by the recipe int8.")
    with loading("TensorFlow"):
        from edgedigits.quantize.lines.proof import MIN_EXACT
        from edgedigits.quantize.lines.quantizing import LineQuantizeRequest, quantize_lines

    given = ctx.get_parameter_source("min_accuracy") is click.core.ParameterSource.COMMANDLINE
    least = ctx.params["min_accuracy"] if given else MIN_EXACT
    request = LineQuantizeRequest(model, calibration, max_drop, least)
    with progress() as stage:
        result = quantize_lines(request, out, force=force, progress=stage)
    proof = result.proof
    if as_json:
        show_json({"model": str(result.model), **proof.judgement(), "card": asdict(result.card)})
    else:
        _show_proof(result)
    if not proof.reads_enough:
        say(
            f"Error: {proof.comparison.before:.2f} % (floats) and {proof.comparison.after:.2f} % (int8) of "
            f"{proof.comparison.count:,} lines are read exactly, less than {least:g} %; what was made is kept and says "
            "that it failed: train longer, or ask for less with --min-accuracy",
            err=True,
        )
    elif not proof.passed:
        say(
            f"{proof.verdict.capitalize()}: {interval(proof)}, and {max_drop:g} points may be lost. What was made is "
            "kept and says so: train longer, calibrate with more lines, or allow more by --max-drop",
            err=True,
        )
    return EXIT_CODES[proof.verdict]


def _show_proof(result: LineQuantizeResult) -> None:
    proof = result.proof
    say(f"{result.model}  {proof.tflite_bytes:,} bytes, {proof.ratio:.2f} times smaller than its parameters in float32")
    show_lines(proof.before, proof.after, names=("float", "int8"))
    found = proof.comparison
    say(
        f"{interval(proof)}, McNemar p = {found.p_value:.3g}, agreement {found.agreement:.2f} % of "
        f"{found.count:,} lines"
    )
    say(f"verdict: {proof.verdict}, as {proof.max_drop:g} points may be lost")
    operators = ", ".join(f"{item.name} v{item.version} x{item.count}" for item in proof.operators)
    say(f"operators: {operators}")
    say(f"proved on {proof.runtime}, {proof.threads} thread; flipped lines: {result.model.parent / 'flips.png'}")
