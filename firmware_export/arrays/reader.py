"""From a ``.tflite`` file to a plan; the one module of this room that knows TFLite."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edgedigits.core.cards import card_of
from edgedigits.core.contract.contract import InputContract, is_picture
from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.digit import CLASSES, LABELS
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.digit_model import DigitModel, Quantization, check_in_a_child
from edgedigits.core.tflite.file import Tensor, TfliteFile, read_tflite
from edgedigits.core.tflite.runtime import Refused
from edgedigits.firmware_export.arrays.plan import ArrayPlan, TensorSpec
from edgedigits.firmware_export.arrays.runnable import living_bytes, methods, needs, why_not
from edgedigits.firmware_export.proof.verdict import proof_verdict


def plan_arrays(model: Path, name: str, allow_failed: bool, told: Told = NOTHING_TOLD) -> ArrayPlan:
    """Check that TensorFlow Lite Micro can run a model and plan its C arrays.

    Args:
        model: the ``.tflite`` file, of any shape and type; a card beside it is checked, too.
        name: prefix of every C symbol.
        allow_failed: accept a model whose card says that its proof failed.
        told: what is known of the input of a digit model, beside its card.

    Raises:
        EdgedigitsError: missing, damaged or foreign file, a card that does not match or tells of a failed proof, or
            something that TensorFlow Lite Micro lacks.
    """
    verdict = proof_verdict(model, allow_failed)
    content = read_tflite(model, subgraphs=True)
    if wrong := why_not(content):
        what, remedy = wrong
        raise EdgedigitsError(f"{model} {what}", remedy)
    data = model.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    contract = _tried(model, content, sha256, told)
    return ArrayPlan(
        name=name,
        model=data,
        sha256=sha256,
        inputs=tuple(map(_spec, content.inputs)),
        outputs=tuple(map(_spec, content.outputs)),
        contract=contract,
        registrations=methods(content.operators),
        needs=needs(content),
        living_bytes=living_bytes(content),
        labels=LABELS if contract else (),
        verdict=verdict,
    )


def _tried(model: Path, content: TfliteFile, sha256: str, told: Told) -> InputContract | None:
    """The contract of a digit model, None of another, once it ran: the structure of a file does not show all damage.

    What TFLite's runtime here lacks, such as a kernel of int8, says nothing about TensorFlow Lite Micro.
    """
    ends = [tensor.shape for tensor in (*content.inputs, *content.outputs)]
    is_digits = len(ends) == 2 and ends[1] == (1, CLASSES) and ends[0][:1] == (1,) and is_picture(ends[0][1:])
    try:
        if is_digits:
            return DigitModel(model, told=told).contract
        if card_of(model) is None:
            check_in_a_child(model, sha256)
    except Refused as refused:
        if not refused.lacks:
            raise
    return None


def _spec(tensor: Tensor) -> TensorSpec:
    quantization = None
    if len(tensor.scales) == 1 and tensor.type != "FLOAT32":
        quantization = Quantization(tensor.scales[0], (tensor.zero_points or (0,))[0])
    return TensorSpec(tensor.shape or (1,), quantization, tensor.type)
