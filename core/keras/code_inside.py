"""Whether the configuration of a network names code that would run when the network is loaded or called.

Keras 2 imports whatever module a configuration names, and Lambda layers carry marshalled bytecode. Here such a
configuration is told before any Keras sees it.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

_MODULES = ("builtins", "keras", "tf_keras", "tensorflow", "tensorflow_model_optimization", "edgedigits")
_FUNCTIONS = ("activations", "initializers", "losses", "metrics", "regularizers", "constraints")
_PLAIN_OPERATIONS = (
    *("math.", "nn.", "image.", "linalg.", "compat.v1.nn.", "__operators__.", "keras.backend.", "dtypes.", "signal."),
    *("reshape", "cast", "transpose", "expand_dims", "squeeze", "concat", "stack", "unstack", "split", "pad", "tile"),
    *("clip_by_value", "identity", "convert_to_tensor", "one_hot", "repeat", "strided_slice", "slice", "where"),
    *("zeros_like", "ones_like", "shape", "reverse", "gather", "fill", "range", "broadcast_to"),
)
"""What a ``TFOpLambda`` layer may call: operations on tensors, nothing that touches files or Python."""

FILE_OPERATIONS = frozenset(
    {
        *("PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles", "LoadLibrary"),
        *("WholeFileReader", "WholeFileReaderV2", "TextLineDataset", "TFRecordDataset", "FixedLengthRecordDataset"),
        *("WriteScalarSummary", "CreateSummaryFileWriter", "SaveDataset", "SaveDatasetV2", "LoadDataset", "Save"),
    }
)
"""Operations of a graph that read and write files or call Python; computing digits needs none."""


def code_in(config: Any) -> tuple[str, ...]:
    """What a configuration would run, for people: ``the Lambda layer 'twice'``; empty where it is only layers.

    Args:
        config: of a network, as JSON gives it.
    """
    return tuple(dict.fromkeys(_found(config, "")))


def _found(part: Any, layer: str) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _found(one, layer)
        return
    if not isinstance(part, dict):
        return
    if "class_name" in part:
        config = part.get("config")
        own = config.get("name") if isinstance(config, dict) else None
        layer = own if isinstance(own, str) else layer
        yield from _named(str(part["class_name"]), str(part.get("module") or ""), config, layer)
        if part["class_name"] == "Lambda":
            return  # what it holds is its own
    for value in part.values():
        yield from _found(value, layer)


def _named(class_name: str, module: str, config: Any, layer: str) -> Iterator[str]:
    if class_name == "Lambda":
        yield f"the Lambda layer {layer!r}"
    elif class_name == "__lambda__":
        yield f"a lambda of the layer {layer!r}"
    elif class_name == "TFOpLambda":
        function = str(config.get("function", "")) if isinstance(config, dict) else ""
        if not function.startswith(_PLAIN_OPERATIONS):
            yield f"the call of tf.{function} by the layer {layer!r}"
    elif module and module.partition(".")[0] not in _MODULES:
        yield f"{module}.{class_name} of the layer {layer!r}"
    elif class_name == "function" and module.startswith(("keras", "tf_keras", "tensorflow")):
        if not any(part in module.split(".") for part in _FUNCTIONS):
            yield f"the function {module}.{config} of the layer {layer!r}"
    elif class_name == "function" and module == "builtins" and hasattr(builtins, str(config)):
        yield f"the function {config} of the layer {layer!r}"
