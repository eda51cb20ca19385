"""Whether a new model rejects more than the former one did, tested while its first pieces pass."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.core.statistics.proportions import binomial_tail, upper_bound

LOOKS = (25, 50, 100, 200)
"""Pieces after which a new model is looked at; after the last one it stays."""

LEVEL = 0.001
"""Of each look: a model that is as good as the former one is taken back less than once in 250 times."""

_REMEMBERED = 2_000
"""Pieces of a tally from which older ones count half: the rate of the last weeks is wanted, not that of all times."""


@dataclass(frozen=True)
class Tally:
    """Pieces that a model accepted and rejected."""

    accepted: int = 0
    rejected: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.accepted + self.rejected

    def plus(self, accepted: int, rejected: int) -> Tally:
        """With more pieces; old ones count half where there are many."""
        more = Tally(self.accepted + accepted, self.rejected + rejected)
        return more if more.total < _REMEMBERED else Tally(more.accepted // 2, more.rejected // 2)


NONE = Tally()


def rejects_more(now: Tally, before: Tally) -> bool:
    """Whether a model rejects more than the former one, by a one-sided binomial test at :data:`LEVEL`.

    It is tested against the upper end of what the former rate may be with 95 % certainty (Clopper and Pearson), as that
    one is known from so many pieces only. Of a former model that read nothing nothing is known, and the answer is no.
    """
    share = upper_bound(before.rejected, before.total) if before.total else 1.0
    if share >= 1 or not now.rejected:
        return False
    return 1 - binomial_tail(now.rejected - 1, now.total, share) < LEVEL
