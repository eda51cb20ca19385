"""Which rows of a table cannot be told apart: their accuracies differ by less than the digits can tell."""

from __future__ import annotations

from collections.abc import Sequence

from edgedigits.core.statistics.proportions import difference_interval
from edgedigits.results.row import Accuracy
from edgedigits.results.table import Entry, Table


def how_told(task: str) -> str:
    """How rows are told apart, for people; ``task`` is what the models read: a digit, or a line."""
    return (
        "by the 95 % interval of a difference of two independent proportions (Newcombe); rows keep no outcome of each "
        f"{task}, and a paired test may tell more apart"
    )


def tells_apart(first: Accuracy, second: Accuracy) -> bool:
    """Whether two accuracies differ by more than chance, as far as can be known without each digit's outcome."""
    low, high = difference_interval((first.right, first.count), (second.right, second.count))
    return low > 0 or high < 0


def alike(best: Entry, others: Sequence[Entry], *, validation: bool = False) -> tuple[Entry, ...]:
    """The rows that cannot be told apart from one, in their order.

    Args:
        best: the row.
        others: to compare it with; itself is passed over.
        validation: whether to compare what they read of the validation digits, not of the test digits.
    """

    def accuracy(entry: Entry) -> Accuracy | None:
        return entry.row.validation if validation else entry.row.accuracy

    own = accuracy(best)
    found = ((entry, accuracy(entry)) for entry in others if entry is not best)
    return tuple(entry for entry, other in found if own and other and not tells_apart(own, other))


def most_accurate(table: Table) -> Entry | None:
    """The row that reads most of the table's test digits right; None where no row reads them."""
    read = [entry for entry in table.entries if table.on_the_digits(entry)]
    return max(read, key=lambda entry: entry.row.accuracy.percent if entry.row.accuracy else 0.0, default=None)
