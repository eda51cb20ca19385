"""The answer to which row a device can take: the row, what each limit leaves, and what it costs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from edgedigits.results.choosing.limits import Limits, Measure, measures_for
from edgedigits.results.table import Entry


@dataclass(frozen=True)
class Better:
    """The row that would be chosen without a limit.

    Attributes:
        entry: the row.
        needs: its value of what is limited.
        more: how much more of it than the limit allows.
    """

    entry: Entry
    needs: float
    more: float


@dataclass(frozen=True)
class LimitVerdict:
    """A limit and the chosen row.

    Attributes:
        measure: what is limited.
        limit: that was given.
        value: of the chosen row.
        slack: how much is left to the limit.
        missed_by: how many candidates miss it.
        better: the row that would be chosen without it; None where the limit does not bind.
    """

    measure: Measure
    limit: float
    value: float
    slack: float
    missed_by: int
    better: Better | None


@dataclass(frozen=True)
class Choice:
    """The chosen row and why it is that one.

    Attributes:
        limits: that were given.
        chosen: the most accurate row within them, by validation digits; of equally accurate ones the smallest, then the
            fastest. Rows that were only measured, whose accuracy on those digits nobody knows, come last.
        verdicts: one a limit.
        runner_up: the next one within the limits.
        alike: the rows within the limits that cannot be told apart from the chosen one by the validation digits.
        candidates: rows that could be held against the limits.
        fitting: those of them that meet all.
        set_aside: the other rows, by the reason.
        notes: what the figures mean and assume.
    """

    limits: Limits
    chosen: Entry
    verdicts: tuple[LimitVerdict, ...]
    runner_up: Entry | None
    alike: tuple[Entry, ...]
    candidates: int
    fitting: int
    set_aside: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]

    def figures_of(self, entry: Entry) -> list[tuple[Measure, float]]:
        """What a row has of everything that can be limited, as far as it is known."""
        found = ((measure, measure.of(entry)) for measure in measures_for(self.limits).values())
        return [(measure, value) for measure, value in found if value is not None]

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return {
            "limits": asdict(self.limits),
            "chosen": self._entry(self.chosen),
            "verdicts": [
                {
                    "option": verdict.measure.option,
                    "what": verdict.measure.label,
                    "unit": verdict.measure.unit,
                    "limit": verdict.limit,
                    "value": verdict.value,
                    "slack": verdict.slack,
                    "missed_by": verdict.missed_by,
                    "binds": verdict.better is not None,
                    "better": verdict.better
                    and {
                        **self._entry(verdict.better.entry),
                        "needs": verdict.better.needs,
                        "more": verdict.better.more,
                    },
                }
                for verdict in self.verdicts
            ],
            "runner_up": self.runner_up and self._entry(self.runner_up),
            "alike": [entry.label for entry in self.alike],
            "candidates": self.candidates,
            "fitting": self.fitting,
            "set_aside": {reason: list(labels) for reason, labels in self.set_aside.items()},
            "notes": list(self.notes),
        }

    def _entry(self, entry: Entry) -> dict[str, Any]:
        row = entry.row
        figures = {measure.label: value for measure, value in self.figures_of(entry)}
        return {
            "label": entry.label,
            "folder": str(entry.place),
            "file": row.file,
            "model": row.model,
            "recipe": row.recipe,
            "test_accuracy": row.accuracy and row.accuracy.percent,
            "figures": figures,
        }
