"""What a model is fed: the shape, the range and the polarity of its input, and what its scores are.

Everything that feeds a network a digit (calibration, fine-tuning, proof, the reader, the exported C) asks the contract
of that network, so that none of them can disagree with another.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import SIDE, checked_images
from edgedigits.core.errors import EdgedigitsError

BRIGHT, DARK = "bright", "dark"
PROBABILITIES, LOGITS = "probabilities", "logits"

UNIT, BYTES, SIGNED, MNIST = "0..1", "0..255", "-1..1", "0.1307,0.3081"
RANGES: tuple[str, ...] = (UNIT, BYTES, SIGNED, MNIST)
"""What networks are usually fed: grey / 255, grey, grey / 127.5 - 1, and grey / 255 less MNIST's mean over MNIST's
deviation (0.1307 and 0.3081 over all pixels of its 60,000 training digits, as PyTorch's example has them)."""

_MEAN_AND_DEVIATION = {UNIT: (0.0, 1.0), BYTES: (0.0, 1 / 255), SIGNED: (0.5, 0.5)}
_SLACK = 0.02
"""Scores of rounded softmax layers lie so far outside 0 to 1, at most."""


@dataclass(frozen=True)
class InputContract:
    """What a model takes for a digit, and what it gives.

    Attributes:
        shape: of one input, the batch left out: (height, width), (height, width, channels) or (pixels,).
        range: what the grey levels 0 to 255 become: one of :data:`RANGES`, or ``MEAN,DEVIATION``, which stands for
            (grey / 255 - MEAN) / DEVIATION.
        polarity: ``bright`` for bright ink on a dark ground, as in MNIST, or ``dark``.
        output: ``probabilities`` or ``logits``, of which softmax makes some.
    """

    shape: tuple[int, ...] = (SIDE, SIDE, 1)
    range: str = UNIT
    polarity: str = BRIGHT
    output: str = PROBABILITIES

    def __post_init__(self) -> None:
        """Raise :class:`EdgedigitsError` where it says what no digit model can be."""
        checked_range(self.range)
        if self.polarity not in (BRIGHT, DARK) or self.output not in (PROBABILITIES, LOGITS):
            raise EdgedigitsError(
                f"a contract of polarity {self.polarity!r} and output {self.output!r}",
                f"the polarity is {BRIGHT} or {DARK}, the output {PROBABILITIES} or {LOGITS}",
            )
        field_of(self.shape)

    @property
    def field(self) -> tuple[int, int, int]:
        """Height, width and channels of the picture that the input is."""
        return field_of(self.shape)

    @property
    def mean_and_deviation(self) -> tuple[float, float]:
        """Of the pixels between 0 and 1: a value is (pixel - mean) / deviation."""
        return mean_and_deviation(self.range)

    def levels(self) -> NDArray[np.float32]:
        """What each grey level becomes, ink bright, float32 of shape (256,)."""
        grey = np.arange(256, dtype=np.uint8)
        if self.polarity == DARK:
            grey = grey[::-1]
        if self.range == BYTES:
            return grey.astype(np.float32)
        unit = grey.astype(np.float32) / np.float32(255.0)
        if self.range == UNIT:
            return unit
        mean, deviation = self.mean_and_deviation
        return (unit - np.float32(mean)) / np.float32(deviation)

    def pictures(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Digits in the model's size, ink bright: uint8 (count, 28, 28) to (count, height, width).

        Raises:
            EdgedigitsError: no uint8 of shape (count, 28, 28).
        """
        checked_images(images)
        height, width, _ = self.field
        if (height, width) == (SIDE, SIDE):
            return images
        way = cv2.INTER_AREA if height < SIDE and width < SIDE else cv2.INTER_LINEAR
        resized = np.empty((len(images), height, width), np.uint8)
        for place, image in enumerate(images):
            resized[place] = cv2.resize(image, (width, height), interpolation=way)
        return resized

    def values(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the network is fed: uint8 of shape (count, 28, 28), ink bright, to float32 of shape (count, *shape).

        Raises:
            EdgedigitsError: no uint8 of shape (count, 28, 28).
        """
        values = self.levels()[self.pictures(images)]
        channels = self.field[2]
        if channels > 1:
            values = np.repeat(values[..., np.newaxis], channels, axis=-1)
        return values.reshape(len(images), *self.shape)

    def probabilities(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities of the model's scores, float32 of shape (count, classes): softmax where these are logits."""
        if self.output == PROBABILITIES:
            return scores
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        softmax: NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        return softmax

    def telling(self, scores: NDArray[np.float32]) -> InputContract:
        """The same contract with the output that some scores, float32 of shape (count, classes), show."""
        inside = scores.size == 0 or (scores.min() >= -_SLACK and scores.max() <= 1 + _SLACK)
        return replace(self, output=PROBABILITIES if inside else LOGITS)

    def as_dict(self) -> dict[str, Any]:
        """As a card says it."""
        return asdict(self) | {"shape": list(self.shape)}

    def __str__(self) -> str:
        """For people: ``0..255, dark ink``."""
        mean = "" if self.range in _MEAN_AND_DEVIATION else " (mean, deviation)"
        return f"{self.range}{mean}, {self.polarity} ink"


def contract_from(said: dict[str, Any]) -> InputContract:
    """The contract that a card says; what it leaves out, as cards from before contracts do, is as in our networks.

    Raises:
        EdgedigitsError: it says something else.
    """
    names = {"shape", "range", "polarity", "output"}
    try:
        known = {name: value for name, value in said.items() if name in names}
        if "shape" in known:
            known["shape"] = tuple(int(length) for length in known["shape"])
        return InputContract(**known)
    except (TypeError, ValueError, AttributeError) as error:
        raise EdgedigitsError(f"a card has the contract {said} ({error})", "make the model again") from error


def field_of(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Height, width and channels of an input of a shape, the batch left out.

    Raises:
        EdgedigitsError: it is no picture of one or three channels.
    """
    if len(shape) == 2 and min(shape) > 1:
        return shape[0], shape[1], 1
    if len(shape) == 3 and min(shape[:2]) > 1 and shape[2] in (1, 3):
        return shape[0], shape[1], shape[2]
    if len(shape) == 1:
        for channels in (1, 3):
            side = math.isqrt(shape[0] // channels)
            if side > 1 and side * side * channels == shape[0]:
                return side, side, channels
    raise EdgedigitsError(
        f"an input of shape {shape} is no picture of a digit",
        "a digit model takes (height, width), (height, width, 1 or 3), or as many numbers as a square picture has",
    )


def is_picture(shape: tuple[int, ...]) -> bool:
    """Whether an input of a shape, the batch left out, can be a picture of a digit."""
    try:
        field_of(shape)
    except EdgedigitsError:
        return False
    return True


def mean_and_deviation(name: str) -> tuple[float, float]:
    """Of a range as :class:`InputContract` names it: a value is (grey / 255 - mean) / deviation."""
    if name in _MEAN_AND_DEVIATION:
        return _MEAN_AND_DEVIATION[name]
    mean, _, deviation = name.partition(",")
    return float(mean), float(deviation)


def checked_range(name: str) -> str:
    """The name of a range, as it was given.

    Raises:
        EdgedigitsError: it is none.
    """
    try:
        mean, deviation = mean_and_deviation(name)
    except ValueError:
        mean, deviation = 0.0, 0.0
    if not (math.isfinite(mean) and math.isfinite(deviation) and deviation > 0):
        known = ", ".join(RANGES[:-1])
        raise EdgedigitsError(
            f"no input range is called {name!r}",
            f"choose one of {known}, or give mean and deviation of pixels between 0 and 1, such as {MNIST}",
        )
    return name


OUR_CONTRACT = InputContract()
"""Of the networks that edgedigits trains: what :func:`edgedigits.core.digit.model_input` makes."""
