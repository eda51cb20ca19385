"""Search for networks and settings with Optuna, on one machine or many.

>>> from edgedigits.train.search import SearchRequest, search
>>> result = search(SearchRequest("separable", trials=24), "out/search", to_int8)
>>> [(trial.accuracy, trial.int8_bytes, trial.macs) for trial in result.front]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

if TYPE_CHECKING:
    from edgedigits.train.search.preflight import check_search
    from edgedigits.train.search.presets import PRESETS, Preset, preset_named
    from edgedigits.train.search.search_request import (
        SearchInterrupted,
        SearchProgress,
        SearchRequest,
        SearchResult,
        TrialRecord,
    )
    from edgedigits.train.search.searching import search

__all__ = [
    "PRESETS",
    "Preset",
    "SearchInterrupted",
    "SearchProgress",
    "SearchRequest",
    "SearchResult",
    "TrialRecord",
    "check_search",
    "preset_named",
    "search",
]

__getattr__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(("PRESETS", "Preset", "preset_named"), "presets"),
        **dict.fromkeys(
            ("SearchInterrupted", "SearchProgress", "SearchRequest", "SearchResult", "TrialRecord"), "search_request"
        ),
        "check_search": "preflight",
        "search": "searching",
    },
)
