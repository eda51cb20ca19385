"""What commands say about the verdict of a proof, on standard error."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from edgedigits.core.paths import StrPath
    from edgedigits.quantize import Proof, QuantizeResult

CANNOT_TELL_CODE = 3
FOLDS = 5


def warn(text: str) -> None:
    """A warning that is seen among other lines."""
    click.secho(f"\nWARNING: {text}\n", fg="yellow", bold=True, err=True)


def warn_of_verdict(verdict: str) -> None:
    """Warn where the proof of a model that is taken all the same did not pass."""
    from edgedigits.firmware_export.plan import REMARKS

    if verdict in REMARKS:
        warn(REMARKS[verdict])


def loss(proof: Proof, recipe: str) -> str:
    """What was lost, as a sentence begins: with the interval, the digits and what was allowed."""
    found = proof.comparison
    return (
        f"{recipe} loses {found.drop:.2f} points of {found.count:,} test digits, 95 % interval "
        f"{found.drop_low:+.2f} to {found.drop_high:+.2f}, where {proof.max_drop:g} may be lost"
    )


def digits_that_tell(proof: Proof) -> str:
    """How many test digits would tell, as a sentence begins."""
    from edgedigits.core.outcome import MOST_DIGITS

    if proof.required_digits is None:
        return f"no number of test digits up to {MOST_DIGITS:,} would tell if they flip as often as these"
    return f"{proof.required_digits:,} test digits would tell if they flip as often as these"


def tell_of_failure(result: QuantizeResult) -> None:
    """Say what a model that failed has lost, and what to do."""
    click.echo(
        f"Error: {loss(result.proof, result.request.recipe)}: all of it lies above; the model is kept and its card "
        "says so: raise --calibration or --max-drop, or train longer",
        err=True,
    )


def tell_of_doubt(result: QuantizeResult) -> None:
    """Say of a model that neither passed nor failed why, how many digits would tell, and what to do."""
    proof = result.proof
    lines = [f"Cannot tell: {loss(proof, result.request.recipe)}; the model is kept and its card says so. What tells:"]
    lines.append(f"  more digits: {digits_that_tell(proof)}{_of_how_many(result)}")
    if result.pool > proof.comparison.count:
        lines.append(f"  cross-validation, where each of all {result.pool:,} digits tests once:")
        lines += [f"    {command}" for command in _cross_validation(result)]
    lines.append(f"  a limit that the interval lies below: --max-drop {telling_limit(proof):.2f}")
    click.echo("\n".join(lines), err=True)


def telling_limit(proof: Proof) -> float:
    """The least limit of two decimals that passes the model."""
    return (math.floor(proof.comparison.drop_high * 100) + 1) / 100


def _of_how_many(result: QuantizeResult) -> str:
    """How many digits there must be for so many to test, where the test digits are drawn from all."""
    needed, dataset = result.proof.required_digits, result.card.dataset
    parts = dataset["train"] + dataset["validation"] + dataset["test"]
    if needed is None or result.pool != parts:
        return ""
    return f"; as {dataset['spec']} is divided, that is {math.ceil(needed * parts / dataset['test']):,} digits in all"


def _cross_validation(result: QuantizeResult) -> tuple[str, str]:
    """The two commands that cross-validate; the first wants the options that the network was trained with, too."""
    from edgedigits.quantize.quantizing import MAX_DROP

    request, card = result.request, result.card
    folds = result.model.parent.with_name("folds")
    train = ["--model", card.network, "--dataset", card.dataset["spec"], "--folds", FOLDS, "--out", folds]
    if start := _start(request.model):
        train[:2] = ["--from", start]
    quantize: list[object] = [folds]
    if request.recipe != "int8":
        quantize += ["--recipe", request.recipe]
    if request.calibration is not None:
        quantize += ["--calibration", request.calibration]
    if request.max_drop != MAX_DROP:
        quantize += ["--max-drop", request.max_drop]
    quantize += ["--out", folds.with_name(f"folds-{request.recipe}")]
    return f"edgedigits train {_words(train)}", f"edgedigits quantize {_words(quantize)}"


def _start(model: StrPath) -> str:
    """What ``train --from`` was given for a float model: ``builtin``, or a file's name; empty for fresh weights."""
    from edgedigits.core.cards import card_of
    from edgedigits.core.files import sha256_of
    from edgedigits.edge.bundled import BUILTIN, bundled_float_model

    card = card_of(model)
    if card is None or not card.parent:
        return ""
    return BUILTIN if card.parent["sha256"] == sha256_of(bundled_float_model()) else card.parent["file"]


def _words(arguments: list[object]) -> str:
    return shlex.join(str(argument) for argument in arguments)
