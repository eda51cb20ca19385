"""Networks whose weights can be compact: layers of few values, or of many zeros."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
from host_library import FAST, SANITIZERS, SMALL, STRICT, compile_host, random_inputs
from model_builder import ModelBuilder
from reference import reference_outputs

from edgedigits.firmware_export.library import LibraryExport, export_library


@dataclass(frozen=True)
class Shared:
    """How many values the weights of a layer share, how many are zero, and whether each channel has its own scale."""

    values: int
    zeros: float = 0.0
    per_channel: bool = False


CASES = {
    "4 bits": Shared(16),
    "3 bits": Shared(8, per_channel=True),
    "2 bits": Shared(3, per_channel=True),
    "1 bit": Shared(2),
    "4 bits without zeros": Shared(16, 0.7),
    "bytes without zeros": Shared(200, 0.7, per_channel=True),
}
WORDS = {
    "4 bits": "4-bit codes",
    "3 bits": "3-bit codes",
    "2 bits": "2-bit codes",
    "1 bit": "1-bit codes",
    "4 bits without zeros": "4-bit codes, zeros left out",
    "bytes without zeros": "bytes, zeros left out",
}


WORDS_OF_16, WIDE = -200, -300
"""In the place of shifts: biases of 16 bits and of more that are no steps."""

Shifts = tuple[int, ...]
"""Steps of biases, as powers of two."""

_WEIGHTED = {"Conv2DOptions", "DepthwiseConv2DOptions", "FullyConnectedOptions"}


def share(builder: ModelBuilder, shared: Shared, least: int = 300) -> None:
    """Make the weights of all large layers share values; the ends of int8 are among them."""
    rng = np.random.default_rng(shared.values)
    for tensor in builder.tensors:
        if tensor.data is not None and tensor.data.dtype == np.int8 and tensor.data.size >= least:
            others = rng.permutation(np.setdiff1d(np.arange(-126, 127), [0]))[: max(shared.values - 3, 0)]
            values = np.concatenate([[-127, 127, 0], others])[: shared.values]
            mask = rng.random(tensor.data.shape) >= shared.zeros
            tensor.data = (rng.choice(values, tensor.data.shape) * mask).astype(np.int8)


def step_biases(builder: ModelBuilder, shifts: Shifts) -> None:
    """Give the biases that plain kernels read steps of powers of two, in one weighted layer after the other.

    Of depthwise layers those in the file, as with codes. Layers after the last one of ``shifts`` begin with the first
    one again; without any biases stay.
    """
    rng = np.random.default_rng(7)
    weighted = [one for one in builder.operators if one.table in _WEIGHTED]
    for operator, shift in zip(weighted, cycle(shifts), strict=False):
        source, weights, bias = (builder.tensors[number] for number in operator.inputs)
        assert weights.data is not None
        axes = tuple(axis for axis in range(weights.data.ndim) if axis != weights.axis)
        raised = 0 if operator.table == "DepthwiseConv2DOptions" else source.zero_points[0] + 128
        steps = np.concatenate([[-128, 127], rng.integers(-128, 128, bias.shape[0] - 2)])
        wanted = 1 - steps * shift if shift < 0 else steps << shift
        bias.data = (wanted + raised * weights.data.astype(np.int64).sum(axis=axes)).astype(np.int32)


def network(case: str, seed: int = 0, channels: int = 16, shifts: Shifts = ()) -> bytes:
    """A padded, pooled and a strided convolution, depthwise and pointwise ones with planes, dense layers."""
    builder = ModelBuilder(seed)
    one = {"per_channel": CASES[case].per_channel}
    end = builder.conv(builder.input((1, 12, 11, 4), 0.02, -3), channels, activation="RELU", **one)
    end = builder.conv(end, 13, size=(3, 2), stride=(1, 2), padding="VALID", **one)  # an odd number of channels
    end = builder.conv(end, 20, size=(1, 1), activation="RELU6", **one)
    end = builder.pool(builder.conv(end, 12, padding="SAME", activation="RELU", **one))
    end = builder.depthwise(builder.conv(end, 28, size=(1, 1), activation="RELU", **one), activation="RELU")
    end = builder.reshape(builder.mean(end), (1, 28))
    end = builder.dense(builder.dense(end, 30), 10)
    share(builder, CASES[case])
    step_biases(builder, shifts)
    return builder.build(builder.softmax(end))


def exported(model: bytes, folder, **options) -> LibraryExport:
    path = folder / "digits.tflite"
    path.write_bytes(model)
    return export_library(path, **options)


def of_odd_runs() -> bytes:
    """Convolutions whose window rows are no whole fours of bytes."""
    builder = ModelBuilder(6)
    end = builder.conv(builder.input((1, 8, 9, 5), 0.02, -3), 28, size=(4, 3), activation="RELU")  # 15 of 16 in a row
    end = builder.conv(end, 10, size=(3, 3), activation="RELU")
    end = builder.conv(end, 9, size=(2, 1), padding="VALID", activation="RELU")  # 10 in each of two rows
    end = builder.dense(builder.reshape(end, (1, 567)), 10)  # 3 more than whole fours
    share(builder, CASES["4 bits"], least=100)
    return builder.build(end)


def tiny_network(seed: int, per_channel: bool = False, shifts: Shifts = ()) -> bytes:
    """First windows of 5x5x1, odd runs and odd numbers of channels, pooled and depthwise layers, a dense one."""
    builder = ModelBuilder(seed)
    one = {"per_channel": per_channel, "padding": "VALID"}
    end = builder.conv(builder.input((1, 20, 20, 1), 0.004, -128), 3, size=(5, 5), activation="RELU", **one)
    end = builder.pool(builder.conv(end, 6, size=(3, 3), activation="RELU", **one))
    end = builder.depthwise(end, activation="RELU", per_channel=per_channel)
    end = builder.depthwise(end, size=(2, 3), per_channel=per_channel)
    end = builder.conv(end, 9, size=(2, 2), stride=(2, 2), **one)
    end = builder.dense(builder.reshape(builder.mean(end), (1, 9)), 10)
    share(builder, CASES["4 bits"], least=1)
    step_biases(builder, shifts)
    return builder.build(end)


def assert_equal_however_compiled(model: bytes, library: LibraryExport, folder: Path, count: int) -> None:
    """Every output of so many random inputs is TFLite's, in each build and with each place of input and output."""
    given = random_inputs(library, count)
    expected = np.array(reference_outputs(model, given)).reshape(len(given), -1)
    for flags in ((*FAST, *STRICT), SMALL, SANITIZERS):
        built = compile_host(library, folder, flags)
        for where in ("apart", "inside"):
            np.testing.assert_array_equal(built.run(given, where), expected)
