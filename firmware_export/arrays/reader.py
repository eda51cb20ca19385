"""From a ``.tflite`` file to a plan; the one module of this room that knows TFLite."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.shapes import line_shape
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.file import Tensor, TfliteFile, read_tflite
from edgedigits.firmware_export.arrays.plan import ArrayPlan, TensorSpec, registrations
from edgedigits.firmware_export.proof.verdict import proof_verdict

_QUANTIZE_FIRST = "run `edgedigits quantize MODEL.keras` and export the int8 model that it writes"


def plan_arrays(model: Path, name: str, allow_failed: bool, told: Told = NOTHING_TOLD) -> ArrayPlan:
    """Check that a model is a sound full-int8 digit model and plan its C arrays.

    Args:
        model: the ``.tflite`` file; a card beside it is checked, too.
        name: prefix of every C symbol.
        allow_failed: accept a model whose card says that its proof failed.
        told: what is known of the model's input, beside its card.

    Raises:
        EdgedigitsError: missing, damaged or foreign file, floats inside, a card that does not match or tells of a
            failed proof, or an operator that TFLite Micro lacks.
    """
    verdict = proof_verdict(model, allow_failed)
    content = read_tflite(model)
    _check_int8(model, content)
    _refuse_lines(model, content)
    # Loading and running it once is the only check that also covers what the structure does not show.
    loaded = DigitModel(model, told=told)
    data = model.read_bytes()
    return ArrayPlan(
        name=name,
        model=data,
        sha256=hashlib.sha256(data).hexdigest(),
        input=TensorSpec(content.inputs[0].shape, loaded.input, content.inputs[0].type),
        output=TensorSpec(content.outputs[0].shape, loaded.output, content.outputs[0].type),
        contract=loaded.contract,
        registrations=registrations(tuple(operator.name for operator in content.operators)),
        verdict=verdict,
    )


def _refuse_lines(model: Path, content: TfliteFile) -> None:
    """Raise of a line network: what TFLite Micro makes of it nobody decodes."""
    if line_shape(content.inputs[0].shape, content.outputs[0].shape):
        raise EdgedigitsError(
            f"{model} is a line network, and arrays come without the code that makes a text of its scores",
            "export it as C with another --target, such as c",
        )


def _check_int8(model: Path, content: TfliteFile) -> None:
    """Raise unless inputs and outputs are int8 or uint8 and no tensor inside is a float."""
    floats = [tensor for tensor in content.tensors if tensor.type.startswith(("FLOAT", "BFLOAT"))]
    if floats:
        kind = "is a float model" if _are_float(content.inputs) and _no_int8(content) else "is only partly quantized"
        raise EdgedigitsError(f"{model} {kind}: {len(floats)} of its tensors are floats", _QUANTIZE_FIRST)
    others = sorted({tensor.type for tensor in content.inputs + content.outputs} - {"INT8", "UINT8"})
    if others:
        raise EdgedigitsError(
            f"{model} has {', '.join(others)} as its input or output where int8 or uint8 is expected", _QUANTIZE_FIRST
        )


def _are_float(tensors: tuple[Tensor, ...]) -> bool:
    return all(tensor.type == "FLOAT32" for tensor in tensors)


def _no_int8(content: TfliteFile) -> bool:
    return all(tensor.type != "INT8" for tensor in content.tensors)
