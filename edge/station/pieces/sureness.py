"""How sure a code is, by all that is known of how it was read: a logistic regression on pieces whose code is known.

Both networks err most where a 9 with a closed loop, a 7 or a 4 looks like a 1, and where one digit of the code is much
less sure than the others. The product of their probabilities does not show that; its parts do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgedigits.core.digit import LABELS
from edgedigits.edge.station.pieces.text_probabilities import TextSeen

_SMALLEST = 1e-6

_UNASKED = (-1.0, 1.0)
"""Least logarithm and margin where the network of digits was not asked: what it says on average of what it doubts."""

WEIGHTS = (
    *(0.4039, 0.0989, 0.4452, -0.1312, 0.4937, -0.1449),
    *(-0.2481, -0.119, -0.243, -0.2248, 0.1325, 0.0775, -0.0243, -0.0946, 0.1738, 0.6089),
)
"""Constant, then the weight of each feature of :func:`features_of`.

`python tests/benchmarks/bench_station.py fit` finds them on simulated pieces of the ordinary level, written with digits
of MNIST's validation part.
"""


def features_of(text: str, probability: float, seen: Sequence[TextSeen]) -> tuple[float, ...]:
    """What the sureness of a code depends on.

    Args:
        text: the code.
        probability: of it over all frames.
        seen: it, in each frame that saw it; at least one.

    Returns:
        log-odds of the probability; those of the geometric mean of the line network's alone; means of the least
        logarithm and of the margin by the network of digits, and whether that was asked; how often each digit occurs.
    """
    by_line = math.exp(sum(math.log(max(one.by_line, _SMALLEST)) for one in seen) / len(seen))
    least = [one.least for one in seen if one.least is not None]
    margin = [one.margin for one in seen if one.margin is not None]
    by_digits = (sum(least) / len(least), sum(margin) / len(margin), 1.0) if least and margin else (*_UNASKED, 0.0)
    return (_log_odds(probability), _log_odds(by_line), *by_digits, *(float(text.count(label)) for label in LABELS))


def sureness(features: Sequence[float]) -> float:
    """How likely a code is right, 0 to 1."""
    constant, *weights = WEIGHTS
    total = constant + sum(weight * feature for weight, feature in zip(weights, features, strict=True))
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))


def _log_odds(chance: float) -> float:
    inside = min(max(chance, _SMALLEST), 1 - _SMALLEST)
    return math.log(inside / (1 - inside))
