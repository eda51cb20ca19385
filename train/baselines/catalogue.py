"""The systems that five student reports describe, by their names.

Loads neither scikit-learn nor TensorFlow.
"""

from __future__ import annotations

from edgedigits.core.naming import entry_named
from edgedigits.train.baselines.reports import endsley_park, fakebank, inf283, nf264, vit
from edgedigits.train.baselines.reports.baseline import Baseline

_ENTRIES: tuple[Baseline, ...] = (
    *nf264.ENTRIES,
    *vit.ENTRIES,
    *inf283.ENTRIES,
    *fakebank.ENTRIES,
    *endsley_park.ENTRIES,
)

BASELINES = {entry.name: entry for entry in _ENTRIES}


def baseline(name: str) -> Baseline:
    """The entry of that name.

    Raises:
        EdgedigitsError: there is none; the message names the nearest ones and all.
    """
    return entry_named(BASELINES, name, "baseline", " (`edgedigits baselines` describes them)")
