"""What a model has that the C library does not compute, told by name and all at once before anything else is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import TfliteFile
from edgedigits.firmware_export.arrays.runnable import called
from edgedigits.firmware_export.graph import advice
from edgedigits.firmware_export.graph.dilated_windows import DEALT, GATHERED
from edgedigits.firmware_export.graph.float_runs import FUNCTIONS
from edgedigits.firmware_export.graph.layers import Layer
from edgedigits.firmware_export.operators.registry import OPERATORS

RECURRENT = {
    *("UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "LSTM", "SVDF"),
    *("UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN", "RNN"),
}
"""Operators with a state that outlives an inference or a step of it."""

FREE_BATCH = "SHAPE"
"""What TensorFlow's converter adds where the batch was left free, and what is left where it is not one image."""

_TYPING = frozenset({"QUANTIZE", "DEQUANTIZE"})
MEAN_INSTEAD = "take the mean instead (tf.reduce_mean), of which a sum is a multiple, and multiply by the count"
_REFUSED_ALONE = frozenset({"SUM", FREE_BATCH, DEALT, GATHERED})
"""What is wrong with these, and what helps, is told of each by itself."""

_MOST_NAMED = 6


def check_operators(path: Path, content: TfliteFile) -> None:
    """Raise one error for all operators that no conversion of the same network brings into the C library.

    Raises:
        EdgedigitsError: an operator is recurrent, or the library has none of its name.
    """
    layers = [Layer(path, *numbered, content) for numbered in enumerate(content.nodes)]
    for layer in layers:
        if layer.operator.name in RECURRENT:
            what = "is recurrent, and the C library keeps no state from step to step"
            raise layer.error(what, advice.WITHOUT_STATE)
    lacking = [layer for layer in layers if _is_lacking(layer)]
    if not lacking:
        _check_alone(layers)
        return
    names = _names(lacking)
    without = f"build the network without {'it' if len(names) == 1 else 'them'}"
    if not all(map(works_on_floats, lacking)):
        first = next(layer for layer in lacking if not works_on_floats(layer))
        others = [name for name in names if name not in _names([first])]
        neither = f", and neither {'is' if len(others) == 1 else 'are'} {listed(others)}" if others else ""
        what = f"is not among the operators of the C library{neither}"
        raise first.error(f"{_custom(first)}{what}", without + advice.or_arrays(content))
    if is_float_model(content, layers):
        what = f"{path} is a float model, and the C library has no {listed(names, 'or')} of int8 either"
        raise EdgedigitsError(what, f"{without}, and then {advice.followable(advice.QUANTIZE_FIRST, content)}")
    left = f"as the converter left {'it' if len(names) == 1 else 'them'}, and the C library computes int8 alone"
    what = f"{path} is only partly quantized: {floats_named(lacking)}, {left}"
    raise EdgedigitsError(what, without + advice.or_arrays(content))


def _check_alone(layers: Sequence[Layer]) -> None:
    """Raise about an operator of :data:`_REFUSED_ALONE` that another way of making the model leaves out."""
    for layer in layers:
        if layer.operator.name == "SUM":
            raise layer.error("adds, which TFLite's reference kernel computes wrong of int8", MEAN_INSTEAD)
    for layer in layers:
        if _fills_wide(layer):
            what = "is part of a LayerNormalization or of an unrolled recurrent layer, not taken in 16x8"
            raise layer.error(what, advice.IN_INT8)


def check_types(path: Path, content: TfliteFile, layers: Sequence[Layer]) -> None:
    """Raise one error about floats for the whole model rather than one about its first layer.

    Args:
        path: of the model.
        content: of it.
        layers: between its inputs and outputs, all of them operators that the C library computes of int8.

    Raises:
        EdgedigitsError: an operator reads or makes floats.
    """
    used = _used(layers)
    floats = [number for number in used if content.tensors[number].type.startswith(("FLOAT", "BFLOAT"))]
    if not floats:
        return
    if is_float_model(content, layers):
        what = f"{path} is a float model: {len(floats)} of its tensors are floats"
        raise EdgedigitsError(what, advice.followable(advice.QUANTIZE_FIRST, content))
    flowing = {content.tensors[number].type for number in used if content.tensors[number].data is None}
    if "INT8" in flowing and "INT16" not in flowing and (dragged := _dragged(layers)):
        raise EdgedigitsError(f"{path} is only partly quantized: {dragged[0]}", dragged[1] + advice.or_arrays(content))
    named = floats_named([layer for layer in layers if works_on_floats(layer)])
    what = f"{path} is only partly quantized: {named or f'{len(floats)} of its tensors are floats'}"
    remedy = advice.QUANTIZE_FIRST
    if "INT16" in flowing:
        remedy = advice.IN_INT8
    elif "INT8" in flowing:
        remedy = advice.AGAIN_OR_WITHOUT
    raise EdgedigitsError(what, advice.followable(remedy, content))


