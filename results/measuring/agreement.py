"""How far runs of one model on several runtimes and kernels say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.results.measuring.runs import Run


@dataclass(frozen=True)
class Agreement:
    """What one run read, beside the first one.

    Attributes:
        runtime: name and version.
        delegate: what ran the operators.
        digits: that it read.
        right: how many of them it read right.
        same_labels: how many it read as the first run did.
        same_outputs: digits whose ten outputs are those of the first run, bit for bit.
        largest_difference: of an output from the first run's: in steps of an integer model, else in shares of 1.
        peak_bytes: the most memory that its process had.
    """

    runtime: str
    delegate: str
    digits: int
    right: int
    same_labels: int
    same_outputs: int
    largest_difference: float
    peak_bytes: int | None

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return asdict(self)


def agreements(runs: Sequence[Run], labels: NDArray[np.uint8]) -> tuple[Agreement, ...]:
    """Compare runs that read the same digits with the first one.

    Args:
        runs: that were not refused, at least one.
        labels: the truth, uint8 of shape (count,).
    """
    first = runs[0].outputs
    assert first is not None
    found = []
    for run in runs:
        outputs = run.outputs
        assert outputs is not None
        read = outputs.argmax(1)
        apart = np.abs(outputs.astype(np.float64) - first.astype(np.float64))
        found.append(
            Agreement(
                str(run.runtime),
                run.delegate,
                len(labels),
                int((read == labels).sum()),
                int((read == first.argmax(1)).sum()),
                int((outputs == first).all(1).sum()),
                round(float(apart.max(initial=0)), 6),
                run.peak_bytes,
            )
        )
    return tuple(found)


def disagreement_notes(found: Sequence[Agreement]) -> tuple[str, ...]:
    """A line for each run that reads digits in another way than the first one."""
    first = found[0]
    return tuple(
        f"{one.runtime} with delegate {one.delegate} reads {one.digits - one.same_labels:,} of {one.digits:,} digits "
        f"otherwise than {first.runtime} with delegate {first.delegate}"
        for one in found
        if one.same_labels != one.digits
    )
