"""How many digits a representative dataset needs, and how to draw them: many int8 models read validation digits."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.python.optimize.calibrator import Calibrator

from edgedigits.core.contract.contract import OUR_CONTRACT, InputContract
from edgedigits.core.datasets import Digits, stratified_sample
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import tf
from edgedigits.core.keras.models import keras_scores
from edgedigits.core.paths import StrPath
from edgedigits.quantize.conversion import conversion_errors, integer_converter, one_by_one
from edgedigits.quantize.noise import calibrated
from edgedigits.quantize.proof.proving import Progress, part_of
from edgedigits.quantize.proof.runtimes import open_model
from edgedigits.quantize.recipes import RECIPES
from edgedigits.quantize.source import FloatSource, open_source

SIZES = (1, 8, 32, 100, 500, 2000)
SEEDS = 5
RECIPE = RECIPES["int8"]


@dataclass(frozen=True)
class Draw:
    """A way to draw a representative dataset.

    Attributes:
        name: of it.
        about: one line for people.
        take: from the training digits, the float network's loss on each (float32 of shape (count,)), how many and a
            seed: indices of the drawn.
    """

    name: str
    about: str
    take: Callable[[Digits, NDArray[np.float32], int, int], NDArray[np.intp]]


def _random(train: Digits, _losses: NDArray[np.float32], count: int, seed: int) -> NDArray[np.intp]:
    drawn: NDArray[np.intp] = np.random.default_rng(seed).permutation(len(train))[:count]
    return drawn


def _stratified(train: Digits, _losses: NDArray[np.float32], count: int, seed: int) -> NDArray[np.intp]:
    return stratified_sample(train.labels, count, seed)


def _hardest(train: Digits, losses: NDArray[np.float32], count: int, seed: int) -> NDArray[np.intp]:
    half = np.random.default_rng(seed).permutation(len(train))[: max(count, len(train) // 2)]
    drawn: NDArray[np.intp] = half[np.argsort(-losses[half], kind="stable")[:count]]
    return drawn


DRAWS = {
    draw.name: draw
    for draw in (
        Draw("random", "any training digits", _random),
        Draw("stratified", "as many of each digit, as `edgedigits quantize` draws", _stratified),
        Draw("hardest", "those with the highest loss of a random half of the training digits", _hardest),
    )
}


@dataclass(frozen=True)
class Point:
    """One int8 model: how its representative dataset was drawn, and what it reads right of the validation digits.

    Attributes:
        draw: a key of :data:`DRAWS`.
        size: digits in the representative dataset.
        seed: of the draw.
        accuracy: percent.
        agreement: share of digits that the float network reads the same, percent.
    """

    draw: str
    size: int
    seed: int
    accuracy: float
    agreement: float


@dataclass(frozen=True)
class CalibrationStudy:
    """What calibration does to one network.

    Attributes:
        model: name of the network.
        sha256: of its ``.keras`` file.
        dataset: spec and split.
        digits: validation digits that every model read.
        float_accuracy: of the float network on them, percent.
        runtime: that ran the int8 models.
        points: one for each draw, size and seed.
    """

    model: str
    sha256: str
    dataset: str
    digits: int
    float_accuracy: float
    runtime: str
    points: tuple[Point, ...]

    def values(self, draw: str, size: int, what: str) -> NDArray[np.float64]:
        """``accuracy`` or ``agreement`` of each seed, percent."""
        return np.array([getattr(one, what) for one in self.points if (one.draw, one.size) == (draw, size)])

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes that were tried, ascending."""
        return tuple(sorted({point.size for point in self.points}))


def study_calibration(
    model: StrPath,
    *,
    dataset: str | None = None,
    split: str | None = None,
    sizes: Sequence[int] = SIZES,
    seeds: int = SEEDS,
    progress: Progress | None = None,
    trust: bool = False,
) -> CalibrationStudy:
    """Make an int8 model for each draw, size and seed, and read the validation digits with it.

    Test digits are not looked at: what is found here decides the default of ``edgedigits quantize``.

    Args:
        model: the ``.keras`` file.
        dataset: spec of the data set; None takes the one of the model's card.
        split: name of its split; None takes the card's.
        sizes: of the representative dataset; those beyond the number of training digits are left out.
        seeds: draws of each size.
        progress: told how many models are done.
        trust: run code that the file holds.

    Raises:
        EdgedigitsError: bad model or data set, or a network that has no int8 form.
    """
    model = Path(model)
    source = open_source(model, dataset, split, trust=trust)
    train, validation = source.split.train, source.split.validation
    network = source.load()
    before = keras_scores(network, validation.images, contract=source.contract).argmax(1)
    told = part_of(progress, f"{source.network}: float", len(train))
    scores = keras_scores(network, train.images, told, source.contract)
    losses = -np.log(np.maximum(scores[np.arange(len(train)), train.labels], np.finfo(np.float32).tiny))
    quantizer = Quantizer(network, train, source.contract)
    wanted = [
        (draw, size, seed) for draw in DRAWS.values() for size in sizes if size <= len(train) for seed in range(seeds)
    ]
    if not wanted:
        raise EdgedigitsError(f"there are {len(train)} training digits, fewer than each size", "take a larger data set")
    stage = f"{source.network}: int8 models"
    if progress:
        progress(stage, 0, len(wanted))
    points, runtimes = [], set()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        for done, (draw, size, seed) in enumerate(wanted, start=1):
            path.write_bytes(quantizer.quantize(draw.take(train, losses, size, seed)))
            reader = open_model(path, source.contract)
            after = reader.raw(validation.images).argmax(1)
            runtimes.add(str(reader.runtime))
            right, same = (100 * float((after == other).mean()) for other in (validation.labels, before))
            points.append(Point(draw.name, size, seed, round(right, 4), round(same, 4)))
            if progress:
                progress(stage, done, len(wanted))
    return _study(source, float((before == validation.labels).mean()), runtimes, tuple(points))


def _study(source: FloatSource, accuracy: float, runtimes: set[str], points: tuple[Point, ...]) -> CalibrationStudy:
    return CalibrationStudy(
        model=source.network,
        sha256=source.parent["sha256"],
        dataset=f"{source.split.dataset.spec}, validation part of split {source.split.name}",
        digits=len(source.split.validation),
        float_accuracy=100 * accuracy,
        runtime=" and ".join(sorted(runtimes)),
        points=points,
    )


class Quantizer:
    """Quantizes one network to int8 with any representative dataset.

    The converter's first half, which does not look at the representative dataset, is done once; what comes out is
    what :func:`edgedigits.quantize.conversion.convert` gives for the recipe ``int8``.
    """

    def __init__(self, network: Any, train: Digits, contract: InputContract = OUR_CONTRACT) -> None:
        """Convert the network with one digit, whose ranges are replaced later.

        Args:
            network: the tf_keras model.
            train: training digits.
            contract: of the network.

        Raises:
            EdgedigitsError: the network has no int8 form.
        """
        self._train, self._contract = train, contract
        with conversion_errors(RECIPE):
            self._ranged = calibrated(integer_converter(network, train.images[:1], RECIPE, contract))

    def quantize(self, drawn: NDArray[np.intp]) -> bytes:
        """The int8 model whose representative dataset are the training digits at these indices."""
        with conversion_errors(RECIPE):
            ranged = Calibrator(self._ranged).calibrate(one_by_one(self._train.images[drawn], self._contract))
            quantized: bytes = mlir_quantize(ranged, input_data_type=tf.int8, output_data_type=tf.int8)
        return quantized
