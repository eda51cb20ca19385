"""Measuring finished models where they run: time, accuracy and agreement of runtimes, on a workstation or a board.

Needs NumPy, OpenCV and a TFLite runtime, as reading does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

if TYPE_CHECKING:
    from edgedigits.results.measuring.files import as_results, write_measurement
    from edgedigits.results.measuring.latency import latency_on
    from edgedigits.results.measuring.machine_state import Condition, condition
    from edgedigits.results.measuring.measuring import Measurement, MeasureRequest, measure
    from edgedigits.results.measuring.runtimes import InstalledRuntime, installed_runtimes

__all__ = [
    "Condition",
    "InstalledRuntime",
    "MeasureRequest",
    "Measurement",
    "as_results",
    "condition",
    "installed_runtimes",
    "latency_on",
    "measure",
    "write_measurement",
]

__getattr__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(("Condition", "condition"), "machine_state"),
        **dict.fromkeys(("InstalledRuntime", "installed_runtimes"), "runtimes"),
        **dict.fromkeys(("MeasureRequest", "Measurement", "measure"), "measuring"),
        **dict.fromkeys(("as_results", "write_measurement"), "files"),
        "latency_on": "latency",
    },
)
