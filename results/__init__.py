"""Tables of measured models: rows, the folders they lie in, the front of the best, and the choice for a device.

Every room writes its results in this form, so that models, baselines and searches stand in one table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports
from edgedigits.results.folder import (
    Header,
    Results,
    read_header,
    read_results,
    read_row,
    write_header,
    write_row,
)
from edgedigits.results.machine import Machine, this_machine
from edgedigits.results.row import Accuracy, CoreFigures, Drop, Latency, Row, row_from

if TYPE_CHECKING:
    from edgedigits.results.choosing.choice import Choice
    from edgedigits.results.choosing.choosing import choose
    from edgedigits.results.choosing.limits import Limits
    from edgedigits.results.comparing import write_comparison
    from edgedigits.results.table import Table, gather
    from edgedigits.results.tables.writing import write_tables

__all__ = [
    "Accuracy",
    "Choice",
    "CoreFigures",
    "Drop",
    "Header",
    "Latency",
    "Limits",
    "Machine",
    "Results",
    "Row",
    "Table",
    "choose",
    "gather",
    "read_header",
    "read_results",
    "read_row",
    "row_from",
    "this_machine",
    "write_comparison",
    "write_header",
    "write_row",
    "write_tables",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "Choice": "choosing.choice",
        "Limits": "choosing.limits",
        "choose": "choosing.choosing",
        "write_comparison": "comparing",
        "write_tables": "tables.writing",
        **dict.fromkeys(("Table", "gather"), "table"),
    },
)
