"""What was measured as a folder of results, which ``compare`` and ``choose`` read on any machine."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.cards import code_version
from edgedigits.core.files import whole_folder, write_bytes
from edgedigits.core.paths import StrPath
from edgedigits.results import Header, Results, gather, write_header, write_row
from edgedigits.results.folder import folder_names
from edgedigits.results.measuring.measuring import Measurement
from edgedigits.results.table import MEASUREMENT
from edgedigits.results.tables.formats import markdown, table_csv
from edgedigits.results.view import view_of


def as_results(measurement: Measurement, out: StrPath) -> Results:
    """What was measured as the folder ``out`` of results that it is or may become."""
    out = Path(out)
    title = f"measured on {measurement.machine.processor}"
    software = {"edgedigits": code_version(), **measurement.software}
    names = folder_names(measurement.rows)
    header = Header(MEASUREMENT, title, names, measurement.settings, measurement.machine, software)
    return Results(out, header, measurement.rows, (), ())


def write_measurement(measurement: Measurement, out: StrPath, *, force: bool = False) -> None:
    """Write a folder of results with ``results.md`` and ``results.csv``, whole or not at all.

    The models stay where they are: a row names its own by the sha256, which is how ``compare`` finds it again.

    Args:
        measurement: what to write.
        out: folder to make.
        force: replace what lies in ``out``.

    Raises:
        EdgedigitsError: ``out`` has content and ``force`` is not set; or the disk refuses.
    """
    out = Path(out)
    results = as_results(measurement, out)
    header = results.header
    table = gather(results)
    with whole_folder(out, force) as work:
        write_header(
            work, header.kind, header.title, header.names, header.settings, measurement.software, header.machine
        )
        for name, row in zip(header.names, results.rows, strict=True):
            write_row(work, name, row)
        write_bytes(work / "results.md", markdown(view_of(table)).encode())
        write_bytes(work / "results.csv", table_csv(table).encode())
