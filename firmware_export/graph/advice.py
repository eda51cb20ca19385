"""What a user is told to do about a model that the C library does not take: advice that works when it is followed."""

from __future__ import annotations

from edgedigits.core.contract.contract import is_picture
from edgedigits.core.digit import CLASSES
from edgedigits.core.lines.shapes import line_shape
from edgedigits.core.tflite.file import TfliteFile
from edgedigits.firmware_export.arrays.runnable import why_not

QUANTIZE_FIRST = "run `edgedigits quantize MODEL.keras` and export the int8 model that it writes"
REBUILD = "make the model again with TensorFlow's converter for full int8 and a batch of 1"
LEAVE_OUT = "build the network without it, or export it for TensorFlow Lite Micro with --target arrays"
IN_INT8 = "convert the model for full int8"
WITHOUT_STATE = "use convolutions over time instead"
AGAIN_OR_WITHOUT = (
    "make it again with TensorFlow's converter for full int8, and build the network without what stays in floats"
)

_WITHOUT_IT = "build the network without it"
_CONVERT = "make it again with TensorFlow's converter for full int8, with representative inputs"
_OR_ARRAYS = ", or export it for TensorFlow Lite Micro with --target arrays"


def followable(remedy: str, content: TfliteFile, whole: bool = True) -> str:
    """A remedy for a model, without the ways that lead to another refusal.

    TensorFlow Lite Micro is named where it runs the model, `edgedigits quantize` where it reads digits or lines.

    Args:
        remedy: any; :data:`LEAVE_OUT`, :data:`IN_INT8`, :data:`WITHOUT_STATE`, :data:`AGAIN_OR_WITHOUT` and
            :data:`QUANTIZE_FIRST` depend on the model.
        content: of the model.
        whole: whether the model as a whole has other types, and not one layer numbers that no runtime takes.
    """
    if remedy == LEAVE_OUT:
        return _WITHOUT_IT + or_arrays(content)
    if remedy in (WITHOUT_STATE, IN_INT8, AGAIN_OR_WITHOUT):
        return remedy + or_arrays(content)
    if remedy == QUANTIZE_FIRST and not _is_ours(content):
        return _CONVERT + (or_arrays(content) if whole else "")
    return remedy


def or_arrays(content: TfliteFile) -> str:
    """The way to TensorFlow Lite Micro, to go on a remedy with; empty where it does not run the model."""
    return "" if why_not(content) else _OR_ARRAYS


def _is_ours(content: TfliteFile) -> bool:
    """Whether a model reads digits or lines, by its shapes."""
    ends = [tensor.shape for tensor in (*content.inputs, *content.outputs)]
    if len(content.inputs) != 1 or len(content.outputs) != 1:
        return False
    digits = ends[1] == (1, CLASSES) and ends[0][:1] == (1,) and is_picture(ends[0][1:])
    return digits or line_shape(*ends) is not None
