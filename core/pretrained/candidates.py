"""The trainings that a pretrained model was chosen among: alike but for their seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from statistics import fmean, stdev
from typing import Any


@dataclass(frozen=True)
class Candidate:
    """What one training came to.

    Attributes:
        seed: of the training.
        augmented_accuracy: percent that the int8 model reads of the validation digits of its split, as they are and
            each in several distortions: what candidates are chosen by.
        validation_accuracy: percent that it reads of these digits as they are: too few to tell seeds apart.
        float_accuracy: percent of MNIST's test digits that the float network reads.
        int8_accuracy: the same of the int8 model.
        int8_sha256: of the int8 file, hexadecimal.
    """

    seed: int
    augmented_accuracy: float
    validation_accuracy: float
    float_accuracy: float
    int8_accuracy: float
    int8_sha256: str

    @property
    def percents(self) -> tuple[float, float, float, float]:
        """On validation digits with their distortions, on these digits alone, then float and int8 on test digits."""
        return self.augmented_accuracy, self.validation_accuracy, self.float_accuracy, self.int8_accuracy


@dataclass(frozen=True)
class Spread:
    """Mean and spread of an accuracy.

    Attributes:
        mean: percent.
        deviation: sample standard deviation, percentage points; None of fewer than two.
    """

    mean: float
    deviation: float | None


@dataclass(frozen=True)
class Candidates:
    """The one that ships, and those beside it.

    Attributes:
        shipped: chosen by validation digits and their distortions.
        beside: the others, in the order in which they were named.
    """

    shipped: Candidate
    beside: tuple[Candidate, ...] = ()

    @property
    def count(self) -> int:
        """How many were tried."""
        return 1 + len(self.beside)

    @property
    def int8(self) -> Spread | None:
        """Of the int8 accuracies beside the shipped one; None where there are none."""
        return _spread([one.int8_accuracy for one in self.beside])

    @property
    def floats(self) -> Spread | None:
        """The same of the float networks."""
        return _spread([one.float_accuracy for one in self.beside])

    @property
    def better(self) -> Candidate | None:
        """The one that reads most validation digits and distortions, where that is more than the shipped one reads."""
        best = max(self.beside, key=lambda one: one.augmented_accuracy, default=self.shipped)
        return best if best.augmented_accuracy > self.shipped.augmented_accuracy else None

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON takes it, with how many there were, means and spreads."""
        return {
            "count": self.count,
            "shipped": asdict(self.shipped),
            "beside": [asdict(one) for one in self.beside],
            "int8_beside": asdict(self.int8) if self.int8 else None,
            "float_beside": asdict(self.floats) if self.floats else None,
        }


def candidates_from(content: Any) -> Candidates:
    """The candidates that :meth:`Candidates.as_dict` made this of; means and spreads are those of its candidates.

    Raises:
        TypeError: it is of another form.
    """
    if not isinstance(content, dict) or not isinstance(content.get("beside"), list):
        raise TypeError("no candidates")
    return Candidates(_candidate(content.get("shipped")), tuple(map(_candidate, content["beside"])))


def _candidate(content: Any) -> Candidate:
    if not isinstance(content, dict):
        raise TypeError("no candidate")
    found = Candidate(**content)
    numbers: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "str": (str,)}
    if wrong := [one.name for one in fields(Candidate) if type(getattr(found, one.name)) not in numbers[str(one.type)]]:
        raise TypeError(f"{wrong[0]} is of another type")
    return found


def _spread(percents: Sequence[float]) -> Spread | None:
    if not percents:
        return None
    return Spread(fmean(percents), stdev(percents) if len(percents) > 1 else None)
