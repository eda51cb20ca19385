"""The command that measures several models on digits that are spoilt in the same ways."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgedigits.cli import options
from edgedigits.cli.opening import check_model, opened
from edgedigits.cli.output import progress, say, show_json, show_table, tell_contract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedigits.cli.opening import Reads
    from edgedigits.core.contract.finding import TrialDigits
    from edgedigits.core.corruptions.measuring import Scores
    from edgedigits.results.robustness.suite import CorruptionSuite, SuiteModel


@click.command(short_help="Compare what models read of digits spoilt in fifteen ways.")
@click.argument("models", metavar="MODEL...", nargs=-1, required=True, type=options.Model())
@options.dataset("Data set whose digits are spoilt.", "mnist")
@options.trust
@options.out
@options.force
@options.as_json
def corruptions(models: tuple[Path, ...], dataset: str, trust: bool, out: Path, force: bool, as_json: bool) -> None:
    """Compare what several MODELs (.keras, .tflite or the word builtin) read of digits spoilt in fifteen ways.

    Every model reads the same digits, which none of them was trained on: the data set's own test digits where it
    brings any. Writes corruptions.json, corruptions.md (a row a model, a column a kind of corruption) and
    corruptions.png, a picture of that table with its numbers. A model is measured once: its figures stay in the folder
    by the sha256 of its file, so that the same command goes on after an interruption, and one with other models
    adds them. --force measures all anew.

    \b
    Example:
      edgedigits corruptions builtin out/float out/int8 --out out/corruptions
    """
    from edgedigits.core.cards import card_of, refuse_line_network
    from edgedigits.core.datasets import check_dataset, unseen_by_all, unseen_part
    from edgedigits.core.files import refuse_inputs_inside
    from edgedigits.results.robustness.suite import check_folder, measure_suite

    refuse_inputs_inside((*models, *check_dataset(dataset)[1]), out)
    check_folder(out, force=force)
    cards = [card_of(model) for model in models]
    for model, card in zip(models, cards, strict=True):
        refuse_line_network(model, card, "corruptions")
        check_model(model)
    digits = unseen_by_all(cards, dataset)
    others = unseen_part(None, dataset).others
    named = _open_all(models, (others, f"other digits of {dataset}") if others else None, trust)
    from edgedigits.results.robustness.suite_files import write_suite

    with progress() as stage:
        suite = measure_suite(named, digits, dataset, out, force=force, progress=stage)
    files = write_suite(out, suite)
    if as_json:
        show_json(suite.as_dict())
        return
    _show(suite)
    click.echo(f"\n{files[1]}\n{files[2]}")


def _open_all(models: Sequence[Path], tried_on: TrialDigits | None, trust: bool) -> list[SuiteModel]:
    """Each model opened, so that a bad one is refused before anything takes minutes."""
    from edgedigits.core.contract.finding import NOTHING_TOLD
    from edgedigits.core.files import sha256_of
    from edgedigits.results.robustness.suite import SuiteModel

    found = []
    for model, label in zip(models, _labels(models), strict=True):
        read, contract = opened(model, NOTHING_TOLD, trust, tried_on)
        tell_contract(model, contract)
        told = contract.contract.as_dict()
        found.append(SuiteModel(label, model.name, sha256_of(model), told, _scores(read)))
    return found


def _scores(read: Reads) -> Scores:
    return lambda images: read(images, lambda _done: None)


def _labels(models: Sequence[Path]) -> list[str]:
    """Network and recipe of each model by its card, else its file's name; its folder too where that tells nothing."""
    plain = [_label(model) for model in models]
    files = {model.resolve(): label for model, label in zip(models, plain, strict=True)}
    twice = {label for label, count in Counter(files.values()).items() if count > 1}
    return [
        f"{label} ({model.parent})" if label in twice else label for model, label in zip(models, plain, strict=True)
    ]


def _label(model: Path) -> str:
    from edgedigits.core.cards import card_of
    from edgedigits.core.pretrained.bundled import BUILTIN, bundled_model

    if model == bundled_model():
        return BUILTIN
    card = card_of(model)
    return f"{card.network} {card.settings.get('recipe', 'float')}" if card else model.stem


def _show(suite: CorruptionSuite) -> None:
    say(f"% read wrongly of {suite.recipe.count:,} digits of {suite.recipe.dataset}, and of as many of each kind")
    rows = []
    for one in suite.models:
        worst = max(one.errors.kinds, key=lambda kind: kind.error)
        figures = (one.clean, one.errors.mean, one.errors.normalised_mean)
        rows.append((one.label, *(f"{figure:.2f}" for figure in figures), f"{worst.kind} {worst.error:.2f}"))
    show_table(("model", "clean", "mean of kinds", "normalised anew", "worst kind"), rows)
