"""The confidence from which a station accepts a code: found by labelled pieces, told, or changed on the page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import read_json, refuse_no_file, write_json
from edgedigits.core.lines.confidence import NEVER, prove_threshold
from edgedigits.edge.station.configuration.settings import ReadingSettings
from edgedigits.edge.station.opening import StationReader

CALIBRATION = "calibration.json"
"""In the journal's folder."""

LEVEL = 0.95
"""Certainty with which a threshold keeps its target."""

UNCALIBRATED = 0.97
"""Threshold of a station that was not calibrated."""

NOT_PROVED = "threshold"
"""Name of the alarm that a threshold is neither proved nor told."""


@dataclass(frozen=True)
class StationCalibration:
    """What labelled pieces have proved of a station's confidence.

    Attributes:
        threshold: confidence from which codes are accepted; :data:`~edgedigits.core.lines.confidence.NEVER` where
            none is proved.
        target_error: share of wrong ones among the accepted, 0 to 1.
        level: certainty with which no more are wrong.
        pieces: that were looked at.
        accepted: of them.
        wrong: of the accepted.
        model: sha256 of the line network.
        expected: sha256 of what a code may be.
        digits: sha256 of the network of single digits; empty where an earlier version wrote the file.
    """

    threshold: float
    target_error: float
    level: float
    pieces: int
    accepted: int
    wrong: int
    model: str
    expected: str
    digits: str = ""

    def fits(self, reader: StationReader, settings: ReadingSettings) -> bool:
        """Whether it was made with these networks, for these codes and this target."""
        same = (self.model, self.digits, self.expected) == (reader.model, reader.digits, reader.expected)
        return same and abs(100 * self.target_error - settings.target_error) < 1e-9


def write_calibration(folder: Path, calibration: StationCalibration) -> None:
    """Keep what was found in the journal's folder."""
    write_json(folder / CALIBRATION, asdict(calibration))


def read_calibration(folder: Path) -> StationCalibration | None:
    """What was kept in the journal's folder; None where nothing was.

    Raises:
        EdgedigitsError: the file is damaged, or says what its own counts do not prove.
    """
    path = folder / CALIBRATION
    if not path.exists():
        return None
    refuse_no_file(path, "remove it")
    remedy = "run `edgedigits station calibrate` again"
    told: Any = read_json(path, remedy)
    try:
        kept = StationCalibration(**told)
    except TypeError:
        raise EdgedigitsError(f"{path} is no calibration of a station", remedy) from None
    if why := _wrong_type(kept) or _contradiction(kept):
        raise EdgedigitsError(f"{path} is no calibration of a station: {why}", remedy)
    return kept


class KeptCalibration:
    """What is kept in a journal's folder, read again when it was written anew; the newest that could be read holds.

    Attributes:
        current: of the station; None where nothing is kept.
    """

    def __init__(self, folder: Path) -> None:
        """Read it.

        Raises:
            EdgedigitsError: as :func:`read_calibration`.
        """
        self._folder = folder
        self._written = self._when()
        self.current = read_calibration(folder)

    def look(self) -> bool:
        """Whether it was written anew since the last look, and is read again.

        Raises:
            EdgedigitsError: as :func:`read_calibration`, once.
        """
        written = self._when()
        if written == self._written:
            return False
        self._written = written
        self.current = read_calibration(self._folder)
        return True

    def _when(self) -> tuple[int, int]:
        try:
            found = (self._folder / CALIBRATION).stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_ino


def _wrong_type(kept: StationCalibration) -> str:
    """Which field of a file is of another type, in words; empty where none is."""
    kinds = {"str": (str,), "int": (int,), "float": (int, float)}
    values = {item.name: (getattr(kept, item.name), kinds[str(item.type)]) for item in fields(kept)}
    wrong = [name for name, (value, kind) in values.items() if isinstance(value, bool) or not isinstance(value, kind)]
    return f"its {wrong[0]} has the wrong type" if wrong else ""


