"""What was read right of labelled lines, by where they come from."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.core.lines.labelled import Lines
from edgedigits.core.statistics.line_metrics import LineMetrics, line_metrics

ALL = "all"


def metrics_by_origin(lines: Lines, read: Sequence[str]) -> dict[str, LineMetrics]:
    """What was read right of lines, of ``all`` and by where they come from."""
    found = {ALL: line_metrics(lines.texts, read)}
    for origin in dict.fromkeys(lines.origins):
        places = [place for place, one in enumerate(lines.origins) if one == origin]
        found[origin] = line_metrics([lines.texts[place] for place in places], [read[place] for place in places])
    return found
