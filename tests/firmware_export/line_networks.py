"""Small line networks of random weights: what they read is nonsense, and much of it.

``python tests/firmware_export/line_networks.py FOLDER`` writes one with its card.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from model_builder import ModelBuilder
from numpy.typing import NDArray

from edgedigits.core.cards import Card, write_card
from edgedigits.core.files import sha256_of
from edgedigits.core.lines.shapes import LINE_CLASSES
from edgedigits.firmware_export.graph.evaluation import evaluate
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.proof.lines import drawn_lines, strip_inputs

STRIP_INPUT = (float(np.float32(1 / 255)), -128)

_LAYERS: tuple[tuple[int, tuple[int, int], tuple[int, int]], ...] = (
    (8, (3, 3), (1, 1)),
    (8, (3, 3), (2, 2)),
    (12, (3, 3), (1, 1)),
    (16, (3, 3), (2, 2)),
    (16, (3, 3), (2, 1)),
    (20, (3, 5), (4, 1)),
    (16, (1, 5), (1, 1)),
)
"""Channels, window and pool of each convolution; trained networks have the same windows and pools."""


def line_model(seed: int = 2, width: int = 96, together: int = 2, input_: tuple[float, int] = STRIP_INPUT) -> bytes:
    """A line network on which each class wins at many steps of drawn lines.

    Args:
        seed: of the weights.
        width: columns of the strips.
        together: steps in each column of the output.
        input_: scale and zero point of the input.
    """
    strips = strip_inputs(drawn_lines(4, width))
    ends: list[tuple[float, int]] = []
    for _ in range(len(_LAYERS) + 1):
        builder, end = _built(seed, width, together, input_, ends)
        made = _computed(builder.build(end), strips)
        scale, zero = builder.tensors[end].scales[0], builder.tensors[end].zero_points[0]
        ends.append((float(np.float32(scale * max(1, np.abs(made - zero).max()) / 255)), -128))
    builder, end = _built(seed, width, together, input_, ends)
    _centre_classes(builder, end, _computed(builder.build(end), strips))
    return builder.build(end)


def _built(
    seed: int, width: int, together: int, input_: tuple[float, int], ends: list[tuple[float, int]]
) -> tuple[ModelBuilder, int]:
    """The network up to the first layer whose scale is not known yet, and the number of its output."""
    builder = ModelBuilder(seed)
    end = builder.input((1, 32, width, 1), *input_)
    for place, (channels, size, pool) in enumerate(_LAYERS):
        known = ends[place] if place < len(ends) else None
        end = builder.conv(end, channels, size, activation="RELU", output=known)
        if known is None:
            return builder, end
        end = builder.pool(end, size=pool, stride=pool) if pool != (1, 1) else end
    spread = (2 * ends[-1][0], 0) if len(ends) > len(_LAYERS) else None
    return builder, builder.conv(end, LINE_CLASSES * together, (1, 1), output=spread)


def _computed(model: bytes, strips: NDArray[np.int8]) -> NDArray[np.int64]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(model)
        graph = read_graph(path)
    return np.array([evaluate(graph, strip) for strip in strips], np.int64)


def _centre_classes(builder: ModelBuilder, end: int, scores: NDArray[np.int64]) -> None:
    """Bring the mean score of every class to the zero point."""
    _, weights, bias = next(one.inputs for one in builder.operators if one.outputs == [end])
    source = builder.operators[-1].inputs[0]
    units = builder.tensors[source].scales[0] * np.array(builder.tensors[weights].scales)
    means = scores.reshape(-1, scores.shape[-1]).mean(axis=0) * builder.tensors[end].scales[0]
    builder.tensors[bias].data = (builder.tensors[bias].data - np.rint(means / units)).astype(np.int32)


def write_line_model(folder: Path, model: bytes | None = None) -> Path:
    """A line network with its card in a new folder; returns its path."""
    folder.mkdir(parents=True)
    path = folder / "model.int8.tflite"
    path.write_bytes(line_model() if model is None else model)
    write_card(
        folder,
        Card(
            kind="tflite",
            file=path.name,
            sha256=sha256_of(path),
            bytes=path.stat().st_size,
            network="line-test",
            parameters=0,
            dataset={},
            seed=0,
            settings={},
            measured={},
            contract={"task": "line"},
        ),
    )
    return path


if __name__ == "__main__":
    write_line_model(Path(sys.argv[1]))
