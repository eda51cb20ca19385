"""Every figure of a pretrained model, measured: what fills its card, and what its card is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgedigits.cli.pretrained.beside import check_beside, kept_beside
from edgedigits.cli.pretrained.choosing import with_distortions
from edgedigits.core.cards import Card, card_of
from edgedigits.core.corruptions.kinds import KINDS, corrupted
from edgedigits.core.corruptions.measuring import percent_wrong
from edgedigits.core.datasets import Digits, load_dataset, split_of, unseen_digits
from edgedigits.core.datasets.usps_like import usps_like
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.pretrained.candidates import Candidate, Candidates
from edgedigits.core.pretrained.figures import Figures
from edgedigits.core.stages import StageCallback, untold
from edgedigits.core.statistics.metrics import evaluate_scores
from edgedigits.core.tflite.costs import costs_of
from edgedigits.core.tflite.digit_model import DigitModel

if TYPE_CHECKING:
    from edgedigits.core.pretrained.catalogue import PretrainedModel

_Scores = Callable[[NDArray[np.uint8], str], NDArray[np.float32]]

MNIST, OPTDIGITS = "mnist", "optdigits"


@dataclass(frozen=True)
class ReportingDigits:
    """Digits that only report: nothing is chosen by them, and no pretrained model has learned from them.

    Attributes:
        mnist: of MNIST's test digits.
        optdigits: of scikit-learn's.
        spoilt: of the first, by kind of corruption, as far as they were asked for: making them takes as long as reading
            them does, and all models read the same.
    """

    mnist: Digits
    optdigits: Digits
    spoilt: dict[str, NDArray[np.uint8]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def usps_like(self) -> Digits:
        """MNIST's digits in the form of USPS's, made once."""
        return Digits(usps_like(self.mnist.images), self.mnist.labels)

    def corrupted(self, kind: str) -> NDArray[np.uint8]:
        """MNIST's digits corrupted in one way, uint8 of shape (count, 28, 28)."""
        if kind not in self.spoilt:
            self.spoilt[kind] = corrupted(self.mnist.images, kind)
        return self.spoilt[kind]


def reporting_digits() -> ReportingDigits:
    """All of them.

    Raises:
        EdgedigitsError: MNIST is not there and cannot be fetched.
    """
    test = load_dataset(MNIST).test
    assert test is not None
    return ReportingDigits(test, load_dataset(OPTDIGITS).divisible)


def measured(
    model: PretrainedModel,
    digits: ReportingDigits,
    tell: StageCallback = untold,
    beside: Sequence[PretrainedModel] = (),
) -> Figures:
    """Measure a pretrained model.

    Args:
        model: in both forms; each card has to name its file's SHA-256.
        digits: to read.
        tell: told of the stages.
        beside: trainings of other seeds; without any the card keeps those that it has.

    Raises:
        EdgedigitsError: a file that is not its card's, an int8 model of another float network, a model that has learned
            from MNIST's test digits, or one beside it that is no other seed of it.
    """
    card = checked_unseen(model, digits)
    check_beside(model, beside)
    others = tuple(_candidate(one, checked_unseen(one, digits), digits, tell) for one in beside) or kept_beside(card)
    scores = _reader(model, tell)

    def misread(kind: str) -> float:
        return percent_wrong(lambda images: scores(images, kind), digits.corrupted(kind), digits.mnist)

    own = _candidate(model, card, digits, tell)
    coarse: float | None = None
    if _are_unseen(card, OPTDIGITS, digits.optdigits):
        coarse = _accuracy(scores, digits.optdigits, OPTDIGITS)
    errors = {kind: misread(kind) for kind in KINDS}
    costs = costs_of(model.int8_path)
    return Figures(
        float_accuracy=own.float_accuracy,
        int8_accuracy=own.int8_accuracy,
        corruption_errors=errors,
        corruption_error=fmean(errors.values()),
        optdigits_accuracy=coarse,
        usps_like_accuracy=_accuracy(scores, digits.usps_like, "in the form of USPS"),
        macs=costs.macs,
        activation_bytes=costs.live_bytes,
        parameter_bytes=_parameter_bytes(model),
        digits={MNIST: len(digits.mnist), OPTDIGITS: len(digits.optdigits)},
        software=software(),
        candidates=Candidates(own, others),
    )


