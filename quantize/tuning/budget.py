"""What fine-tuning does and how long it may take, as frozen values that stand in a recipe. Loads no TensorFlow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedigits.core.errors import EdgedigitsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgedigits.quantize.tuning.wrapped import Wrapped
    from edgedigits.quantize.weights import LayerWeights

RETUNE = "tune the network again"
"""What to do about a model that is not what its phases promised."""


@dataclass(frozen=True)
class Phase(ABC):
    """One technique of fine-tuning: how a network is prepared for it, and what it promises of the weights.

    A subclass is a frozen dataclass with the settings of the technique. It loads TensorFlow when a network is
    prepared, not before.

    Attributes:
        epochs: passes over the training digits.
        rate: Adam's first learning rate; it falls to zero along half a cosine.
        technique: its name, which a subclass gives.
    """

    epochs: int
    rate: float
    technique: str = field(default="", init=False)

    @abstractmethod
    def prepare(self, network: Any, tuning: Tuning, steps: int, digits: NDArray[np.float32]) -> Wrapped:
        """Make a copy of a network that trains under the technique.

        Args:
            network: as it infers; it stays as it is.
            tuning: which layers are large enough.
            steps: of an epoch.
            digits: to measure ranges on, float32 of shape (count, 28, 28, 1).

        Raises:
            EdgedigitsError: a network that cannot be tuned so; the message names the layer.
        """

    @abstractmethod
    def check(self, path: Path, layers: Sequence[LayerWeights], tuning: Tuning) -> dict[str, Any]:
        """Check on the weights as they are stored that the technique has done what it promises.

        Args:
            path: of the ``.tflite`` file, for messages.
            layers: its weights.
            tuning: which layers were large enough; the others were left alone.

        Returns:
            What was found, as JSON takes it.

        Raises:
            EdgedigitsError: a layer that is not what was promised; there is no large layer.
        """


def large_weights(path: Path, layers: Sequence[LayerWeights], least: int, channels: int = 1) -> list[LayerWeights]:
    """The convolutions and dense layers with so many weights and input channels.

    Raises:
        EdgedigitsError: there is none.
    """
    large = [
        layer
        for layer in layers
        if layer.operator != "DEPTHWISE_CONV_2D" and layer.values.size >= least and layer.values.shape[-1] >= channels
    ]
    if not large:
        raise EdgedigitsError(f"no layer of {path.name} has {least} weights and {channels} input channels", RETUNE)
    return large


def distinct_weights(path: Path, layers: Sequence[LayerWeights], most: int) -> dict[str, Any]:
    """How many different weights each layer has, as JSON takes it.

    Raises:
        EdgedigitsError: one has more than ``most``.
    """
    for layer in layers:
        if layer.distinct > most:
            raise EdgedigitsError(
                f"{path.name}: {layer.layer} has {layer.distinct} different weights, not {most}", RETUNE
            )
    return {"distinct_weights": {layer.layer: layer.distinct for layer in layers}}


@dataclass(frozen=True)
class Tuning:
    """Fine-tuning of a float network, from the same weights for every recipe.

    Each phase keeps the epoch that reads most validation digits right. Digits are moved a little, and the targets are
    the float network's own probabilities mixed with the truth (G. Hinton, O. Vinyals, J. Dean, "Distilling the
    Knowledge in a Neural Network", 2015).

    Attributes:
        phases: one after the other.
        batch_size: digits a step.
        truth: share of the labels in the targets; the rest is what the float network says.
        rotation: largest turn of a digit, degrees either way.
        shear: largest slant, pixels per pixel of height either way.
        zoom: largest change of width and of height, share either way.
        shift: largest move, pixels either way.
        least_weights: a layer with fewer is neither pruned nor clustered: it would save few bytes and cost much.
    """

    phases: tuple[Phase, ...]
    batch_size: int = 128
    truth: float = 0.5
    rotation: float = 5.0
    shear: float = 0.08
    zoom: float = 0.05
    shift: float = 0.84
    least_weights: int = 512

    @property
    def epochs(self) -> int:
        """Passes over the training digits, all phases together."""
        return sum(phase.epochs for phase in self.phases)

    def with_budget(self, epochs: int | None, rate: float | None) -> Tuning:
        """The same with so many epochs in each phase, from that learning rate; None leaves what a phase has."""
        given: dict[str, Any] = {
            name: value for name, value in (("epochs", epochs), ("rate", rate)) if value is not None
        }
        return replace(self, phases=tuple(replace(phase, **given) for phase in self.phases))

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return asdict(self) | {"phases": [asdict(phase) for phase in self.phases], "epochs": self.epochs}
