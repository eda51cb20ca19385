"""What every row of a benchmark is measured against: the same digits, and the float network's scores on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.contract.contract import InputContract
from edgedigits.core.datasets import Digits
from edgedigits.core.statistics.metrics import Comparison, compare
from edgedigits.quantize.proof.proving import Progress, float_probabilities
from edgedigits.quantize.source import FloatSource
from edgedigits.results import Accuracy, Drop
from edgedigits.results.accuracies import own_name, part_name


@dataclass(frozen=True)
class JudgedDigits:
    """Test digits, what they are called, and what the float network says of them.

    Attributes:
        name: for people, such as ``mnist, its own test digits``.
        digits: that are read.
        sha256: of their pixels and labels.
        before: scores of the float network, float32 of shape (count, 10).
    """

    name: str
    digits: Digits
    sha256: str
    before: NDArray[np.float32]

    def judge(self, after: NDArray[np.float32], runtime: str) -> tuple[Accuracy, Drop]:
        """Accuracy of a model by its scores, and what it lost against the float network.

        Args:
            after: scores of the model, float32 of shape (count, 10).
            runtime: name and version of what computed them.
        """
        found = compare(self.before.argmax(1), after.argmax(1), self.digits.labels)
        return Accuracy(self.name, self.sha256, found.count, found.after, runtime), drop_of(found)


@dataclass(frozen=True)
class FloatReference:
    """What every row of a benchmark is measured against.

    Attributes:
        own: the data set's own test digits, or the test part of the split where it brings none.
        split: the test part of the split that the model was trained on; None where that is ``own``.
        float_bytes: four for each parameter of the float network.
    """

    own: JudgedDigits
    split: JudgedDigits | None
    float_bytes: int

    @property
    def proof(self) -> JudgedDigits:
        """The digits that a model's card is about: the test part of its split."""
        return self.split or self.own


def float_reference(source: FloatSource, progress: Progress | None = None) -> FloatReference:
    """Let the float network read every test digit, once for all recipes.

    Args:
        source: the network and its data.
        progress: told about the pass over the digits.

    Raises:
        EdgedigitsError: the network gives scores that are no probabilities.
    """
    split, contract = source.split, source.contract
    model = source.load()
    own = split.dataset.test
    part = _field(part_name(split, "test"), split.test, model, contract, progress)
    if own is None:
        return FloatReference(part, None, 4 * int(model.count_params()))
    name = own_name(split)
    if own.sha256() == part.sha256:
        return FloatReference(JudgedDigits(name, own, part.sha256, part.before), None, 4 * int(model.count_params()))
    return FloatReference(_field(name, own, model, contract, progress), part, 4 * int(model.count_params()))


def _field(name: str, digits: Digits, model: Any, contract: InputContract, progress: Progress | None) -> JudgedDigits:
    return JudgedDigits(name, digits, digits.sha256(), float_probabilities(model, digits.images, progress, contract))


def drop_of(found: Comparison) -> Drop:
    """The part of a comparison that stands in a row."""
    return Drop(found.drop, found.drop_low, found.drop_high, found.p_value, found.agreement)
