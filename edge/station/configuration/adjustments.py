"""What people change on the page while the station runs: region and threshold, kept in a file."""

from __future__ import annotations

import json
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning
from edgedigits.core.files import refuse_no_file, write_json
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.station.configuration.settings import StationSettings

FILE = "adjustments.json"

SMALLEST_REGION = 16
"""Pixels that a region is wide and high at least."""

LARGEST = 100_000


class _Kept:
    """Stands for a value that is not changed."""


KEPT: Final = _Kept()


@dataclass(frozen=True)
class Adjusted:
    """What the loop follows for the next frame.

    Attributes:
        region: of the picture that is looked at; None for all of it.
        threshold: confidence from which a code is accepted; None for the one that goes with the model.
    """

    region: Box | None = None
    threshold: float | None = None


class Adjustments:
    """Region and threshold: the configuration's, until somebody changes them on the page; then what was changed.

    May be read by the loop while a page changes it. What was changed is kept in ``adjustments.json``, written whole; a
    damaged file is warned of, left aside until the next change replaces it, and what is configured holds.

    Args:
        folder: of the station's journal.
        configured: what the configuration says.
    """

    def __init__(self, folder: Path, configured: Adjusted = Adjusted()) -> None:  # noqa: B008
        self._file = Path(folder) / FILE
        self.configured = configured
        self._lock = threading.Lock()  # one change at a time; reading needs none, the value is replaced as a whole
        self._changed = _read(self._file)
        self._current = self._merged()

    @property
    def current(self) -> Adjusted:
        """What holds now."""
        return self._current

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of what was changed on the page."""
        return tuple(sorted(self._changed))

    def change(self, *, region: Box | None | _Kept = KEPT, threshold: float | None | _Kept = KEPT) -> Adjusted:
        """Change one or both, and keep them.

        Args:
            region: x, y, width and height in pixels, or None for the whole picture.
            threshold: 0 to 1, or None for the one that goes with the model.

        Raises:
            EdgedigitsError: a value that is none, or the file cannot be written; then nothing is changed.
        """
        wanted: dict[str, Any] = {}
        if not isinstance(region, _Kept):
            wanted["region"] = checked_region(region)
        if not isinstance(threshold, _Kept):
            wanted["threshold"] = checked_threshold(threshold)
        return self._keep(lambda before: before | wanted)

    def reset(self) -> Adjusted:
        """Go back to what is configured.

        Raises:
            EdgedigitsError: the file cannot be written; then nothing is changed.
        """
        return self._keep(lambda _: {})

    def _keep(self, change: Any) -> Adjusted:
        with self._lock:
            changed = change(self._changed)
            write_json(self._file, changed)
            self._changed = changed
            self._current = self._merged()
            return self._current

    def _merged(self) -> Adjusted:
        return Adjusted(
            self._changed.get("region", self.configured.region),
            self._changed.get("threshold", self.configured.threshold),
        )


def adjusted_of(settings: StationSettings, folder: Path) -> Adjusted:
    """Region and threshold of a station as they hold: what was changed on the page goes before the configuration.

    Args:
        settings: of the station.
        folder: that their paths are relative to.
    """
    return Adjustments(folder / settings.journal.folder, Adjusted(settings.camera.region, None)).current


def checked_region(region: object) -> Box | None:
    """A region as it came from outside.

    Raises:
        EdgedigitsError: it is not four whole numbers, or too small, or outside of any picture.
    """
    if region is None:
        return None
    if not (isinstance(region, list | tuple) and len(region) == 4 and all(type(one) is int for one in region)):
        raise EdgedigitsError("the region is not four whole numbers", "give x, y, width and height in pixels")
    x, y, width, height = region
    if min(width, height) < SMALLEST_REGION:
        raise EdgedigitsError(
            f"the region is {width} x {height} pixels", f"make it at least {SMALLEST_REGION} wide and high"
        )
    if min(x, y) < 0 or max(x + width, y + height) > LARGEST:
        raise EdgedigitsError("the region lies outside of the picture", "give x, y, width and height in pixels")
    return x, y, width, height


def checked_threshold(threshold: object) -> float | None:
    """A threshold as it came from outside.

    Raises:
        EdgedigitsError: it is no number of 0 to 1.
    """
    if threshold is None:
        return None
    number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    if not number or not 0 <= threshold <= 1:  # type: ignore[operator]
        raise EdgedigitsError("the threshold is no number of 0 to 1", "give a number such as 0.97")
    return float(threshold)  # type: ignore[arg-type]


def _read(file: Path) -> dict[str, Any]:
    """What a page of an earlier run changed; nothing, with a warning, where the file does not say."""
    if not file.exists():
        return {}
    try:
        refuse_no_file(file, "")
        found = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or not found.keys() <= {"region", "threshold"}:
            raise EdgedigitsError("it holds something else", "")
        checks = {"region": checked_region, "threshold": checked_threshold}
        return {name: checks[name](value) for name, value in found.items()}
    except (OSError, ValueError, RecursionError, EdgedigitsError) as error:
        why = error.what if isinstance(error, EdgedigitsError) else error
        warnings.warn(
            EdgedigitsWarning(
                f"cannot use {file} ({why}), so region and threshold are those of the configuration",
                "set them on the page again, which replaces the file",
            ),
            stacklevel=3,
        )
        return {}
