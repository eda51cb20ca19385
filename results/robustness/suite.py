"""The corruption suite: what several networks read wrongly of the same digits, spoilt in every way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edgedigits.core.cards import code_version
from edgedigits.core.corruptions.kinds import KINDS
from edgedigits.core.corruptions.measuring import (
    CorruptionErrors,
    Scores,
    SpoiltDigits,
    errors_on,
    percent_wrong,
    spoilt_digits,
)
from edgedigits.core.datasets import Digits
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import read_json, refuse_to_overwrite, write_json
from edgedigits.core.stages import StageCallback, untold
from edgedigits.results.row import dataclass_from

SUITE = "corruptions.json"
FORMAT = 1
_ANEW = "choose another --out, or start anew with --force"


@dataclass(frozen=True)
class SuiteRecipe:
    """How a suite was measured; only figures of the same recipe stand in one table.

    Attributes:
        dataset: spec of the data set.
        digits_sha256: of the pixels and labels of its digits that are spoilt.
        count: how many they are.
        seed: of the corruptions.
        kinds: of corruption.
        edgedigits: version of the toolkit, whose code spoils them.
    """

    dataset: str
    digits_sha256: str
    count: int
    seed: int
    kinds: tuple[str, ...]
    edgedigits: str


@dataclass(frozen=True)
class _Model:
    """A model of a suite.

    Attributes:
        label: what the table calls it.
        file: name of its file or folder.
        sha256: of that.
        contract: how it is fed, as JSON takes it.
    """

    label: str
    file: str
    sha256: str
    contract: dict[str, Any]


@dataclass(frozen=True)
class SuiteModel(_Model):
    """A model that is open to be measured.

    Attributes:
        scores: what it makes of digits.
    """

    scores: Scores


@dataclass(frozen=True)
class ModelErrors(_Model):
    """What a model reads wrongly.

    Attributes:
        clean: percent of the digits read wrongly as the data set has them.
        errors: of the spoilt ones, percent.
    """

    clean: float
    errors: CorruptionErrors

    def percents(self, *, anew: bool = False) -> tuple[float, ...]:
        """Percent read wrongly: of the clean digits, of each kind, and the mean over the kinds.

        Args:
            anew: of the spoilt digits after they were normalised anew; else fed as they are.
        """
        kinds = (one.normalised if anew else one.error for one in self.errors.kinds)
        return self.clean, *kinds, self.errors.normalised_mean if anew else self.errors.mean


@dataclass(frozen=True)
class CorruptionSuite:
    """Models that were measured by one recipe, in the order of the table."""

    recipe: SuiteRecipe
    models: tuple[ModelErrors, ...]

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return {"format": FORMAT, **asdict(self)}


def check_folder(out: Path, *, force: bool) -> None:
    """Raise where no suite can be begun in ``out`` and none lies there to add to.

    Raises:
        EdgedigitsError: it holds something else and ``force`` is not set, a suite that cannot be read, or cannot be
            written.
    """
    refuse_to_overwrite(out, force or (out / SUITE).is_file())
    if not force:
        kept_suite(out)


def kept_suite(out: Path) -> CorruptionSuite | None:
    """The suite that lies in a folder; None where none does.

    Raises:
        EdgedigitsError: it is damaged or of another version.
    """
    path = out / SUITE
    if not path.is_file():
        return None
    content = read_json(path, _ANEW)
    found = content.pop("format", None) if isinstance(content, dict) else None
    if found != FORMAT:
        raise EdgedigitsError(f"{path} has format {found}, this version reads format {FORMAT}", _ANEW)
    try:
        return dataclass_from(content, CorruptionSuite, "suite")
    except ValueError as error:
        raise EdgedigitsError(f"{path} is damaged ({error})", _ANEW) from error


def measure_suite(
    models: Sequence[SuiteModel],
    digits: Digits,
    dataset: str,
    out: Path,
    *,
    seed: int = 0,
    force: bool = False,
    progress: StageCallback = untold,
) -> CorruptionSuite:
    """Measure models on the same spoilt digits; those that lie in ``out`` with their figures are not measured again.

    Writes ``corruptions.json`` after each model, so that what was measured outlives an interruption.

    Args:
        models: to measure; of two with one file the first one counts.
        digits: none of which a model was trained on.
        dataset: spec of the data set that they are of.
        out: folder of the suite.
        seed: of the corruptions; not negative.
        force: measure all, and forget what lies in ``out``.
        progress: told of the kinds that are made and read.

    Returns:
        The models in their order, and behind them others that lay in ``out``.

    Raises:
        EdgedigitsError: ``out`` holds a suite of another recipe and ``force`` is not set; or the disk refuses.
    """
    recipe = SuiteRecipe(dataset, digits.sha256(), len(digits), seed, tuple(KINDS), code_version())
    before = None if force else kept_suite(out)
    if before:
        _check_same(out, before.recipe, recipe)
    known = {one.sha256: one for one in (before.models if before else ())}
    asked = {one.sha256: one for one in reversed(models)}
    spoilt: list[SpoiltDigits] = []
    for model in dict.fromkeys(one.sha256 for one in models):
        now, kept = asked[model], known.get(model)
        if kept is None or kept.contract != now.contract:
            spoilt = spoilt or _spoilt(digits, seed, progress)
            measured = _measured(now, digits, spoilt, seed, progress)
        else:
            measured = ModelErrors(now.label, now.file, model, kept.contract, kept.clean, kept.errors)
            progress(now.label, len(KINDS), len(KINDS), "measured before")
        known[model] = measured
        write_json(out / SUITE, CorruptionSuite(recipe, _in_order(known, models)).as_dict())
    return CorruptionSuite(recipe, _in_order(known, models))


def _in_order(known: dict[str, ModelErrors], models: Sequence[SuiteModel]) -> tuple[ModelErrors, ...]:
    first = [sha256 for sha256 in dict.fromkeys(one.sha256 for one in models) if sha256 in known]
    return tuple(known[sha256] for sha256 in dict.fromkeys([*first, *known]))


def _check_same(out: Path, before: SuiteRecipe, now: SuiteRecipe) -> None:
    for item in fields(SuiteRecipe):
        one, other = getattr(before, item.name), getattr(now, item.name)
        if one != other:
            raise EdgedigitsError(
                f"{out} holds a suite with {item.name} {_words(one)}, this one has {_words(other)}", _ANEW
            )


def _words(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else f"{value}"


def _spoilt(digits: Digits, seed: int, progress: StageCallback) -> list[SpoiltDigits]:
    """All kinds at once, twice as many pictures of 784 bytes as there are digits for each."""
    found: list[SpoiltDigits] = []
    progress("corrupt", 0, len(KINDS))
    for one in spoilt_digits(digits, seed):
        found.append(one)
        progress("corrupt", len(found), len(KINDS))
    return found


def _measured(
    model: SuiteModel, digits: Digits, spoilt: Sequence[SpoiltDigits], seed: int, progress: StageCallback
) -> ModelErrors:
    progress(model.label, 0, len(spoilt))
    clean = percent_wrong(model.scores, digits.images, digits)
    errors = errors_on(
        model.scores,
        spoilt,
        digits,
        seed,
        lambda done: progress(model.label, done, len(spoilt)) if done < len(spoilt) else None,
    )
    progress(model.label, len(spoilt), len(spoilt), f"{errors.mean:.2f} % misread of all kinds, {clean:.2f} % before")
    return ModelErrors(model.label, model.file, model.sha256, model.contract, clean, errors)
