"""SavedModel folders: of Keras 2 with their layers, of anybody else as a function."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tensorflow.core.protobuf import saved_model_pb2
from tf_keras.protobuf import saved_metadata_pb2

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.keras.code_inside import FILE_OPERATIONS, code_in
from edgedigits.core.keras.function_model import function_model
from edgedigits.core.model_files.packing import SAVED_MODEL_GRAPH

_METADATA = "keras_metadata.pb"


def code_in_saved_model(folder: Path) -> tuple[str, ...]:
    """What a SavedModel would run beside computing on tensors: Lambda layers, Python, files."""
    found = list(code_in([json.loads(one) for one in _metadata(folder)]))
    content = saved_model_pb2.SavedModel.FromString((folder / SAVED_MODEL_GRAPH).read_bytes())
    for graph in content.meta_graphs:
        nodes = [*graph.graph_def.node, *(node for one in graph.graph_def.library.function for node in one.node_def)]
        found += sorted({f"the operation {node.op}" for node in nodes if node.op in FILE_OPERATIONS})
    return tuple(dict.fromkeys(found))


def _metadata(folder: Path) -> list[str]:
    path = folder / _METADATA
    if not path.is_file():
        return []
    return [node.metadata for node in saved_metadata_pb2.SavedMetadata.FromString(path.read_bytes()).nodes]


def load_saved_model(folder: Path) -> tuple[Any, str]:
    """A tf_keras model of a SavedModel, and why it is a function; nothing where it has its layers."""
    if _metadata(folder):
        model = keras.models.load_model(folder, compile=False)
        try:
            plain = keras.models.clone_model(model)  # without the functions that a SavedModel's layers carry
            plain.set_weights(model.get_weights())
            return plain, ""
        except (ValueError, TypeError, NotImplementedError, AttributeError):
            reason = "the SavedModel holds a network of its own class, not layers of Keras"
    else:
        reason = "a SavedModel that Keras 2 did not write holds operations, not layers"
    return _as_function(folder, reason), reason


def _as_function(folder: Path, reason: str) -> Any:
    loaded = tf.saved_model.load(str(folder))
    signatures = dict(loaded.signatures)
    chosen = signatures.get("serving_default") or signatures.get("serve")
    if chosen is None and len(signatures) == 1:
        chosen = next(iter(signatures.values()))
    if chosen is None:
        named = ", ".join(sorted(signatures)) or "none"
        raise EdgedigitsError(
            f"{folder} has no signature serving_default (its signatures: {named})",
            "save it by model.export(FOLDER), or by tf.saved_model.save with signatures=",
        )
    takes, gives = chosen.structured_input_signature[1], chosen.structured_outputs
    if len(takes) != 1 or len(gives) != 1:
        raise EdgedigitsError(
            f"{folder} has {len(takes)} inputs ({', '.join(takes)}) and {len(gives)} outputs ({', '.join(gives)})",
            "a digit model has one input and one output",
        )
    ((name, spec),), (output,) = takes.items(), gives

    def run(values: Any) -> Any:
        return tf.cast(chosen(**{name: tf.cast(values, spec.dtype)})[output], tf.float32)

    shape = tuple(spec.shape)
    return function_model(run, shape[1:], [*chosen.variables], reason, shape[0])
