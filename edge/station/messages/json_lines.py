"""A line of JSON for each piece, appended to a file or printed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.messages.outputs import PRINTED, Output, OutputAway

if TYPE_CHECKING:
    from edgedigits.edge.station.journal.records import Event


def event_as_dict(event: Event) -> dict[str, Any]:
    """What every output tells of an event: its number in the journal, and the result."""
    return {"sequence": event.sequence, **event.result.as_dict()}


def event_as_json(event: Event) -> bytes:
    """The same as one line of JSON in UTF-8, without the line's end."""
    return json.dumps(event_as_dict(event), ensure_ascii=False, separators=(",", ":")).encode()


class JsonLinesOutput(Output):
    """Appends a line to a file, flushed to the disk before the next one, or prints it.

    The file is opened anew for each line, so that it may be moved away (logrotate) at any time. A line that a full disk
    cut off is taken back before it is tried again; one that a kill cut off, when the next one is written.
    """

    name = "json_lines"

    def __init__(self, file: str) -> None:
        """Prepare to write.

        Args:
            file: its path; ``-`` prints.

        Raises:
            EdgedigitsError: a folder has that name.
        """
        self._path = None if file == PRINTED else Path(file)
        if self._path is not None and self._path.is_dir():
            raise EdgedigitsError(f"{file} is a folder", "name a file in json_lines.file")

    def deliver(self, event: Event) -> None:
        """Append the event's line; the disk has it on return."""
        line = event_as_json(event) + b"\n"
        try:
            if self._path is None:
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
            else:
                append_line(self._path, line)
        except OSError as error:
            where = self._path or "standard output"
            raise OutputAway(
                f"cannot write to {where} ({error.strerror})", "free some disk space, or check json_lines.file"
            ) from error


def append_line(path: Path, line: bytes) -> None:
    """Append a whole line, or nothing, to a file, and flush it to the disk.

    Raises:
        OSError: the disk refuses; the file is as it was before.
    """
    if path.exists() and not path.is_file():  # a device or a pipe: nothing can be taken back from it
        with path.open("wb", buffering=0) as taker:
            taker.write(line)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        end = _end_of_whole_lines(handle)
        try:
            written = 0
            while written < len(line):
                written += os.pwrite(handle, line[written:], end + written)
            os.ftruncate(handle, end + written)
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, end)
            raise
    finally:
        os.close(handle)


def _end_of_whole_lines(handle: int, block: int = 65536) -> int:
    """Where the last line's end stands; what follows was cut off by a kill and is written again."""
    end = os.fstat(handle).st_size
    while end > 0:
        start = max(0, end - block)
        found = os.pread(handle, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
