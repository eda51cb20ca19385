"""Tables of measured models: rows, the folders they lie in, the front of the best, and the choice for a device.

Every room writes its results in this form, so that models, baselines and searches stand in one table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports
from edgedigits.core.results.folder import (
    Header,
    Results,
    read_header,
    read_results,
    read_row,
    write_header,
    write_row,
)
from edgedigits.core.results.machine import Machine, this_machine
from edgedigits.core.results.row import Accuracy, CoreFigures, Drop, Latency, Row, row_from

if TYPE_CHECKING:
    from edgedigits.core.results.choice import Choice
    from edgedigits.core.results.choosing import choose
    from edgedigits.core.results.comparing import write_comparison
    from edgedigits.core.results.limits import Limits
    from edgedigits.core.results.table import Table, gather
    from edgedigits.core.results.writing import write_tables

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
        "Choice": "choice",
        "Limits": "limits",
        "choose": "choosing",
        "write_comparison": "comparing",
        "write_tables": "writing",
        **dict.fromkeys(("Table", "gather"), "table"),
    },
)
