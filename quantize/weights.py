"""The weights that stand in a TFLite file, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.tflite.file import LEFT_OUT, Tensor, read_tflite

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
"""Operators with weights that our converter makes of digit networks."""

_TYPES = frozenset({"INT8", "FLOAT16", "FLOAT32"})
_INSIDE = {"BiasAdd", "LastValueQuant"}  # steps in the name of a tensor that lie inside a layer
_CHANNELS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}


@dataclass(frozen=True, eq=False)
class LayerWeights:
    """The weights of one operator.

    Attributes:
        layer: name of the Keras layer.
        operator: one of :data:`WEIGHTED`.
        tensor: what the file says of the weights: name, type as stored, scales.
        values: as stored: (out, height, width, in), (1, height, width, channels) where depthwise, (out, in) where
            dense.
        tensors: numbers of the operator's tensors in the file: inputs (activation, weights, bias), then outputs.
    """

    layer: str
    operator: str
    tensor: Tensor
    values: NDArray[Any]
    tensors: tuple[int, ...]

    @property
    def type(self) -> str:
        """As stored: ``INT8``, ``FLOAT16`` or ``FLOAT32``."""
        return self.tensor.type

    @property
    def channels(self) -> int:
        """Output channels."""
        return int(self.values.shape[_CHANNELS[self.operator]])

    @property
    def zeros(self) -> NDArray[np.bool_]:
        """Where a weight is zero, of the shape of ``values``."""
        zero_point = self.tensor.zero_points[0] if self.tensor.zero_points else 0
        zeros: NDArray[np.bool_] = self.values == zero_point
        return zeros

    @property
    def sparsity(self) -> float:
        """Share of weights that are zero."""
        return float(self.zeros.mean())

    @property
    def distinct(self) -> int:
        """How many different weights there are, as real numbers: stored value times scale, zero points being 0."""
        scales = np.array(self.tensor.scales or (1.0,), np.float32)
        shape = [1] * self.values.ndim
        shape[_CHANNELS[self.operator]] = len(scales)
        return len(np.unique(self.values.astype(np.float32) * scales.reshape(shape)))

    @property
    def rounded_in_training(self) -> bool:
        """Whether quantization-aware training has rounded them: the converter then keeps the name of that step."""
        return "FakeQuant" in self.tensor.name


def layer_of(tensor: str) -> str:
    """Name of the Keras layer behind a TFLite tensor's name.

    The converter joins the names of what it has merged, such as
    ``small/re_lu/Relu;small/batch_normalization/FusedBatchNormV3;small/conv2d/Conv2D1``: of model, layer and operation,
    the layer with the weights last. A layer of a model in the model is ``inner/layer``.
    """
    if tensor.startswith("StatefulPartitionedCall"):
        return "output"
    steps = tensor.rsplit(";", maxsplit=1)[-1].split("/")
    return "/".join(step for step in steps[1:-1] if step not in _INSIDE) or steps[-1]


def read_weights(path: Path) -> tuple[LayerWeights, ...]:
    """Weights of every convolution and dense layer of a ``.tflite`` file, in the order of its operators.

    Raises:
        EdgedigitsError: not a TFLite file, or damaged.
    """
    content = read_tflite(path)
    stored_in: dict[int, int] = {}  # what DEQUANTIZE widens, by what it gives: float16 weights are stored before it
    layers = []
    for node in content.nodes:
        if node.name == "DEQUANTIZE":
            stored_in.update(zip(node.outputs, node.inputs, strict=False))
        if node.name not in WEIGHTED or len(node.inputs) < 2:
            continue
        index = stored_in.get(node.inputs[1], node.inputs[1])
        tensor = content.tensors[index]
        if index != LEFT_OUT and tensor.type in _TYPES and tensor.data is not None:
            own = (*node.inputs, *node.outputs)
            layers.append(LayerWeights(layer_of(tensor.name), node.name, tensor, tensor.data, own))
    return tuple(layers)
