"""Whether a TFLite file is what its recipe's name says: nobody else looks, and a wrong one often runs without error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgedigits.core.contract.contract import OUR_CONTRACT, InputContract
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import TfliteFile, read_tflite
from edgedigits.quantize.conversion import check_full_int8, check_input_range, expect_no_floats
from edgedigits.quantize.recipes import Recipe
from edgedigits.quantize.weights import LayerWeights, read_weights

DYNAMIC_LEAST = 1024
"""Weights of fewer numbers the converter leaves float in dynamic-range models."""


@dataclass(frozen=True)
class Checked:
    """A file that is what its recipe says.

    Attributes:
        content: what stands in it.
        found: what shows it, as JSON takes it.
    """

    content: TfliteFile
    found: dict[str, Any]


def check_form(path: Path, recipe: Recipe, contract: InputContract = OUR_CONTRACT) -> Checked:
    """Make sure that a model is what its recipe's name says.

    Args:
        path: of the ``.tflite`` file.
        recipe: that it was made by.
        contract: of the model.

    Raises:
        EdgedigitsError: it is not; the message names the layer or tensor.
    """
    content = read_tflite(path)
    for tensor in (*content.inputs, *content.outputs):
        if tensor.shape[:1] != (1,):
            raise EdgedigitsError(f"{path.name} has a batch of {tensor.shape[:1]}", "convert with a batch of 1")
    layers = read_weights(path)
    name = "selective" if recipe.float_layers else recipe.form
    found = {"types": content.inputs[0].type, "weights": {layer.layer: layer.type for layer in layers}}
    found |= FORMS[name](path, content, layers, recipe)
    if content.inputs[0].type != "FLOAT32":
        check_input_range(path, content.inputs[0], contract)
    if recipe.tuning:
        for phase in recipe.tuning.phases:
            found |= phase.check(path, layers, recipe.tuning)
    return Checked(content, found)


def _float32(path: Path, content: TfliteFile, layers: Sequence[LayerWeights], _recipe: Recipe) -> dict[str, Any]:
    _expect_types(path, content, "FLOAT32")
    _expect_weights(path, layers, "FLOAT32")
    foreign = [tensor.name for tensor in content.tensors if tensor.type not in ("FLOAT32", "INT32", "INT64", "BOOL")]
    if foreign:
        raise EdgedigitsError(f"{path.name} has rounded tensors, {foreign[0]!r} first", "convert without optimizations")
    return {}


def _float16(path: Path, content: TfliteFile, layers: Sequence[LayerWeights], _recipe: Recipe) -> dict[str, Any]:
    _expect_types(path, content, "FLOAT32")
    _expect_weights(path, layers, "FLOAT16")
    return {}


def _dynamic(path: Path, content: TfliteFile, layers: Sequence[LayerWeights], _recipe: Recipe) -> dict[str, Any]:
    _expect_types(path, content, "FLOAT32")
    large = [layer for layer in layers if layer.values.size >= DYNAMIC_LEAST]
    if not large:
        raise EdgedigitsError(
            f"no layer of {path.name} has {DYNAMIC_LEAST:,} weights: the converter left all of them float",
            "take float16 or int8 for so small a network",
        )
    _expect_weights(path, large, "INT8")
    return {}


def _int8(path: Path, _content: TfliteFile, layers: Sequence[LayerWeights], recipe: Recipe) -> dict[str, Any]:
    check_full_int8(path)
    for layer in layers if recipe.tuning is None else ():  # what was tuned has scales of its own
        each = recipe.dense_per_channel or layer.operator != "FULLY_CONNECTED"
        wanted = layer.channels if each else 1
        if len(layer.tensor.scales) != wanted:
            raise EdgedigitsError(
                f"{path.name}: {layer.layer} has {len(layer.tensor.scales)} scales, not {wanted}", "convert it again"
            )
    return {"float_tensors": 0, "scales": {layer.layer: len(layer.tensor.scales) for layer in layers}}


def _int16x8(path: Path, content: TfliteFile, layers: Sequence[LayerWeights], _recipe: Recipe) -> dict[str, Any]:
    _expect_types(path, content, "INT16")
    _expect_weights(path, layers, "INT8")
    expect_no_floats(path, content)
    constants = {index for layer in layers for index in layer.tensors[1:3]}
    narrow = [t.name for index, t in enumerate(content.tensors) if t.type == "INT8" and index not in constants]
    if narrow:
        raise EdgedigitsError(f"{path.name} computes in int8 at {narrow[0]!r}", "convert all operators to int16")
    return {"float_tensors": 0}


def _selective(path: Path, content: TfliteFile, layers: Sequence[LayerWeights], recipe: Recipe) -> dict[str, Any]:
    _expect_types(path, content, "INT8")
    spared = [layer for layer in layers if layer.type == "FLOAT32"]
    if len(spared) != recipe.float_layers:
        raise EdgedigitsError(
            f"{path.name} computes {len(spared)} layers in float, not {recipe.float_layers}",
            "take int8, or a network with more layers",
        )
    _expect_weights(path, [layer for layer in layers if layer not in spared], "INT8")
    expect_no_floats(path, content, [index for layer in spared for index in layer.tensors])
    return {"float_layers": [layer.layer for layer in spared]}


FORMS: dict[str, Callable[[Path, TfliteFile, Sequence[LayerWeights], Recipe], dict[str, Any]]] = {
    "float32": _float32,
    "float16": _float16,
    "dynamic": _dynamic,
    "int8": _int8,
    "int16x8": _int16x8,
    "selective": _selective,
}


def _expect_types(path: Path, content: TfliteFile, wanted: str) -> None:
    for tensor in (*content.inputs, *content.outputs):
        if tensor.type != wanted:
            raise EdgedigitsError(f"{path.name} takes or gives {tensor.type}, not {wanted}", "convert it again")


def _expect_weights(path: Path, layers: Sequence[LayerWeights], wanted: str) -> None:
    for layer in layers:
        if layer.type != wanted:
            raise EdgedigitsError(
                f"{path.name} stores the weights of {layer.layer} as {layer.type}, not {wanted}", "convert it again"
            )