def _dragged(layers: Sequence[Layer]) -> tuple[str, str] | None:
    """What the converter left in floats because TFLite has no int8 kernel of an operator before it, and what to do.

    None where that is not why an operator works on floats.
    """
    causes = [layer for layer in layers if works_on_floats(layer) and layer.operator.name in FUNCTIONS]
    others = [layer for layer in layers if works_on_floats(layer) and layer.operator.name not in FUNCTIONS]
    floats = {number for layer in causes for number in layer.operator.outputs}
    for layer in layers:
        if floats & set(layer.operator.inputs) and layer.operator.name not in _TYPING:
            floats.update(layer.operator.outputs)
    if not causes or not others or not all(floats & set(layer.operator.inputs) for layer in others):
        return None
    why = f"because of {_placed(causes)}, of which TFLite has no int8 kernel"
    what = f"the converter left {_placed(others)} in floats {why}"
    names, behind = listed(_names(causes)), listed(_names(others), "or")
    return what, f"build the network without {names}, or with a convolution or dense layer between {names} and {behind}"


def is_float_model(content: TfliteFile, layers: Sequence[Layer]) -> bool:
    """Whether no operator reads or makes int8 or int16."""
    return all(content.tensors[number].type not in {"INT8", "INT16"} for number in _used(layers))


def works_on_floats(layer: Layer) -> bool:
    """Whether an operator other than QUANTIZE and DEQUANTIZE reads or makes a float."""
    if layer.operator.name in _TYPING:
        return False
    return any(layer.content.tensors[number].type.startswith(("FLOAT", "BFLOAT")) for number in _used([layer]))


def floats_named(layers: Sequence[Layer]) -> str:
    """The operators that work on floats, each name once, such as ``operator 1, POW, works on floats``."""
    first = {layer.operator.name: layer for layer in reversed(layers)}
    told = sorted(first.values(), key=lambda layer: layer.place)
    if len(told) == 1:
        return f"operator {told[0].place}, {told[0].operator.name}, works on floats"
    return f"{_placed(layers)} work on floats" if told else ""


def _placed(layers: Sequence[Layer]) -> str:
    """Operators with their places, each name once."""
    first = {layer.operator.name: layer for layer in reversed(layers)}
    told = sorted(first.values(), key=lambda layer: layer.place)
    return listed([f"{layer.operator.name} (operator {layer.place})" for layer in told])


def listed(names: Sequence[str], word: str = "and") -> str:
    """Names for a sentence, of many the first ones."""
    shown = list(names[:_MOST_NAMED])
    if len(names) > _MOST_NAMED:
        shown.append(f"{len(names) - _MOST_NAMED} others")
    return f" {word} ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else ""


def _is_lacking(layer: Layer) -> bool:
    name = layer.operator.name
    if name in OPERATORS or name in FUNCTIONS or name in _TYPING:
        return False
    return name not in _REFUSED_ALONE and not _fills_wide(layer)


def _fills_wide(layer: Layer) -> bool:
    """Whether an operator is what the converter makes of the gain and shift of a normalization in 16x8."""
    made = [layer.content.tensors[number].type for number in layer.operator.outputs if number >= 0]
    return layer.operator.name == "FILL" and made == ["INT16"]


def _names(layers: Sequence[Layer]) -> list[str]:
    """TFLite's names of operators, those of custom ones by their own, each once."""
    found: dict[str, None] = {}
    for layer in layers:
        if layer.operator.name == "CUSTOM":
            found |= dict.fromkeys(called(one) for one in layer.content.operators if one.name == "CUSTOM")
        else:
            found[layer.operator.name] = None
    return list(found)


def _custom(layer: Layer) -> str:
    """What custom operators are called, in brackets; empty for another operator."""
    return f"({listed(_names([layer]))}) " if layer.operator.name == "CUSTOM" else ""


def _used(layers: Sequence[Layer]) -> set[int]:
    return {number for layer in layers for number in layer.operator.inputs + layer.operator.outputs if number >= 0}
