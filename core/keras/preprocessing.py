"""Layers at the start of a network that bring its input into another range, and what they say of that input."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgedigits.core.contract.contract import BRIGHT, BYTES, DARK, RANGES, InputContract, mean_and_deviation
from edgedigits.core.keras.backend import keras

_SAME = 1e-4
_OF_BYTES = 1 / 20
"""A layer that multiplies by less takes grey levels up to 255."""


@dataclass(frozen=True)
class Rescale:
    """Layers that a network begins with, which together give ``value * scale + offset``."""

    layers: tuple[str, ...]
    scale: float
    offset: float


def rescale_of(model: Any) -> Rescale:
    """The ``Rescaling`` and ``Normalization`` layers, with one factor for all pixels, that a network begins with."""
    names: list[str] = []
    scale, offset = 1.0, 0.0
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        linear = _linear(layer)
        if linear is None:
            break
        names.append(layer.name)
        scale, offset = scale * linear[0], offset * linear[0] + linear[1]
    return Rescale(tuple(names), scale, offset)


def _linear(layer: Any) -> tuple[float, float] | None:
    """Factor and offset of a layer that applies the same ones to every pixel."""
    if isinstance(layer, keras.layers.Rescaling):
        pair = np.ravel(layer.scale), np.ravel(layer.offset)
    elif isinstance(layer, keras.layers.Normalization) and not layer.invert:
        deviation = np.maximum(np.sqrt(np.ravel(layer.variance)), keras.backend.epsilon())
        pair = 1 / deviation, -np.ravel(layer.mean) / deviation
    else:
        return None
    return (float(pair[0][0]), float(pair[1][0])) if pair[0].size == pair[1].size == 1 else None


def likely_ranges(model: Any) -> tuple[str, ...]:
    """The ranges that a network can be fed, the likeliest first by the layers that it begins with."""
    first = next((layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)), None)
    of_bytes = isinstance(first, keras.layers.Rescaling) and float(np.max(first.scale)) < _OF_BYTES
    if isinstance(first, keras.layers.Normalization):
        of_bytes = float(np.max(first.variance)) > 1 / _OF_BYTES
    return tuple(sorted(RANGES, key=lambda name: name != BYTES)) if of_bytes else RANGES


def without_rescale(contract: InputContract, rescale: Rescale) -> InputContract:
    """The contract of a network whose first layers were taken away: it is fed what these would have made."""
    mean, deviation = contract.mean_and_deviation
    mean, deviation = mean - rescale.offset * deviation / rescale.scale, deviation / rescale.scale
    if deviation < 0:  # the layers turn light into dark
        mean, deviation = 1 - mean, -deviation
        contract = replace(contract, polarity=BRIGHT if contract.polarity == DARK else DARK)
    for name in RANGES:
        if np.allclose(mean_and_deviation(name), (mean, deviation), rtol=_SAME, atol=_SAME):
            return replace(contract, range=name)
    return replace(contract, range=f"{mean:.7g},{deviation:.7g}")
