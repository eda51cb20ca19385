"""The two runtimes that a model is measured on: the Raspberry Pi's, and LiteRT as TensorFlow brings it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from edgedigits.core.contract.contract import OUR_CONTRACT, InputContract
from edgedigits.core.keras.backend import tf
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.runtime import Refused, Runtime, runtime


@cache
def litert() -> Runtime:
    """LiteRT of the installed TensorFlow, which knows every operator that its converter writes."""
    from tensorflow.lite.python import interpreter

    return Runtime("LiteRT of TensorFlow", tf.__version__, interpreter)


def open_model(path: Path, contract: InputContract = OUR_CONTRACT) -> DigitModel:
    """A model of our own making on the Raspberry Pi's runtime, or on LiteRT where that one refuses it.

    Raises:
        Refused: by both.
        EdgedigitsError: as :class:`edgedigits.core.tflite.digit_model.DigitModel`.
    """
    try:
        return DigitModel(path, on=runtime(), contract=contract)
    except Refused:
        return DigitModel(path, on=litert(), contract=contract)
