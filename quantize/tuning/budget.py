"""What fine-tuning does and how long it may take, as frozen values that stand in a recipe."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Prune:
    """Set the smallest weights of each large layer to zero and train the rest.

    Attributes:
        epochs: passes over the training digits.
        rate: Adam's first learning rate; it falls to zero along half a cosine.
        sparsity: share of zeros at the end. It rises along a polynomial during the first half of the steps, but for
            a ``pattern``, which is set at the first step.
        pattern: (2, 4): at least 2 zeros in every group of 4 neighbouring input channels; None: zeros anywhere.
        technique: name of the phase.
    """

    epochs: int
    rate: float
    sparsity: float
    pattern: tuple[int, int] | None = None
    technique: str = field(default="prune", init=False)


@dataclass(frozen=True)
class Cluster:
    """Let the weights of each large layer share a few values, and train values and shares.

    Attributes:
        epochs: passes over the training digits.
        rate: Adam's first learning rate; it falls to zero along half a cosine.
        clusters: values that a layer may have.
        keep_zeros: weights that are zero stay zero, and zero is one of the values.
        technique: name of the phase.
    """

    epochs: int
    rate: float
    clusters: int
    keep_zeros: bool = False
    technique: str = field(default="cluster", init=False)


@dataclass(frozen=True)
class QuantizeAware:
    """Train while weights and activations are rounded as int8 will round them.

    Attributes:
        epochs: passes over the training digits.
        rate: Adam's first learning rate; it falls to zero along half a cosine.
        keep_clusters: weights of a large layer that share a value go on sharing one, and zeros stay zero.
        technique: name of the phase.
    """

    epochs: int
    rate: float
    keep_clusters: bool = False
    technique: str = field(default="quantize-aware", init=False)


Phase = Prune | Cluster | QuantizeAware


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

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return asdict(self) | {"phases": [asdict(phase) for phase in self.phases], "epochs": self.epochs}
