"""Named ways to make a TFLite model of a float network, and what every word of their names means.

The word for a number format says how the model computes; the words before it say what was done to the network first,
those after it how the format is varied.

=====================  =============================================================================================
``float32``            nothing is changed: the network as TFLite runs it
``float16``            weights are stored in 16 bits and computed with in 32
``dynamic``            weights of 1,024 numbers and more are int8; activations are float, rounded at each inference
``int8``               everything is int8, input and output too; a scale for each output channel of a layer
``int16x8``            weights are int8, activations, input and output int16
``-dense-per-tensor``  a dense layer has one scale, which old runtimes of microcontrollers need
``-selective``         the layer that adds the most rounding noise stays float
``qat-``               quantization-aware: trained further while everything is rounded as int8 will round it
``pruned-``            trained further while the smallest weights become zero, which compression then saves, and the C
                       of ``edgedigits export``
``2x4-``               of every 4 neighbouring weights at least 2 are zero
``clustered-``         trained further while the weights of a layer share a few values, which saves bytes in the same
                       places
``codebook-``          likewise, and quantization-aware at the same time; small layers too
``one-codebook-``      likewise, the values the same for all layers, each times a factor of its own
=====================  =============================================================================================

``pruned-clustered-qat-int8`` does one after the other, each keeping what the one before has made.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from edgedigits.core.naming import entry_named
from edgedigits.quantize.tuning.awareness import QuantizeAware, ShareCodebook
from edgedigits.quantize.tuning.budget import Tuning
from edgedigits.quantize.tuning.clustering import Cluster
from edgedigits.quantize.tuning.pruning import Prune

Form = Literal["float32", "float16", "dynamic", "int8", "int16x8"]


@dataclass(frozen=True)
class Recipe:
    """How a float model becomes a TFLite model.

    Attributes:
        name: how users call it; also stands in the file name ``model.<name>.tflite``.
        about: one line for people.
        dense_per_channel: dense layers get a scale per output channel, as convolutions always do. Otherwise one
            scale for the whole layer, which old versions of TFLite Micro need to compute the layer rightly.
        per_channel: convolutions and dense layers get a scale per output channel; otherwise one for the whole layer,
            so that weights that share a value share an int8 number too, which compression finds.
        form: in which numbers the model is stored and computed.
        float_layers: so many layers with weights, those with the worst signal-to-noise ratio, stay float.
        short_biases: biases are multiples that few bits hold, see ``short_biases.py``.
        tuning: what is done to the network before; None: nothing.
        note: what users have to know before they choose it.
    """

    name: str
    about: str
    dense_per_channel: bool = True
    per_channel: bool = True
    form: Form = "int8"
    float_layers: int = 0
    short_biases: bool = False
    tuning: Tuning | None = None
    note: str = ""

    @property
    def trains(self) -> bool:
        """Whether it takes minutes and training digits."""
        return self.tuning is not None

    def with_budget(self, epochs: int | None, rate: float | None) -> Recipe:
        """The same with another budget of fine-tuning, see :meth:`Tuning.with_budget`."""
        return replace(self, tuning=self.tuning.with_budget(epochs, rate)) if self.tuning else self

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return asdict(self) | {"tuning": self.tuning.as_dict() if self.tuning else None}


_NO_SPARSE_KERNELS = (
    "zeros make the file smaller after compression, not the model faster: TensorFlow 2.21 can store int8 weights "
    "sparsely (Optimize.EXPERIMENTAL_SPARSITY), but unpacks them with DENSIFY before the first inference, as "
    "tflite-runtime 2.14 does, and TFLite Micro has no such operator; so they are stored densely. The C that "
    "`edgedigits export` writes leaves them out of the flash"
)
_NO_2X4_KERNELS = (
    "no kernel of TensorFlow 2.21, tflite-runtime 2.14 or TFLite Micro makes use of 2 zeros in 4: they save bytes "
    "after compression, as any zeros do, and time only on processors with sparse tensor units; stored sparsely "
    "(Optimize.EXPERIMENTAL_SPARSITY) half of the weights and their places take more bytes than all of them"
)
_CLUSTERS = 16
_SPARSITY = 0.6

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("float32", "the network as it is", form="float32"),
        Recipe("float16", "weights stored in 16 bits", form="float16"),
        Recipe("dynamic", "int8 weights, float activations", form="dynamic"),
        Recipe("int8", "full int8 after training, a scale per channel"),
        Recipe(
            "int8-dense-per-tensor",
            "the same with one scale a dense layer, for old microcontroller runtimes",
            dense_per_channel=False,
        ),
        Recipe("int16x8", "int8 weights, int16 activations", form="int16x8"),
        Recipe("int8-selective", "int8, the noisiest layer in float", float_layers=1),
        Recipe("qat-int8", "int8 after quantization-aware training", tuning=Tuning((QuantizeAware(4, 1e-3),))),
        Recipe(
            "pruned-int8",
            f"int8, {_SPARSITY:.0%} of the weights of large layers zero",
            tuning=Tuning((Prune(4, 1e-3, _SPARSITY),)),
            note=_NO_SPARSE_KERNELS,
        ),
        Recipe(
            "pruned-2x4-int8",
            "int8, 2 of 4 neighbouring weights of large layers zero",
            tuning=Tuning((Prune(4, 2e-3, 0.5, (2, 4)),)),
            note=_NO_2X4_KERNELS,
        ),
        Recipe(
            "clustered-int8",
            f"int8, {_CLUSTERS} different weights a large layer",
            per_channel=False,
            tuning=Tuning((Cluster(3, 3e-4, _CLUSTERS),)),
            note="files are smaller after compression alone; the C of `edgedigits export` holds such weights in "
            "half a byte each",
        ),
        Recipe(
            "codebook-int8",
            f"int8, {_CLUSTERS} different weights a layer, quantization-aware",
            short_biases=True,
            tuning=Tuning((ShareCodebook(6, 1e-3, size=_CLUSTERS),), least_weights=1),
            note="the C of `edgedigits export` holds such weights in half a byte each",
        ),
        Recipe(
            "one-codebook-int8",
            f"int8, {_CLUSTERS} different weights in the whole network, quantization-aware",
            short_biases=True,
            tuning=Tuning((ShareCodebook(6, 1e-3, size=_CLUSTERS, common=True),), least_weights=1),
            note="for the smallest networks: the C of `edgedigits export` holds one table for all layers",
        ),
        Recipe(
            "pruned-clustered-qat-int8",
            f"int8, {_SPARSITY:.0%} zeros and {_CLUSTERS} different weights a large layer, quantization-aware",
            per_channel=False,
            tuning=Tuning(
                (
                    Prune(4, 1e-3, _SPARSITY),
                    Cluster(2, 3e-4, _CLUSTERS, keep_zeros=True),
                    QuantizeAware(2, 3e-4, keep_clusters=True),
                )
            ),
            note=_NO_SPARSE_KERNELS,
        ),
    )
}


def recipe_named(name: str) -> Recipe:
    """Look a recipe up.

    Raises:
        EdgedigitsError: no recipe has this name.
    """
    return entry_named(RECIPES, name, "recipe")
