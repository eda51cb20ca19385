"""From a float network to a TFLite model of any form, and the check without which a wrong int8 one passes for right."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorflow.lite.python.convert import ConverterError

from edgedigits.core.contract.contract import OUR_CONTRACT, InputContract
from edgedigits.core.digit import SIDE
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.paths import StrPath
from edgedigits.core.quiet import native_logs_hidden
from edgedigits.core.tflite.file import Tensor, TfliteFile, read_tflite
from edgedigits.quantize.noise import calibrated, layer_noise, noisiest, with_float_layers
from edgedigits.quantize.recipes import Recipe
from edgedigits.quantize.short_biases import with_short_biases

FLOATS = frozenset({"FLOAT16", "FLOAT32", "FLOAT64", "BFLOAT16"})

RANKED_ON = 100
"""So many representative digits decide which layers stay float."""


def convert(
    model: Any, representative: NDArray[np.uint8], recipe: Recipe, contract: InputContract = OUR_CONTRACT
) -> bytes:
    """Convert a tf_keras model to a TFLite model of batch 1.

    Args:
        model: maps (batch, *shape) floats as its contract says to (batch, 10) scores; where the recipe tunes, it is
            tuned.
        representative: the representative dataset, uint8 of shape (count, 28, 28), training digits. Forms that
            compute in float do not look at it.
        recipe: its form, and how many layers are spared.
        contract: of the model.

    Returns:
        The bytes of the ``.tflite`` file; not yet checked.

    Raises:
        EdgedigitsError: no representative digits where some are needed, or an operator without the wanted form.
    """
    if recipe.form in _FLOAT_FORMS:
        converter = _float_converter(model, recipe)
    else:
        converter = integer_converter(model, representative, recipe, contract)
    with conversion_errors(recipe):
        content: bytes = calibrated(converter) if recipe.float_layers else converter.convert()
    if recipe.float_layers:
        spared = noisiest(layer_noise(content, contract.values(representative[:RANKED_ON])), recipe.float_layers)
        with conversion_errors(recipe):
            content = with_float_layers(content, spared)
    return with_short_biases(content) if recipe.short_biases else content


_LOOPS = ("While", "StatelessWhile")
_FLOAT_FORMS = ("float32", "float16", "dynamic")
_DOORS = {"int8": tf.int8, "int16x8": tf.int16}
_OPERATORS = {
    "int8": tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
    "int16x8": tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
}


def integer_converter(
    model: Any, representative: NDArray[np.uint8], recipe: Recipe, contract: InputContract = OUR_CONTRACT
) -> Any:
    """A ``tf.lite.TFLiteConverter`` for a form whose input and output are integers, ready to convert.

    Raises:
        EdgedigitsError: the representative dataset is empty, or the network has loops.
    """
    if len(representative) == 0:
        raise EdgedigitsError("the representative dataset is empty", "draw at least one digit with --calibration")
    concrete = _concrete(model)
    _refuse_loops(concrete, model, recipe)
    converter = _converter(concrete, model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = one_by_one(representative, contract)
    converter.target_spec.supported_ops = [_OPERATORS[recipe.form]]
    converter.inference_input_type = converter.inference_output_type = _DOORS[recipe.form]
    converter._experimental_disable_per_channel = not recipe.per_channel
    converter._experimental_disable_per_channel_quantization_for_dense_layers = not recipe.dense_per_channel
    return converter


def one_by_one(
    images: NDArray[np.uint8], contract: InputContract = OUR_CONTRACT
) -> Callable[[], Iterator[list[NDArray[np.float32]]]]:
    """Digits as TensorFlow's converter asks for a representative dataset: a function that hands out one after another.

    Args:
        images: uint8 of shape (count, 28, 28).
        contract: of the model.
    """
    values = contract.values(images)
    return lambda: ([values[position : position + 1]] for position in range(len(values)))


def _float_converter(model: Any, recipe: Recipe) -> Any:
    converter = _converter(_concrete(model), model)
    if recipe.form != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if recipe.form == "float16":
        converter.target_spec.supported_types = [tf.float16]
    return converter


def _concrete(model: Any) -> Any:
    """A network's function of one digit, traced."""
    function = tf.function(lambda digit: model(digit, training=False))
    signature = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="digit")
    return function.get_concrete_function(signature)


def _refuse_loops(concrete: Any, model: Any, recipe: Recipe) -> None:
    """Raise where a function has loops: TensorFlow 2.21 ends with a segmentation fault when it calibrates them.

    An LSTM's loop is no trouble: the converter takes the whole layer for one operator.
    """
    graph = concrete.graph.as_graph_def()
    bodies = [one.node_def for one in graph.library.function if not one.attr["api_implements"].s.startswith(b"lstm")]
    if not any(node.op in _LOOPS for nodes in (graph.node, *bodies) for node in nodes):
        return
    layers = keras.layers
    named = [
        layer.name
        for layer in model._flatten_layers()
        if isinstance(layer, layers.RNN) and not isinstance(layer, layers.LSTM)
    ]
    where = f" (the layers {', '.join(named)})" if named else ""
    raise EdgedigitsError(
        f"the network has loops{where}, which TensorFlow cannot quantize to {recipe.form}",
        "take --recipe float16 or dynamic, or LSTM in their place",
    )


