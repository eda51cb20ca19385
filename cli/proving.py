"""What commands say about the verdict of a proof, and how they exit."""

from __future__ import annotations

import math
import shlex
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgedigits.cli import options
from edgedigits.cli.output import say, say_command, warn

if TYPE_CHECKING:
    from edgedigits.core.paths import StrPath
    from edgedigits.quantize import QuantizeResult
    from edgedigits.quantize.proof.proving import Judged

EXIT_CODES = {"passed": 0, "failed": 1, "cannot tell": 3}


def warn_of_verdict(verdict: str) -> None:
    """Warn where the proof of a model that is taken all the same did not pass."""
    from edgedigits.firmware_export.proof.verdict import remark_on

    if remark := remark_on(verdict):
        warn(remark)


def interval(judged: Judged) -> str:
    """The drop with its interval, in words."""
    found = judged.comparison
    return f"drop {found.drop:+.2f} points (95 % interval {found.drop_low:+.2f} to {found.drop_high:+.2f})"


def doubt(judged: Judged, recipe: str) -> str:
    """That a proof cannot tell and why, as a sentence begins."""
    return (
        f"{judged.comparison.count:,} test digits do not show whether {recipe} loses more than the "
        f"{judged.max_drop:g} points that may be lost: {interval(judged)}"
    )


def digits_that_tell(judged: Judged) -> str:
    """How many test digits would tell, as a sentence begins."""
    from edgedigits.core.statistics.outcome import MOST_DIGITS

    needed = judged.required_digits
    number = f"no number up to {MOST_DIGITS:,}" if needed is None else f"{needed:,}"
    return f"{number} would tell if they flip as often as these"


def tell_of_accuracy(judged: Judged, recipe: str, cause: str) -> None:
    """Say that floats or model read too few digits, why, and what to do."""
    from edgedigits.core.statistics.outcome import CHANCE_MARGIN

    found = judged.comparison
    which, percent = (recipe, found.after) if found.after < found.before else ("the float network", found.before)
    least = max(judged.min_accuracy, judged.chance + CHANCE_MARGIN)
    guess = f" ({judged.chance:.1f} % is guessing)" if percent <= judged.chance + CHANCE_MARGIN else ""
    why = cause or "train longer, or ask for less with --min-accuracy where these digits are hard"
    say(
        f"Error: {which} reads {percent:.2f} % of {found.count:,} test digits, less than {least:g} %{guess}; what was "
        f"made is kept and says that it failed: {why}",
        err=True,
    )


def tell_of_failure(judged: Judged, recipe: str) -> None:
    """Say what was lost, and what to do."""
    named = _other_recipes(recipe)
    others = f"{named}; or " if named else ""
    click.echo(
        f"Error: {recipe} loses more than the {judged.max_drop:g} points that may be lost: {interval(judged)}; what "
        f"was made is kept and says so: {others}train longer, raise --calibration, or allow more by --max-drop",
        err=True,
    )


def tell_of_doubt(judged: Judged, recipe: str, result: QuantizeResult | None = None) -> None:
    """Say of what neither passed nor failed why, and what to do.

    Args:
        judged: the proof.
        recipe: that was carried out.
        result: where it is the proof of one model, which may be cross-validated.
    """
    say(f"Cannot tell: {doubt(judged, recipe)}. What was made is kept and says so. What to do:", err=True)
    more = "no help by more digits" if judged.required_digits is None else "test on more digits"
    say(f"- {more}: {digits_that_tell(judged)}{_of_how_many(result) if result else ''}", err=True)
    if result and _cross_validation_tells(result):
        say(
            f"- or cross-validate, so that all {result.pool:,} digits test, which tells if they flip as often as these "
            "(add the options of the training, if any):",
            err=True,
        )
        for command in _cross_validation(result):
            say_command(command, err=True)
    if judged.comparison.drop > 0 and (others := _other_recipes(recipe)):
        say(f"- or {others}", err=True)
    click.echo(f"- or allow more: --max-drop {telling_limit(judged):.2f} passes", err=True)


def _other_recipes(recipe: str) -> str:
    """Recipes that lose less than int8 after training, as a thing to do; empty for the others."""
    if not recipe.startswith("int8"):
        return ""
    return "lose less with another recipe: --recipe qat-int8 (trains with the rounding) or int16x8 (larger numbers)"


def telling_limit(judged: Judged) -> float:
    """The least limit of two decimals that passes."""
    high = judged.comparison.drop_high
    start = math.floor(high * 100)  # 0.29 * 100 is less than 29
    return next(place / 100 for place in range(start, start + 3) if place / 100 > high)


def _of_how_many(result: QuantizeResult) -> str:
    """How many digits there must be for so many to test, where the test digits are drawn from all of them."""
    needed, dataset = result.proof.required_digits, result.card.dataset
    parts = dataset["train"] + dataset["validation"] + dataset["test"]
    if needed is None or result.pool != parts:
        return ""
    words = f"{math.ceil(needed * parts / dataset['test']):,} in all, as {dataset['spec']} is divided"
    if not _cross_validation_tells(result):
        words += f", or {needed:,} in all, two of each at least, in a cross-validation, where every digit tests"
    return f" ({words})"


def _cross_validation_tells(result: QuantizeResult) -> bool:
    """Whether a cross-validation of the digits that there are would tell if they flip as often as those measured."""
    needed = result.proof.required_digits
    return needed is not None and result.folds > 0 and result.pool >= needed


def _cross_validation(result: QuantizeResult) -> tuple[str, str]:
    """The two commands that cross-validate; the first wants the options that the network was trained with, too."""
    from edgedigits.quantize.proof.proving import MIN_ACCURACY
    from edgedigits.quantize.quantizing import MAX_DROP

    request, card = result.request, result.card
    folds = _free(result.model.parent.with_name("folds"))
    train = ["--model", card.network, "--dataset", card.dataset["spec"], "--folds", result.folds, "--out", folds]
    if start := _start(request.model):
        train[:2] = ["--from", start]
    quantize: list[object] = [folds]
    if request.recipe != "int8":
        quantize += ["--recipe", request.recipe]
    if request.calibration is not None:
        quantize += ["--calibration", request.calibration]
    if request.max_drop != MAX_DROP:
        quantize += ["--max-drop", request.max_drop]
    if request.min_accuracy != MIN_ACCURACY:
        quantize += ["--min-accuracy", request.min_accuracy]
    quantize += ["--out", _free(folds.with_name(f"{folds.name}-{request.recipe}"))]
    return f"edgedigits train {_words(train)}", f"edgedigits quantize {_words(quantize)}"


def _free(folder: Path) -> Path:
    """The folder, or the first of ``<name>-2``, ``-3``, ... where it has content already."""
    tails = chain([""], (f"-{number}" for number in count(2)))
    names = (folder.with_name(f"{folder.name}{tail}") for tail in tails)
    return next(name for name in names if not name.exists() or (name.is_dir() and not any(name.iterdir())))


def _start(model: StrPath) -> str:
    """What ``train --from`` was given for a float model: a word, or a file's name; empty for fresh weights."""
    from edgedigits.core.cards import card_of
    from edgedigits.core.pretrained.bundled import word_of_floats

    card = card_of(model)
    if card is None or not card.parent:
        return ""
    return word_of_floats(card.parent["sha256"], options.pretrained()) or card.parent["file"]


def _words(arguments: list[object]) -> str:
    return shlex.join(str(argument) for argument in arguments)
