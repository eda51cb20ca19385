"""What people keyed, as an archive of a data set."""

from __future__ import annotations

import shutil
import tempfile
import threading
import zipfile
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from edgedigits.edge.station.journal.labelled import Kind, export_labelled
from edgedigits.edge.station.journal.read_only import opened_to_read
from edgedigits.edge.station.page.answers import Refused
from edgedigits.edge.station.page.page_limits import PageLimits
from edgedigits.edge.station.page.parts import PageParts

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_PREFIX = ".export-"
_LABELLED = """
SELECT count(*), coalesce(sum(crop_bytes), 0) FROM pieces JOIN labels ON piece = number
WHERE labels.code <> '' AND crop IS NOT NULL
"""


@dataclass(frozen=True)
class Labelled:
    """Labelled pieces with pictures: how many, and the bytes of their pictures."""

    pieces: int
    bytes: int


class ExportApi:
    """Handlers of the archives. They are written beside the journal and deleted once they are sent.

    Args:
        parts: of the station.
        limits: how many pieces and bytes an archive may have.
    """

    def __init__(self, parts: PageParts, limits: PageLimits) -> None:
        self._folder = parts.journal.folder
        self._limits = limits
        self._writing = threading.Lock()  # one archive at a time: each takes room and a core
        for left in self._folder.glob(f"{_PREFIX}*"):  # of a station that was killed
            shutil.rmtree(left, ignore_errors=True)

    async def labelled(self, request: Request) -> Response:
        """How much there is to export."""
        return JSONResponse(asdict(await run_in_threadpool(self._checked)))

    async def archive(self, kind: Kind, request: Request) -> Response:
        """A data set as `edgedigits train` takes it, once it is unpacked."""
        path = await run_in_threadpool(partial(self._written, kind))
        return _Archive(path, media_type="application/zip", filename=f"{kind}.zip")

    def _checked(self) -> Labelled:
        with opened_to_read(self._folder) as connection:
            labelled = Labelled(*connection.execute(_LABELLED).fetchone())
        if not labelled.pieces:
            raise Refused(409, "nothing was keyed yet that could be exported", "key some codes first")
        if labelled.pieces > self._limits.export_pieces or labelled.bytes > self._limits.export_bytes:
            raise Refused(
                409,
                f"{labelled.pieces:,} pieces are too many for the page",
                "run `edgedigits journal labelled` on the station",
            )
        return labelled

    def _written(self, kind: Kind) -> Path:
        self._checked()
        if not self._writing.acquire(blocking=False):
            raise Refused(429, "an export is on its way already", "wait for it", {"retry-after": "10"})
        place = Path(tempfile.mkdtemp(dir=self._folder, prefix=_PREFIX))
        try:
            export_labelled(self._folder, place / kind, kind)
            with zipfile.ZipFile(place / "archive", "w") as archive:  # pictures are compressed already
                for file in sorted((place / kind).rglob("*")):
                    archive.write(file, file.relative_to(place))
            shutil.rmtree(place / kind)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        finally:
            self._writing.release()
        return place / "archive"


class _Archive(FileResponse):
    """A file that is deleted with its folder once it is sent, or once the visitor is gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            shutil.rmtree(Path(self.path).parent, ignore_errors=True)
