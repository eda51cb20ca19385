"""Digits turned, mirrored or inverted, and a look at whether that is what they need."""

from __future__ import annotations

import math
import shlex
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.dataset_spec import AS_IS, INVERTED, ORIENTATIONS, options_of, spec_with, split_spec
from edgedigits.core.datasets.digits import Dataset, Digits
from edgedigits.core.datasets.splits import stratified_sample
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning
from edgedigits.core.pictures.exif import turned as turned_by_exif
from edgedigits.core.statistics.metrics import confusion_table

if TYPE_CHECKING:
    from edgedigits.core.tflite.digit_model import DigitModel

SAMPLE = 300
"""Digits of a data set that are looked at, as many of each as there are."""

READS_WELL = 0.8
"""Share that the built-in model reads of digits whose orientation is not doubted."""

LEAST_SHARE = 0.5
"""Another orientation is named where at least so many are read in it,"""

ERRORS_LEFT = 0.5
"""and of the digits that are misread as they are at most so many are misread in it,"""

CHANCE = 1e-5
"""and chance alone would do that once in so many data sets (exact McNemar's test, one side)."""

BLIND = 0.3
"""Where no orientation lets it read more than this, the digits are strange to it or their labels are not theirs."""

RELABELLED = 0.8
"""Share of the digits that one exchange of labels would put right where they are called mislabelled."""

LEAST_DIGITS = 17
"""Of fewer digits nothing is said: chance might read all of them in another orientation, and none as they are."""


def turned(images: NDArray[np.uint8], orientation: str) -> NDArray[np.uint8]:
    """Pictures with that done to each which an orientation stands for.

    Args:
        images: (count, side, side).
        orientation: a key of :data:`edgedigits.core.dataset_spec.ORIENTATIONS`.
    """
    return turned_by_exif(images, 1 + _BY_EXIF.index(orientation), rows=1)


_BY_EXIF = (AS_IS, "mirrored", "rot180", "flipped", "transposed", "rot270", "transverse", "rot90")
"""The orientations in the order in which EXIF counts them from 1."""


def treated(dataset: Dataset, words: tuple[str, ...]) -> Dataset:
    """A data set with that done to all of its pictures which the words of its spec ask for."""
    orientation = next((word for word in words if word in ORIENTATIONS), AS_IS)
    if orientation == AS_IS and INVERTED not in words:
        return dataset

    def put_right(digits: Digits) -> Digits:
        images = turned(digits.images, orientation)
        return replace(digits, images=inverted(images) if INVERTED in words else images)

    test = dataset.test and put_right(dataset.test)
    validation = dataset.validation and put_right(dataset.validation)
    return replace(dataset, pool=put_right(dataset.pool), test=test, validation=validation)


