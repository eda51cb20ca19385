"""The reader of a station: its model, what a code may be, and the bins."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.cards import card_of, is_line_card, refuse_failed
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.lines.allowed import ANY_TEXTS, both, from_forms, of_codes
from edgedigits.core.lines.code_file import read_bins
from edgedigits.core.pretrained.bundled import BUILTIN, bundled_digit_model, bundled_line_model
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.edge.station.configuration.settings import ReadingSettings
from edgedigits.edge.station.pieces.code_reader import CodeReader


@dataclass(frozen=True)
class StationReader:
    """What reads the codes of a station.

    Attributes:
        codes: reads them.
        bins: the valid codes, each with its bin; empty where any code of the forms is valid.
        model: sha256 of the line network.
        digits: sha256 of the network of single digits.
        expected: sha256 of what a code may be: the forms and the list.
    """

    codes: CodeReader
    bins: dict[str, str]
    model: str
    digits: str
    expected: str

    def bin_of(self, code: str) -> str:
        """Where a piece of this code goes; empty where none is told."""
        return self.bins.get(code, "")

    def accepts(self, code: str) -> bool:
        """Whether this is a code that a piece may have."""
        return self.codes.allowed.accepts(code)


def open_reader(settings: ReadingSettings, folder: Path, model: Path | None = None) -> StationReader:
    """Open the reader that a configuration tells of.

    Args:
        settings: table ``reading``.
        folder: that its paths are relative to.
        model: in place of the one that is told.

    Raises:
        EdgedigitsError: a model that is missing, no line network or failed its proof; forms or codes that make no
            sense, or none at all.
    """
    if not settings.forms and not settings.codes:
        raise EdgedigitsError("neither forms nor codes say what a code is", r"give forms such as ['\d{5}']")
    forms = from_forms(settings.forms)
    bins = read_bins(folder / settings.codes) if settings.codes else {}
    codes = of_codes(bins, folder / settings.codes) if bins else ANY_TEXTS
    path = model or model_of(settings, folder)
    card = card_of(path)
    if not is_line_card(card):
        raise EdgedigitsError(
            f"{path} reads no lines", f"give the word {BUILTIN} or a network that `edgedigits train --model line` made"
        )
    refuse_failed(path, card, allowed=False)
    lines = LineModel(path)
    lines.prepare()
    digits = bundled_digit_model()
    reader = CodeReader(lines, DigitModel(digits), both(forms, codes))
    told = "\n".join((*settings.forms, "", *sorted(bins)))
    expected = hashlib.sha256(told.encode()).hexdigest()
    return StationReader(reader, bins, lines.card.sha256, sha256_of(digits), expected)


def model_of(settings: ReadingSettings, folder: Path) -> Path:
    """Where the model lies that a configuration tells of."""
    return bundled_line_model() if settings.model == BUILTIN else folder / settings.model
