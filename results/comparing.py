"""A folder that holds the rows of several others, and can be read as they can."""

from __future__ import annotations

import shutil
from pathlib import Path

from edgedigits.core.cards import CARD_NAME
from edgedigits.core.files import refuse_inputs_inside, whole_folder
from edgedigits.core.paths import StrPath
from edgedigits.results.folder import folder_names, write_header, write_row
from edgedigits.results.pages.page import SWEEP
from edgedigits.results.table import COMPARISON, ORIGINS, Table, origins
from edgedigits.results.tables.writing import write_table


def write_comparison(table: Table, out: StrPath, *, force: bool = False) -> None:
    """Write the rows of a table and its five files into a folder, all or none.

    The models stay where they are; the card of each lies beside its row and names it by its sha256.

    Args:
        table: of one folder or more.
        out: folder to make.
        force: replace what lies in ``out``.

    Raises:
        EdgedigitsError: ``out`` has content and ``force`` is not set, or it holds a folder of the table; or the disk
            refuses.
    """
    out = Path(out)
    refuse_inputs_inside((results.folder for results in table.results), out)
    names = folder_names([entry.row for entry in table.entries])
    settings = {
        "folders": [str(results.folder) for results in table.results],
        ORIGINS: origins(table.entries, names),
    }
    with whole_folder(out, force) as work:
        write_header(work, COMPARISON, table.title, names, settings, _software(table))
        for name, entry in zip(names, table.entries, strict=True):
            write_row(work, name, entry.row)
            for beside in (CARD_NAME, SWEEP):
                if (entry.place / beside).is_file():
                    shutil.copyfile(entry.place / beside, work / name / beside)
        write_table(work, table)


def _software(table: Table) -> dict[str, str]:
    """Every version that measured a row."""
    found: dict[str, dict[str, None]] = {}
    for results in table.results:
        for name, version in results.header.software.items():
            found.setdefault(name, {})[str(version)] = None
    return {name: ", ".join(versions) for name, versions in found.items()}
