"""What the shipped models misread of corrupted digits beside the reports' networks: docs/corruptions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from edgedigits.cli.main import main
from edgedigits.core.files import write_json
from edgedigits.core.pretrained.catalogue import PretrainedModel
from edgedigits.results.robustness.suite import SUITE, CorruptionSuite, kept_suite


def renew_suite(folder: Path, models: dict[str, PretrainedModel]) -> None:
    """Measure those of the shipped models that another file stands for, and write table and picture anew.

    Args:
        folder: of ``edgedigits corruptions``; the rows of other networks stay as they are.
        models: by name.
    """
    if suite := kept_suite(folder):
        write_json(folder / SUITE, without_former(suite, models.values()).as_dict())
    main(["corruptions", *models, "--out", str(folder)], standalone_mode=False)


def without_former(suite: CorruptionSuite, models: Iterable[PretrainedModel]) -> CorruptionSuite:
    """A suite without the rows of files that shipped before."""
    cards = [model.int8_card() for model in models]
    names, shipping = {card.network for card in cards}, {card.sha256 for card in cards}
    kept = (one for one in suite.models if one.sha256 in shipping or one.label.split()[0] not in names)
    return replace(suite, models=tuple(kept))


def are_stale(folder: Path, models: Iterable[PretrainedModel]) -> bool:
    """Whether a shipped model has no row, or a row is of a file that shipped before."""
    suite, shipping = kept_suite(folder), list(models)
    if suite is None or without_former(suite, shipping) != suite:
        return True
    return not {model.int8_card().sha256 for model in shipping} <= {one.sha256 for one in suite.models}
