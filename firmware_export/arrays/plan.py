"""What the C files will say, decided before any C is written."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.core.contract.contract import InputContract
from edgedigits.core.tflite.digit_model import Quantization


@dataclass(frozen=True)
class TensorSpec:
    """Input or output of the model.

    Attributes:
        shape: the batch included; of a scalar (1,).
        quantization: ``real = (q - zero_point) * scale``; None of what is not quantized.
        type: TFLite's name.
    """

    shape: tuple[int, ...]
    quantization: Quantization | None
    type: str = "INT8"


@dataclass(frozen=True)
class ArrayPlan:
    """Everything that the writer puts into C.

    Attributes:
        name: prefix of every symbol; a lower-case C identifier.
        model: bytes of the ``.tflite`` file.
        sha256: of those bytes, lower-case hexadecimal.
        inputs: of the model, one or more.
        outputs: likewise.
        contract: what a digit model is fed; None of other models.
        registrations: methods of ``MicroMutableOpResolver`` to call, in order of first use.
        needs: what else TensorFlow Lite Micro has to be told, in sentences.
        living_bytes: of the tensors that are alive at the same time, at most.
        labels: what each of the output's values stands for; empty where nobody says.
        verdict: of the model's proof, as its card tells it; empty where it tells none.
    """

    name: str
    model: bytes
    sha256: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    contract: InputContract | None
    registrations: tuple[str, ...]
    needs: tuple[str, ...]
    living_bytes: int
    labels: tuple[str, ...] = ()
    verdict: str = ""
