"""The confidence from which a station accepts a code: found by labelled pieces, told, or changed on the page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import read_json, write_json
from edgedigits.core.lines.confidence import NEVER
from edgedigits.edge.station.configuration.settings import ReadingSettings
from edgedigits.edge.station.opening import StationReader

CALIBRATION = "calibration.json"
"""In the journal's folder."""

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
        EdgedigitsError: the file is damaged.
    """
    path = folder / CALIBRATION
    if not path.is_file():
        return None
    remedy = "run `edgedigits station calibrate` again"
    told: Any = read_json(path, remedy)
    try:
        return StationCalibration(**told)
    except TypeError:
        raise EdgedigitsError(f"{path} is no calibration of a station", remedy) from None


@dataclass(frozen=True)
class ChosenThreshold:
    """The threshold that a station goes by.

    Attributes:
        value: accept from this confidence on.
        words: where it comes from, for people.
        is_proved: it was proved for the target error with these networks and these codes.
        is_wanted: somebody has told it, or it is proved.
    """

    value: float
    words: str
    is_proved: bool = False
    is_wanted: bool = False


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
    return ChosenThreshold(changed, f"{changed:g} was set on the page, and {min(known.value, 1):g} is asked for")


def _known(settings: ReadingSettings, calibration: StationCalibration | None, reader: StationReader) -> ChosenThreshold:
    """The threshold where nothing was changed on the page."""
    if settings.threshold is not None:
        return ChosenThreshold(settings.threshold, "told by the configuration", is_wanted=True)
    if calibration is None:
        return ChosenThreshold(UNCALIBRATED, "not calibrated: run `edgedigits station calibrate`")
    if not calibration.fits(reader, settings):
        words = "calibrated with another network, other codes or another target: run `edgedigits station calibrate`"
        return ChosenThreshold(max(UNCALIBRATED, calibration.threshold), words)
    if calibration.threshold >= NEVER:
        return ChosenThreshold(NEVER, "labelled pieces have proved no threshold: nothing is accepted")
    percent = f"{100 * calibration.target_error:g} % of the accepted are wrong"
    return ChosenThreshold(calibration.threshold, f"at most {percent}, with {100 * calibration.level:g} %", True, True)
