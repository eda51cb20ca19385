"""Tables of measured models: rows, the folders they lie in, the front of the best, and the choice for a device.

Every room writes its results in this form, so that models, baselines and searches stand in one table.
"""

from edgedigits.core.results.folder import (
    Header,
    Machine,
    Results,
    read_header,
    read_results,
    read_row,
    this_machine,
    write_header,
    write_row,
)
from edgedigits.core.results.row import Accuracy, CoreFigures, Drop, Latency, Row, row_from

__all__ = [
    "Accuracy",
    "CoreFigures",
    "Drop",
    "Header",
    "Latency",
    "Machine",
    "Results",
    "Row",
    "read_header",
    "read_results",
    "read_row",
    "row_from",
    "this_machine",
    "write_header",
    "write_row",
]
