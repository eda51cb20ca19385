"""How much noise int8 adds in each layer, by TensorFlow's QuantizationDebugger, and layers spared from int8."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.tools import flatbuffer_utils

from edgedigits.core.keras.backend import tf
from edgedigits.core.quiet import native_logs_hidden
from edgedigits.quantize.weights import WEIGHTED, layer_of

WORST_DB = -100.0
"""Stands for the ratio of a layer that gives nothing but noise."""


@dataclass(frozen=True)
class LayerNoise:
    """What int8 adds in one layer, whose input is that of the int8 model: noise made here, not handed on.

    Attributes:
        layer: name of the Keras layer.
        operator: of TFLite, such as ``CONV_2D``.
        tensor: name of the operator's output in the TFLite file.
        snr_db: signal-to-noise ratio of the output, 10 log10(mean of squared values / mean of squared errors) over
            all digits.
        rmse: root of the mean squared error.
        scale: step between two neighbouring int8 values of the output.
        rmse_steps: rmse / scale; rounding alone gives 1/sqrt(12) = 0.289 (TensorFlow's guide "Inspecting Quantization
            Errors with Quantization Debugger" calls layers with much more suspicious).
        largest: largest error.
    """

    layer: str
    operator: str
    tensor: str
    snr_db: float
    rmse: float
    scale: float
    rmse_steps: float
    largest: float

    @property
    def has_weights(self) -> bool:
        """Whether it is a convolution or a dense layer."""
        return self.operator in WEIGHTED


def calibrated(converter: Any) -> bytes:
    """The float model with the ranges of its tensors: what :func:`tf.lite` quantizes.

    Args:
        converter: set for full int8; not to be used for anything else afterwards.
    """
    converter._experimental_calibrate_only = True
    content: bytes = converter.convert()
    return content


def with_output_range(content: bytes, low: float, high: float) -> bytes:
    """A calibrated model whose output has another range than was found.

    Args:
        content: from :func:`calibrated`.
        low: the lowest number that its int8 output will say; lower ones become it.
        high: the highest.
    """
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    for graph in model.subgraphs:
        for place in graph.outputs:
            found = graph.tensors[place].quantization
            found.min, found.max = np.array([low], np.float32), np.array([high], np.float32)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def layer_noise(content: bytes, digits: NDArray[np.float32]) -> tuple[LayerNoise, ...]:
    """Measure every layer, in the order of the model; those that add nothing (reshaping, maxima) are left out.

    Args:
        content: from :func:`calibrated`.
        digits: to measure on, float32 of shape (count, 28, 28, 1) between 0 and 1.
    """
    options = tf.lite.experimental.QuantizationDebugOptions(
        layer_direct_compare_metrics={"signal": _signal, "noise": _noise, "largest": _largest}
    )
    with _quiet():
        quantized = mlir_quantize(content, fully_quantize=True, enable_numeric_verify=True)
        debugger = tf.lite.experimental.QuantizationDebugger(
            quant_debug_model_content=quantized,
            debug_dataset=lambda: ([digits[index : index + 1]] for index in range(len(digits))),
            debug_options=options,
        )
        debugger.run()
    table = io.StringIO()
    debugger.layer_statistics_dump(table)
    table.seek(0)
    return tuple(_layer(row) for row in csv.DictReader(table) if float(row["noise"]))


def noisiest(layers: Sequence[LayerNoise], count: int) -> tuple[LayerNoise, ...]:
    """The layers with weights that have the worst signal-to-noise ratio, worst first."""
    return tuple(sorted((one for one in layers if one.has_weights), key=lambda one: one.snr_db)[:count])


def with_float_layers(content: bytes, spared: Sequence[LayerNoise]) -> bytes:
    """Quantize a calibrated model, int8 input and output, but for some layers.

    Args:
        content: from :func:`calibrated`.
        spared: compute in float, between a DEQUANTIZE and a QUANTIZE.
    """
    quantized: bytes = mlir_quantize(
        content,
        fully_quantize=True,
        input_data_type=tf.int8,
        output_data_type=tf.int8,
        denylisted_nodes=[one.tensor for one in spared],
    )
    return quantized


def _layer(row: dict[str, str]) -> LayerNoise:
    signal, noise, scale = float(row["signal"]), float(row["noise"]), float(row["scale"])
    ratio = 10 * math.log10(signal / noise) if signal else WORST_DB
    rmse = math.sqrt(noise)
    return LayerNoise(
        layer_of(row["tensor_name"]),
        row["op_name"],
        row["tensor_name"],
        ratio,
        rmse,
        scale,
        rmse / scale,
        float(row["largest"]),
    )


def _error(values: Any, steps: Any, scale: float, zero_point: int) -> Any:
    # In float32 as the model computes: a double from TensorFlow would make noise of a layer that only reshapes.
    return values - (steps.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)


def _signal(values: Any, *_: Any) -> float:
    return float(np.square(values).mean())


def _noise(values: Any, steps: Any, scale: float, zero_point: int) -> float:
    return float(np.square(_error(values, steps, scale, zero_point)).mean())


def _largest(values: Any, steps: Any, scale: float, zero_point: int) -> float:
    return float(np.abs(_error(values, steps, scale, zero_point)).max())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with native_logs_hidden(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow announces that its interpreter moves to LiteRT
        yield
