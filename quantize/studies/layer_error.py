"""Where the error of int8 comes from: how much noise each layer of a network adds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgedigits.core.datasets import stratified_sample
from edgedigits.core.paths import StrPath
from edgedigits.quantize.conversion import conversion_errors, integer_converter
from edgedigits.quantize.noise import LayerNoise, calibrated, layer_noise, noisiest
from edgedigits.quantize.proof.proving import Progress
from edgedigits.quantize.recipes import RECIPES
from edgedigits.quantize.source import open_source

DIGITS = 500
"""Validation digits that the noise is measured on, unless there are fewer."""

_RECIPE = RECIPES["int8"]


@dataclass(frozen=True)
class LayerErrors:
    """The noise that int8 adds in each layer of one network.

    Attributes:
        model: name of the network.
        sha256: of its ``.keras`` file.
        dataset: spec, part and split of the digits.
        digits: that it was measured on.
        calibration: digits in the representative dataset.
        layers: in the order of the network.
        kinds: what each is, for people, such as ``Conv2D 3x3, 16 to 32``.
    """

    model: str
    sha256: str
    dataset: str
    digits: int
    calibration: int
    layers: tuple[LayerNoise, ...]
    kinds: tuple[str, ...]

    @property
    def noisiest(self) -> LayerNoise:
        """The layer with weights that has the worst signal-to-noise ratio: what ``int8-selective`` leaves float."""
        return noisiest(self.layers, 1)[0]


def study_layer_error(
    model: StrPath,
    *,
    dataset: str | None = None,
    split: str | None = None,
    digits: int = DIGITS,
    seed: int = 0,
    progress: Progress | None = None,
    trust: bool = False,
) -> LayerErrors:
    """Convert a network to int8 and measure what each layer's output differs by.

    Args:
        model: the ``.keras`` file.
        dataset: spec of the data set; None takes the one of the model's card.
        split: name of its split; None takes the card's.
        digits: of its validation part to measure on, or all where there are fewer.
        seed: of the draw of digits and of the representative dataset.
        progress: told about calibration and measuring.
        trust: run code that the file holds.

    Raises:
        EdgedigitsError: bad model or data set, a network that has no int8 form, or no digits to measure on.
    """
    model = Path(model)
    source = open_source(model, dataset, split, trust=trust)
    network = source.load()
    train, validation = source.split.train, source.split.validation
    drawn = stratified_sample(validation.labels, min(digits, len(validation)), seed)
    calibration = source.calibration(None)
    representative = train.images[stratified_sample(train.labels, calibration, seed)]
    _tell(progress, "calibrate", 0)
    with conversion_errors(_RECIPE):
        ranges = calibrated(integer_converter(network, representative, _RECIPE, source.contract))
    _tell(progress, "calibrate", 1)
    _tell(progress, "measure", 0)
    layers = layer_noise(ranges, source.contract.values(validation.images[drawn]))
    _tell(progress, "measure", 1)
    return LayerErrors(
        source.network,
        source.parent["sha256"],
        f"{source.split.dataset.spec}, validation part of split {source.split.name}",
        len(drawn),
        calibration,
        layers,
        tuple(_kind(network, layer) for layer in layers),
    )


def _tell(progress: Progress | None, stage: str, done: int) -> None:
    if progress:
        progress(stage, done, 1)


def _kind(network: Any, noise: LayerNoise) -> str:
    """The Keras class, and the kernel where there is one; TFLite's operator where the name is of no layer."""
    layer = next((layer for layer in network.layers if layer.name == noise.layer), None)
    if layer is None or not noise.has_weights:
        return noise.operator
    shape = tuple(layer.get_weights()[0].shape)
    if len(shape) == 2:
        return f"{type(layer).__name__} {shape[0]} to {shape[1]}"
    channels = f"{shape[2]}" if noise.operator == "DEPTHWISE_CONV_2D" else f"{shape[2]} to {shape[3]}"
    return f"{type(layer).__name__} {shape[0]}x{shape[1]}, {channels}"
