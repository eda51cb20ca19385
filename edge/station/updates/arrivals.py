"""Files that come into the folder of updates, each handed out once while the same model runs."""

from __future__ import annotations

import hashlib
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgedigits.edge.station.updates.bundle import MOST_BYTES, SUFFIX
from edgedigits.edge.station.updates.events import UpdateRefused

_ON_ITS_WAY = 10.0
"""Seconds since its last change during which a file may still be copied."""


@dataclass(frozen=True)
class Arrival:
    """A file in the folder of updates.

    Attributes:
        name: of the file, without its folder.
        data: its bytes, at most one more than an update may have.
        sha256: of them.
        changed: when it was last changed, seconds since 1970.
        came: when it, its name or its rights were last changed, as copying and linking do too, seconds since 1970.
    """

    name: str
    data: bytes
    sha256: str
    changed: float
    came: float

    @property
    def may_be_on_its_way(self) -> bool:
        """Whether it changed so shortly ago that somebody may still be copying it."""
        return abs(time.time() - self.changed) < _ON_ITS_WAY


class Arrivals:
    """Remembers which files were handed out, by name, size and time of change, so that others are not even read.

    The time is that of the inode, which new rights change, too.

    Attributes:
        names: of all that lies in the folder, of the folder itself where it cannot be read.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int, str]] = {}
        self.names: set[str] = set()

    def unseen(self, folder: Path, judge: str) -> Iterator[Arrival | UpdateRefused]:
        """The files that are new since the last look, or since they are judged otherwise, in the order of their names.

        Args:
            folder: of updates; made where there is none.
            judge: what they are judged by, the model that runs and the key, in any words.

        Yields:
            Files, and why some, or the folder itself, cannot be read.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        except OSError as error:
            self.names = {str(folder)}
            if self._is_new(str(folder), (0, error.errno or 0, judge)):
                yield _unreadable(str(folder), error)
            return
        self.names = {path.name for path in paths}
        for path in paths:
            try:
                if path.suffix != SUFFIX or not path.is_file():
                    yield from self._none_of_ours(path, judge)
                    continue
                found = path.stat()
                if not self._is_new(path.name, (found.st_size, found.st_ctime_ns, judge)):
                    continue
                with path.open("rb") as file:
                    data = file.read(MOST_BYTES + 1)
            except OSError as error:
                yield _unreadable(path.name, error)
            else:
                yield Arrival(path.name, data, hashlib.sha256(data).hexdigest(), found.st_mtime, found.st_ctime)

    def _none_of_ours(self, path: Path, judge: str) -> Iterator[UpdateRefused]:
        """What looks like an update and cannot be taken for one; of all else in the folder nothing is said."""
        is_file, has_name = path.is_file(), path.suffix == SUFFIX
        if not (has_name or (is_file and zipfile.is_zipfile(path))) or not self._is_new(path.name, (0, 0, judge)):
            return
        if has_name:
            yield UpdateRefused(path.name, "file", "it is no file", "copy the update itself there")
        else:
            yield UpdateRefused(path.name, "name", f"its name does not end in {SUFFIX}", "give it its name again")

    def forget(self, arrival: Arrival) -> None:
        """Hand a file out again at the next look."""
        self._seen.pop(arrival.name, None)

    def _is_new(self, name: str, seen: tuple[int, int, str]) -> bool:
        new = self._seen.get(name) != seen
        self._seen[name] = seen
        return new


def _unreadable(name: str, error: OSError) -> UpdateRefused:
    return UpdateRefused(name, "disk", f"it cannot be read ({error.strerror})", "let the station's user read it")
