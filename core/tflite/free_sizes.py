"""Inputs of which a file leaves more free than the batch: the 1 that stands there instead is no size."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from edgedigits.core.tflite.file import TfliteFile

FIX = "convert it with a fixed shape, as keras.Input((49, 10, 1)) has and not keras.Input((None, 10, 1))"

_AXES_OF_A_PICTURE = ("batch", "height", "width", "number of channels")
_LONGEST_NAME = 40


def free_input(content: TfliteFile, given: Collection[int] = ()) -> str:
    """What a model's first input with a free size is, to go on the model's name with; empty where all are fixed.

    Args:
        content: of the model.
        given: axes whose size the caller says.
    """
    for tensor, name in zip(content.inputs, content.input_names, strict=False):
        if said := free_shape(name, tensor.shape, set(tensor.free_axes) - set(given)):
            return said
    return ""


def free_shape(name: str, shape: Sequence[int], free: Collection[int]) -> str:
    """What an input with a free size is, to go on the model's name with; empty where only the batch is free.

    Args:
        name: of the input; text from the model, which may be anyone's.
        shape: that stands in the file, the batch included.
        free: axes that are free.
    """
    axes = sorted(axis for axis in free if axis)
    if not axes:
        return ""
    words = [_AXES_OF_A_PICTURE[axis] if len(shape) == len(_AXES_OF_A_PICTURE) else f"axis {axis}" for axis in axes]
    sizes = ", ".join("None" if axis in axes else str(length) for axis, length in enumerate(shape))
    return f"has an input, {name[:_LONGEST_NAME]!a}, with a free {' and '.join(words)}: ({sizes})"