def _contradiction(kept: StationCalibration) -> str:
    """What in a file cannot be, or does not prove the threshold beside it; empty where all fits together.

    The proof is that of :func:`~edgedigits.core.lines.confidence.prove_threshold`: one of a threshold that was chosen
    among several is stricter.
    """
    numbers, counts = (kept.threshold, kept.target_error, kept.level), (kept.wrong, kept.accepted, kept.pieces)
    accepts = kept.threshold != NEVER
    wrong = f"{kept.wrong} wrong of {kept.accepted} accepted do not prove its target"
    checks: tuple[tuple[Callable[[], bool], str], ...] = (
        (lambda: all(math.isfinite(one) for one in numbers), "a number in it is none"),
        (lambda: 0 < kept.target_error < 1 and LEVEL <= kept.level < 1, "its target or its certainty cannot be"),
        (lambda: 0 <= counts[0] <= counts[1] <= counts[2], "its counts cannot be"),
        (lambda: not accepts or 0 <= kept.threshold <= 1, "its threshold cannot be"),
        (lambda: not accepts or prove_threshold(*numbers[:1], *counts[:2], *numbers[1:]).value is not None, wrong),
    )
    return next((why for fits, why in checks if not fits()), "")


@dataclass(frozen=True)
class ChosenThreshold:
    """The threshold that a station goes by.

    Attributes:
        value: accept from this confidence on.
        words: where it comes from, for people.
        is_proved: it was proved for the target error with these networks and these codes.
        is_wanted: somebody has told it, or it is proved.
        remedy: what to do where it is not proved; empty where it is.
    """

    value: float
    words: str
    is_proved: bool = False
    is_wanted: bool = False
    remedy: str = ""

    @property
    def accepts(self) -> bool:
        """Whether any confidence reaches it."""
        return self.value <= 1

    @property
    def effect(self) -> str:
        """What a station does by it, for people."""
        return f"accepts from {self.value:.4f} on" if self.accepts else "accepts nothing"


_CALIBRATE, _MORE = "calibrate it with mail of your own", "calibrate it with more mail"


def choose_station_threshold(
    settings: ReadingSettings, calibration: StationCalibration | None, reader: StationReader, changed: float | None
) -> ChosenThreshold:
    """The threshold by what was changed on the page, else by the configuration, else by calibration.

    Args:
        settings: table ``reading``.
        calibration: what was kept.
        reader: of the station.
        changed: on the page.
    """
    known = _known(settings, calibration, reader)
    if changed is None:
        return known
    if changed >= known.value and known.is_wanted:
        return ChosenThreshold(changed, "raised on the page", known.is_proved, True)
    words = f"{changed:g} was set on the page, and {min(known.value, 1):g} is asked for"
    return ChosenThreshold(changed, words, remedy="raise it there, or go back to what is configured")


def _known(settings: ReadingSettings, calibration: StationCalibration | None, reader: StationReader) -> ChosenThreshold:
    """The threshold where nothing was changed on the page."""
    if settings.threshold is not None:
        return _told(settings.threshold, settings, calibration, reader)
    if calibration is None:
        return ChosenThreshold(UNCALIBRATED, "not calibrated: run `edgedigits station calibrate`", remedy=_CALIBRATE)
    if not calibration.fits(reader, settings):
        words = "calibrated with another network, other codes or another target: run `edgedigits station calibrate`"
        stricter = calibration.threshold if calibration.threshold < NEVER else UNCALIBRATED
        return ChosenThreshold(max(UNCALIBRATED, stricter), words, remedy=_CALIBRATE)
    if calibration.threshold >= NEVER:
        return ChosenThreshold(NEVER, "labelled pieces have proved no threshold: nothing is accepted", remedy=_MORE)
    return ChosenThreshold(calibration.threshold, _proof(calibration), True, True)


def _told(
    told: float, settings: ReadingSettings, calibration: StationCalibration | None, reader: StationReader
) -> ChosenThreshold:
    """A threshold of the configuration, and what a calibration says of it: that of a lower one holds for it too."""
    words = "told by the configuration"
    if calibration is None or not calibration.fits(reader, settings) or calibration.threshold >= NEVER:
        return ChosenThreshold(told, words, is_wanted=True, remedy=_CALIBRATE)
    if told >= calibration.threshold:
        return ChosenThreshold(told, f"{words}; {_proof(calibration)}", True, True)
    words += f"; {calibration.threshold:.4f} is what is proved"
    return ChosenThreshold(told, words, is_wanted=True, remedy="take `threshold` out of the table reading, or raise it")


def _proof(calibration: StationCalibration) -> str:
    percent = f"{100 * calibration.target_error:g} % of the accepted are wrong"
    return f"at most {percent}, with {100 * calibration.level:g} %"
