"""TFLite's reference kernels on a model, whatever its shapes.

They are those of TFLite 2.14. Where LiteRT is installed instead, its reference kernels have to give, bit for bit, what
the graph makes with LiteRT's FULLY_CONNECTED (one rounding, a ratio of scales in doubles); what it makes with that of
TFLite 2.14 is then the reference.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.tflite.runtime import runtime
from edgedigits.firmware_export.graph.evaluation import evaluate
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.operators.weighted import fully_connected
from edgedigits.firmware_export.operators.weighted.fully_connected import rounded_once
from edgedigits.firmware_export.proof.reference import REFERENCE_RUNTIME


def reference_outputs(model: bytes, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """The output of BUILTIN_REF for each input, given in any shape of as many elements as the model takes.

    Several inputs, and several outputs, lie flat one behind the other.
    """
    outputs = runtime_outputs(model, inputs)
    if runtime().name == REFERENCE_RUNTIME:
        return outputs
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(model)
        graph = read_graph(path)
        with patch.object(fully_connected, "dense_ratio", _ratio_of_litert):
            theirs = read_graph(path)
    for given, made in zip(inputs, outputs, strict=True):
        np.testing.assert_array_equal(evaluate(rounded_once(theirs), given).ravel(), made.ravel())
    return [evaluate(graph, given).reshape(made.shape) for given, made in zip(inputs, outputs, strict=True)]


def _ratio_of_litert(source: Value, weight_scale: float, output: Value) -> float:
    """In doubles where TFLite 2.14 multiplies the first two scales as float32 numbers."""
    return source.scale * weight_scale / output.scale


def runtime_outputs(model: bytes, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """The same of the runtime that is installed."""
    module = runtime().module
    interpreter = module.Interpreter(
        model_content=model, num_threads=1, experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    sources, results = interpreter.get_input_details(), interpreter.get_output_details()
    sizes = [int(np.prod(source["shape"])) for source in sources]
    outputs = []
    for given in inputs:
        parts = np.split(np.asarray(given).ravel(), np.cumsum(sizes)[:-1])
        for source, part in zip(sources, parts, strict=True):
            interpreter.set_tensor(source["index"], part.reshape(source["shape"]))
        interpreter.invoke()
        made = [interpreter.get_tensor(result["index"]).copy() for result in results]
        outputs.append(made[0] if len(made) == 1 else np.concatenate([one.ravel() for one in made]))
    return outputs