def _converter(concrete: Any, model: Any) -> Any:
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete], _what_it_uses(concrete, model))


def _what_it_uses(concrete: Any, model: Any) -> Any:
    """What the converter has to save beside a function: its variables.

    To save the model itself makes graphs of each of its layers, which are not looked at and take four times as long as
    all the rest. A function that uses more than variables, such as a table, keeps the model.
    """
    resources = [tensor for tensor in concrete.captured_inputs if tensor.dtype == tf.resource]
    if len(resources) != len(concrete.variables):
        return model
    used = tf.Module()
    used.weights = list(concrete.variables)
    return used


@contextlib.contextmanager
def conversion_errors(recipe: Recipe) -> Iterator[None]:
    """Keep the converter off the screen, and say which operators have no such form where it refuses."""
    try:
        with native_logs_hidden(), contextlib.redirect_stdout(io.StringIO()):
            yield
    except (ConverterError, RuntimeError, ValueError) as error:
        foreign = sorted(set(re.findall(r"TF Select ops: ([\w, ]+)", str(error))))
        reason = ", ".join(foreign) or " ".join(str(error).split())[:300]
        raise EdgedigitsError(
            f"the network has no {recipe.form} form ({reason})", "replace the layers that need these operators"
        ) from error


def check_int8(path: StrPath, contract: InputContract = OUR_CONTRACT) -> TfliteFile:
    """Make sure that a model is what ``int8`` says; the converter does not.

    Returns:
        What stands in the file.

    Raises:
        EdgedigitsError: as :func:`check_full_int8`, or an input that was not calibrated over the contract's range.
    """
    content = check_full_int8(path)
    check_input_range(Path(path), content.inputs[0], contract)
    return content


def check_full_int8(path: StrPath) -> TfliteFile:
    """As :func:`check_int8`, of everything but the input's range.

    Raises:
        EdgedigitsError: input or output not int8, a tensor of floats, a scale of zero, or a batch other than 1.
    """
    path = Path(path)
    content = read_tflite(path)
    ends = (*content.inputs, *content.outputs)
    for tensor in ends:
        if tensor.type != "INT8":
            raise EdgedigitsError(
                f"{path.name} takes or gives {tensor.type}", "calibrate with a representative dataset that is not empty"
            )
        if tensor.shape[:1] != (1,):
            raise EdgedigitsError(f"{path.name} has a batch of {tensor.shape[:1]}", "convert with a batch of 1")
    expect_no_floats(path, content)
    empty = [tensor.name for tensor in content.tensors if any(not scale > 0 for scale in tensor.scales)]
    if empty or any(not tensor.scales for tensor in ends):
        name = empty[0] if empty else "input or output"
        raise EdgedigitsError(f"{path.name} has a scale of zero at {name!r}", "calibrate with digits that have ink")
    return content


def expect_no_floats(path: Path, content: TfliteFile, spared: Collection[int] = ()) -> None:
    """Make sure that no tensor holds floats.

    Args:
        path: of the file, for messages.
        content: what stands in it.
        spared: places of tensors that may.

    Raises:
        EdgedigitsError: some do; the message names the operators that compute with them.
    """
    floats = {place for place, tensor in enumerate(content.tensors) if tensor.type in FLOATS} - set(spared)
    if not floats:
        return
    named = {node.name for node in content.nodes if floats.intersection((*node.inputs, *node.outputs))}
    computing = sorted(named - {"QUANTIZE", "DEQUANTIZE"}) or sorted(named)
    where = f": it computes in floats in {', '.join(computing)}" if computing else ""
    raise EdgedigitsError(
        f"{path.name} still has {len(floats)} float tensors{where}",
        "use layers whose operators have an integer form, or take --recipe float16 or dynamic",
    )


def check_input_range(path: Path, tensor: Tensor, contract: InputContract = OUR_CONTRACT) -> None:
    """Make sure that a model's integer input was calibrated over the range of its contract.

    Raises:
        EdgedigitsError: another range, as that of a representative dataset of 0 to 255 for a network of 0 to 1.
    """
    lowest, highest = _INTEGERS[tensor.type]
    scale, zero_point = (tensor.scales or (0.0,))[0], (tensor.zero_points or (0,))[0]
    low, high = scale * (lowest - zero_point), scale * (highest - zero_point)
    levels = contract.levels()
    first, last = float(levels.min()), float(levels.max())
    slack = (last - first) * (_RESIZED_SLACK if contract.field[:2] != (SIDE, SIDE) else _SLACK)
    if tensor.type == "INT16":  # symmetric about zero: the end that lies farther out decides
        first, last = -max(-first, last), max(-first, last)
    if abs(low - first) > slack or abs(high - last) > slack:
        raise EdgedigitsError(
            f"{path.name} was calibrated with inputs of {low:.3g} to {high:.3g}",
            f"the network is fed {first:.3g} to {last:.3g}: make the representative dataset with its contract's values",
        )


_INTEGERS = {"INT8": (-128, 127), "INT16": (-32768, 32767)}
_SLACK = 1 / 50
_RESIZED_SLACK = 1 / 5
"""Of the range's width: a digit that was made larger or smaller may have no pixel at the range's ends."""