def _candidate(model: PretrainedModel, card: Card, digits: ReportingDigits, tell: StageCallback) -> Candidate:
    """What one training came to, on digits that it has not seen."""
    scores = _reader(model, tell)
    plain = split_of(card, MNIST).validation
    choosing = with_distortions(plain)
    said = scores(choosing.images, "validation digits")
    return Candidate(
        seed=model.float_card().seed,
        augmented_accuracy=evaluate_scores(said, choosing.labels).accuracy,
        validation_accuracy=evaluate_scores(said[: len(plain)], plain.labels).accuracy,
        float_accuracy=_float_accuracy(model, digits.mnist, tell),
        int8_accuracy=_accuracy(scores, digits.mnist, "int8"),
        int8_sha256=card.sha256,
    )


def _reader(model: PretrainedModel, tell: StageCallback) -> _Scores:
    """What gives the int8 model's probabilities of pictures, told under a name."""
    runner = DigitModel(model.int8_path)

    def scores(images: NDArray[np.uint8], what: str) -> NDArray[np.float32]:
        return runner.probabilities(images, lambda done: tell(f"{model.name}: {what}", done, len(images)))

    return scores


def _accuracy(scores: _Scores, of: Digits, what: str) -> float:
    return evaluate_scores(scores(of.images, what), of.labels).accuracy


def checked_unseen(model: PretrainedModel, digits: ReportingDigits) -> Card:
    """The card of an int8 model whose files are those of their cards and that has not learned from what reports.

    Raises:
        EdgedigitsError: they are not, or it has.
    """
    card = checked_cards(model)
    if not _are_unseen(card, MNIST, digits.mnist):
        raise EdgedigitsError(
            f"{model.name} has learned from some of MNIST's test digits", "train it on the default split of mnist"
        )
    return card


def checked_cards(model: PretrainedModel) -> Card:
    """The card of the int8 model, once both files are those of their cards and the one was made of the other.

    Raises:
        EdgedigitsError: they are not.
    """
    floats, int8 = card_of(model.float_path), card_of(model.int8_path)
    if floats is None or int8 is None:
        raise EdgedigitsError(f"a card in {model.folder} is of another file", "copy the folder again as it was made")
    if int8.parent.get("sha256") != floats.sha256:
        raise EdgedigitsError(
            f"{model.int8_path} was made of other floats than {model.float_path}",
            f"make it again: `edgedigits quantize {model.float_path} --out {model.int8_folder} --force`",
        )
    return int8


def software() -> dict[str, str]:
    """Names and versions of what measures here."""
    from importlib.metadata import version

    import cv2

    from edgedigits.core.tflite.runtime import runtime

    return {"runtime": str(runtime()), "tensorflow": version("tensorflow"), "opencv": cv2.__version__}


def _are_unseen(card: Card, spec: str, digits: Digits) -> bool:
    """Whether a model has learned from none of some digits of a data set, nor was chosen by them."""
    unseen = {image.tobytes() for image in unseen_digits(card, spec).images}
    return all(image.tobytes() in unseen for image in digits.images)


def _float_accuracy(model: PretrainedModel, digits: Digits, tell: StageCallback) -> float:
    from edgedigits.train import evaluate_keras

    return evaluate_keras(
        model.float_path, digits, lambda done: tell(f"{model.name}: float", done, len(digits))
    ).accuracy


def _parameter_bytes(model: PretrainedModel) -> int:
    from edgedigits.firmware_export import export_library, parameter_bytes
    from edgedigits.firmware_export.recipe import COMPACT

    return parameter_bytes(export_library(model.int8_path, allow_failed=True, weights=COMPACT)).total
