"""Quantization-aware training with tensorflow-model-optimization, started from measured ranges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras
from edgedigits.core.keras.optimization import tfmot
from edgedigits.quantize.tuning.codebook import Codebook, CodebookConfig
from edgedigits.quantize.tuning.kept_clusters import KeptClusters, KeptClustersConfig
from edgedigits.quantize.tuning.wrapped import Wrapped, rebuilt

_quantization = tfmot.quantization.keras
_registry = _quantization.default_8bit.Default8BitQuantizeRegistry()


_CONFIGS = {each.__name__: each for each in (KeptClustersConfig, KeptClusters, CodebookConfig, Codebook)}


def quantize_aware(
    network: Any,
    digits: NDArray[np.float32],
    large: frozenset[str] = frozenset(),
    shared: Callable[[], Any] | None = None,
) -> Wrapped:
    """Prepare quantization-aware training (B. Jacob et al., "Quantization and Training of Neural Networks", 2018).

    Args:
        network: as it infers; it stays as it is.
        digits: to measure the first ranges of activations on, float32 of shape (count, 28, 28, 1).
        large: names of the layers whose weights share values.
        shared: makes the configuration of such a layer.

    Raises:
        EdgedigitsError: a layer that tensorflow-model-optimization does not know; the message names it.
    """
    for layer in network.layers:
        _expect_known(layer)

    def annotate(layer: Any) -> Any:
        if isinstance(layer, keras.layers.InputLayer):
            return layer
        config = shared() if shared and layer.name in large else None
        return _quantization.quantize_annotate_layer(layer, config)

    try:
        with _quantization.quantize_scope(_CONFIGS):
            model = _quantization.quantize_apply(rebuilt(network, annotate), quantized_layer_name_prefix="")
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EdgedigitsError(
            f"{network.name} cannot be trained quantization-aware ({reason})", "take int8, or change the network"
        ) from error
    _start_from_measured_ranges(model, network, digits)
    return Wrapped(model, lambda: model)


def _expect_known(layer: Any) -> None:
    if isinstance(layer, keras.layers.InputLayer) or (not isinstance(layer, keras.Model) and _registry.supports(layer)):
        return
    raise EdgedigitsError(
        f"quantization-aware training does not know the layer {layer.name} ({type(layer).__name__})",
        "take int8, or replace the layer",
    )


def _start_from_measured_ranges(model: Any, network: Any, digits: NDArray[np.float32]) -> None:
    """Set the ranges of activations to what the network has.

    tensorflow-model-optimization begins at -6 to 6 and moves by a thousandth a step: after three epochs of MNIST a
    quarter of the steps of int8 would still lie below the zero of a ReLU.
    """
    layers = {layer.name: layer for layer in network.layers}
    for wrapper in model.layers:
        ranges = {variable.name.split("/")[-1].split(":")[0]: variable for variable in wrapper.weights}
        for end in ("output", "post_activation", "pre_activation"):
            if f"{end}_min" in ranges:
                values = _values(network, layers[wrapper.name], before_activation=end == "pre_activation")
                low, high = _range(values, digits)
                ranges[f"{end}_min"].assign(low)
                ranges[f"{end}_max"].assign(high)


def _values(network: Any, layer: Any, *, before_activation: bool) -> Any:
    """A network that gives what a layer gives."""
    if not before_activation:
        return keras.Model(network.input, layer.output)
    linear = type(layer).from_config(layer.get_config() | {"activation": "linear"})
    probe = keras.Model(network.input, linear(layer.input))
    linear.set_weights(layer.get_weights())
    return probe


def _range(values: Any, digits: NDArray[np.float32]) -> tuple[float, float]:
    """Mean of the extremes of batches, as the moving average would find them; zero lies within."""
    batches = [values(digits[start : start + 100], training=False).numpy() for start in range(0, len(digits), 100)]
    low = float(np.mean([batch.min() for batch in batches]))
    high = float(np.mean([batch.max() for batch in batches]))
    return min(low, 0.0), max(high, 1e-3)
