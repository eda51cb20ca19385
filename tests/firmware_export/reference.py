"""TFLite's reference kernels on a model, whatever its shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.runtime import runtime


def reference_outputs(model: bytes, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """The output of BUILTIN_REF for each input, given in any shape of as many elements as the model takes."""
    module = runtime().module
    interpreter = module.Interpreter(
        model_content=model, num_threads=1, experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    outputs = []
    for given in inputs:
        interpreter.set_tensor(source["index"], np.ascontiguousarray(given).reshape(source["shape"]))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(result["index"]).copy())
    return outputs