def inverted(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Dark for bright, uint8 of the same shape."""
    return np.asarray(255 - images, np.uint8)


@dataclass(frozen=True)
class _Look:
    """What the built-in model reads of a sample in one orientation: the label of each digit, and which are right."""

    orientation: str
    inverted: bool
    read: NDArray[np.intp]
    right: NDArray[np.bool_]

    @property
    def share(self) -> float:
        return float(self.right.mean())


def check_orientation(dataset: Dataset) -> None:
    """Look at a sample of a data set with the built-in model before anything is learned from it.

    Nothing is said of digits that it reads well, unless they lie on a bright ground, on which it reads many; nor of so
    few that chance could play. The set's own test digits are not looked at.

    Raises:
        EdgedigitsError: it reads the digits far better turned, mirrored or inverted, or under exchanged labels, or
            those on a bright ground inverted at least as well; the remedy names the option.
    """
    pool = dataset.pool
    if len(pool) < LEAST_DIGITS or len(np.unique(pool.labels)) < 2:
        return
    sample = pool.take(stratified_sample(pool.labels, min(SAMPLE, len(pool)), seed=0))
    try:
        model = _model()
    except EdgedigitsError as error:
        warnings.warn(
            EdgedigitsWarning(f"whether {dataset.spec} is upright was not looked at ({error.what})", error.remedy),
            stacklevel=3,
        )
        return
    as_is = _look(model, sample, AS_IS, invert=False)
    on_bright = _on_bright_ground(sample.images)
    if as_is.share >= READS_WELL and not on_bright:
        return
    others = [
        _look(model, sample, orientation, invert)
        for invert in (False, True)
        for orientation in ORIENTATIONS
        if invert or orientation != AS_IS
    ]
    best = max(others, key=lambda look: look.share)
    if _is_far_better(best, as_is) or (on_bright and _is_meant(best)):
        raise _turned_error(dataset.spec, best, as_is)
    if mislabelled := _exchanged(as_is, sample.labels):
        raise EdgedigitsError(
            f"{dataset.spec}: labels and pictures do not belong together: the built-in model reads {mislabelled}",
            f"put the labels right, or give {_given(dataset.spec, (AS_IS,))} where they are",
        )
    if max(best.share, as_is.share) <= BLIND:
        warnings.warn(
            EdgedigitsWarning(
                f"the built-in model reads {_percent(as_is)} of {len(sample)} digits of {dataset.spec} as they are, "
                f"and no more than {_percent(best)} however they are turned",
                f"look whether labels and pictures belong together; {_given(dataset.spec, (AS_IS,))} says that they do",
            ),
            stacklevel=3,
        )


def _model() -> DigitModel:
    from edgedigits.core.pretrained.bundled import bundled_model
    from edgedigits.core.tflite.digit_model import DigitModel

    return DigitModel(bundled_model())


def _look(model: DigitModel, sample: Digits, orientation: str, invert: bool) -> _Look:
    images = turned(sample.images, orientation)
    read = model.probabilities(inverted(images) if invert else images).argmax(axis=1)
    return _Look(orientation, invert, read, read == sample.labels)


def _on_bright_ground(images: NDArray[np.uint8]) -> bool:
    """Whether most pixels at the edge of the field are bright, in more than half of the pictures."""
    edges = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    return bool(np.mean(np.median(np.concatenate(edges, axis=1), axis=1) > 127) > 0.5)


def _is_meant(best: _Look) -> bool:
    """Whether digits on a bright ground are read best inverted, and well: then dark ink was not meant to stay dark."""
    return best.inverted and best.share >= READS_WELL


def _is_far_better(other: _Look, as_is: _Look) -> bool:
    count = len(as_is.right)
    won = int((other.right & ~as_is.right).sum())
    lost = int((as_is.right & ~other.right).sum())
    wrong, wrong_as_is = (count - int(look.right.sum()) for look in (other, as_is))
    if other.share < LEAST_SHARE or wrong > ERRORS_LEFT * wrong_as_is:
        return False
    changed = won + lost
    as_few = sum(math.comb(changed, few) for few in range(lost + 1))
    return bool(as_few <= CHANCE * 2**changed)


def _turned_error(spec: str, best: _Look, as_is: _Look) -> EdgedigitsError:
    plain, words = split_spec(spec)
    before = next((word for word in words if word in ORIENTATIONS), AS_IS)
    orientation = _both(before, best.orientation)
    invert = best.inverted != (INVERTED in words)
    kept = tuple(word for word in words if word not in ORIENTATIONS and word != INVERTED)
    wanted = (*(() if orientation == AS_IS else (orientation,)), *((INVERTED,) if invert else ()))
    how = " and ".join([*(() if best.orientation == AS_IS else (best.orientation,)), *(["inverted"] * best.inverted)])
    return EdgedigitsError(
        f"the built-in model reads {_percent(as_is)} of {len(best.right)} digits of {spec} as they are, and "
        f"{_percent(best)} {how}",
        f"give {_given(spec_with(plain, kept), wanted)}; where they are right, as digits that it does not know, "
        f"{_given(spec_with(plain, kept), (*words, AS_IS))}",
    )


def _percent(look: _Look) -> str:
    return f"{100 * look.share:.0f} %"


def _given(spec: str, words: tuple[str, ...]) -> str:
    """The options that take a data set with some words, as a command line has them."""
    plain, taken = split_spec(spec_with(spec, words))
    own = spec_with(plain, (word for word in taken if not options_of([word])))
    return " ".join(["--dataset", shlex.quote(own), *options_of(taken)])


def _both(first: str, second: str) -> str:
    """The orientation that does what two do one after the other."""
    corners = np.arange(4, dtype=np.uint8).reshape(1, 2, 2)
    wanted = turned(turned(corners, first), second)
    return next(one for one in ORIENTATIONS if np.array_equal(turned(corners, one), wanted))


def _exchanged(as_is: _Look, labels: NDArray[np.uint8]) -> str:
    """How labels would have to be exchanged so that the model reads nearly all digits; empty where that is not so."""
    table = confusion_table(labels, as_is.read)
    found = [int(digit) for digit in np.unique(labels)]
    meant = {digit: int(table[digit].argmax()) for digit in found}
    explained = sum(table[digit, read] for digit, read in meant.items()) / len(labels)
    moved = {digit: read for digit, read in meant.items() if digit != read}
    if as_is.share > BLIND or explained < RELABELLED or len(set(meant.values())) < len(found) or len(moved) < 2:
        return ""
    return ", ".join(f"{read} where {digit} stands" for digit, read in moved.items())
