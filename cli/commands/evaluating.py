"""The command that measures a model on digits that it was not trained on."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgedigits.cli import options
from edgedigits.cli.opening import check_model, opened
from edgedigits.cli.output import progress, say, say_command, show_json, show_table, tell_contract

if TYPE_CHECKING:
    from edgedigits.cli.opening import Reads
    from edgedigits.core.contract.finding import Told
    from edgedigits.core.corruptions.measuring import CorruptionErrors
    from edgedigits.core.datasets import Digits
    from edgedigits.core.statistics.metrics import Metrics, WrongDigit

SHOWN = 20

LEARNS_BELOW = 95.0
"""Percent of somebody's own pictures; models of the package read more of those that are like what they learned."""


@click.command(short_help="Measure the accuracy of a model on test digits.")
@click.argument("model", type=options.Model())
@options.dataset("Data set to measure on.  [default: the model's own]")
@click.option("--split", help="Take the test digits of this split.  [default: as the model's card says]")
@click.option("--corruptions", is_flag=True, help="Read the digits noisy, blurred, crossed out and so on, too.")
@options.trust
@options.as_json
@click.pass_context
@options.input_contract
def evaluate(
    ctx: click.Context,
    model: Path,
    dataset: str | None,
    split: str | None,
    corruptions: bool,
    trust: bool,
    as_json: bool,
    told: Told,
) -> None:
    """Measure MODEL (.keras, .tflite or the word builtin) on digits that it was not trained on.

    Of its own data set these are the test digits of its split; of another one its test digits, or all. Of digits that
    are pictures of their own the files of those that were read wrongly are named. With --corruptions each digit is
    read in fifteen bad states besides, and the share of errors is told for each.

    A line network is measured on the test lines that its training left beside it, by where they come from; with
    --dataset lines:FOLDER on the odd rows of FOLDER.

    \b
    Examples:
      edgedigits evaluate out/int8/model.int8.tflite --dataset mnist
      edgedigits evaluate builtin --dataset folder:mine
      edgedigits evaluate builtin --dataset mnist --corruptions
      edgedigits evaluate out/line-int8/model.int8.tflite
    """
    from edgedigits.cli.line_networks import evaluate_line_network, names_line_network
    from edgedigits.core.cards import card_of
    from edgedigits.core.datasets import check_dataset, unseen_part
    from edgedigits.core.pretrained.bundled import word_of
    from edgedigits.core.statistics.metrics import evaluate_scores, wrong_digits

    if names_line_network(None, model):
        evaluate_line_network(ctx, model, dataset, as_json)
        return
    if dataset:
        check_dataset(dataset)
    check_model(model)
    part = unseen_part(card_of(model), dataset, split)
    test = part.digits
    tried_on = (part.others, f"other digits of {part.spec}") if part.others else None
    read, found = opened(model, told, trust, tried_on)
    with progress() as stage:
        scores = read(test.images, lambda done: stage("read", done, len(test)))
    tell_contract(model, found)
    spoilt = _corruption_errors(read, test) if corruptions else None
    metrics, wrong = evaluate_scores(scores, test.labels), wrong_digits(scores, test.labels)
    if as_json:
        named = [asdict(one) | ({"file": str(test.files[one.index])} if test.files else {}) for one in wrong]
        facts = {"model": str(model), "contract": found.as_dict(), "dataset": part.spec, "left_out": part.left_out}
        bad = {"corruptions": asdict(spoilt)} if spoilt else {}
        show_json({**facts, **asdict(metrics), **bad, "wrong": named})
        return
    which = "digits, all of" if part.are_all else "unseen digits of" if part.left_out else "test digits of"
    say(f"{model} on {metrics.count:,} {which} {part.spec}")
    _show_metrics(metrics)
    if spoilt:
        _show_corruptions(spoilt)
    _show_wrong(wrong, test)
    word = word_of(model, options.pretrained())
    if part.are_all and test.files and metrics.accuracy < LEARNS_BELOW and word:
        say("\nIt can learn them:")
        say_command(f"edgedigits train --from {word} --dataset {shlex.quote(part.spec)} --out out/own")


def _corruption_errors(read: Reads, test: Digits) -> CorruptionErrors:
    from edgedigits.core.corruptions.kinds import KINDS
    from edgedigits.core.corruptions.measuring import corruption_errors

    with progress() as stage:
        return corruption_errors(
            lambda images: read(images, lambda _done: None),
            test,
            progress=lambda done: stage("corruptions", done, len(KINDS)),
        )


def _show_corruptions(spoilt: CorruptionErrors) -> None:
    from edgedigits.core.corruptions.kinds import KINDS

    say(f"\ncorrupted: % read wrongly of {spoilt.count:,} digits a kind, as they are and normalised anew")
    rows = [(one.kind, f"{one.error:.2f}", f"{one.normalised:.2f}", KINDS[one.kind].about) for one in spoilt.kinds]
    mean = ("mean", f"{spoilt.mean:.2f}", f"{spoilt.normalised_mean:.2f}", "")
    show_table(("kind", "as it is", "normalised", ""), [*rows, mean])


def _show_metrics(metrics: Metrics) -> None:
    from edgedigits.core.statistics.proportions import wilson_interval

    right = sum(row[digit] for digit, row in enumerate(metrics.confusion))
    low, high = wilson_interval(right, metrics.count)
    say(
        f"accuracy {metrics.accuracy:.2f} % (95 % interval {100 * low:.2f} to {100 * high:.2f}): {right:,} right, "
        f"{metrics.count - right:,} wrong\n"
    )
    show_table(
        ("digit", "precision", "recall", "F1", "digits"),
        [(c.digit, f"{c.precision:.4f}", f"{c.recall:.4f}", f"{c.f1:.4f}", f"{c.support:>6}") for c in metrics.classes],
    )
    click.echo("\nconfusion (rows: truth, columns: read)")
    rows = [(digit, *row, "") for digit, row in enumerate(metrics.confusion)]
    show_table(("", *range(10), ""), rows)
    worst = ", ".join(f"{item.truth} as {item.read} ({item.count})" for item in metrics.worst[:5])
    say(f"\nworst: {worst or 'none'}")


def _show_wrong(wrong: tuple[WrongDigit, ...], test: Digits) -> None:
    """Name the files of wrongly read digits, where each digit has one."""
    if not wrong or not test.files:
        return
    click.echo("\nread wrongly:")
    for one in wrong[:SHOWN]:
        click.echo(f"  {test.files[one.index]}  {one.truth} as {one.read}, confidence {one.confidence:.2f}")
    if len(wrong) > SHOWN:
        say(f"  and {len(wrong) - SHOWN:,} more: --json names all")
