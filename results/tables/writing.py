"""A table as files: Markdown, CSV, JSON, a page with plots and a picture of the front."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from edgedigits.core.files import write_bytes
from edgedigits.core.paths import StrPath
from edgedigits.results.folder import Results
from edgedigits.results.pages.page import page
from edgedigits.results.pages.picture import front_png
from edgedigits.results.table import Table, gather
from edgedigits.results.tables.formats import markdown, rows_json, table_csv
from edgedigits.results.view import view_of


def write_tables(folder: StrPath, results: Results | Sequence[Results]) -> tuple[Path, ...]:
    """Write ``results.md``, ``results.csv``, ``rows.json``, ``index.html`` and ``front.png`` into a folder.

    All are made before the first one is written; what else lies in the folder is left alone.

    Args:
        folder: where to; often that of the results.
        results: one folder of results, or several for one table.

    Returns:
        The paths of the five files.

    Raises:
        EdgedigitsError: the disk is full or may not be written.
    """
    folder = Path(folder)
    return write_table(folder, gather(results))


def write_table(folder: Path, table: Table) -> tuple[Path, ...]:
    """The same for rows that are gathered already."""
    view = view_of(table)
    contents = {
        "results.md": markdown(view).encode(),
        "results.csv": table_csv(table).encode(),
        "rows.json": (json.dumps(rows_json(table), indent=2, ensure_ascii=False) + "\n").encode(),
        "index.html": page(view).encode(),
        "front.png": front_png(view),
    }
    for name, content in contents.items():
        write_bytes(folder / name, content)
    return tuple(folder / name for name in contents)
