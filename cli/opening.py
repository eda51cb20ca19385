"""Models of digits, opened to be asked what they read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.cli.output import loading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgedigits.core.contract.finding import FoundContract, Told, TrialDigits

    Reads = Callable[[NDArray[np.uint8], Callable[[int], object]], NDArray[np.float32]]


def check_model(model: Path) -> None:
    """Make sure that a file is one of those that :func:`opened` opens, as far as that takes no time.

    Raises:
        EdgedigitsError: missing, of another kind, or damaged.
    """
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.model_files.keras_file import check_keras_file
    from edgedigits.core.model_files.kinds import OURS, checked_kind, is_tflite

    if not checked_kind(model) and model.suffix.lower() not in OURS:
        raise EdgedigitsError(
            f"{model} is neither .keras nor .tflite", "give one of these, an .h5 file or a SavedModel folder"
        )
    if not is_tflite(model):
        check_keras_file(model)


def opened(model: Path, told: Told, trust: bool, tried_on: TrialDigits | None) -> tuple[Reads, FoundContract]:
    """What turns digits into probabilities and tells how many it has done; and how the model is fed.

    Args:
        model: that :func:`check_model` takes.
        told: of its input.
        trust: run code that it holds.
        tried_on: digits by which its input is found out where nothing tells.

    Raises:
        EdgedigitsError: it cannot be read, reads no digits, or would run code of its own.
    """
    from edgedigits.core.model_files.kinds import is_tflite

    if not is_tflite(model):
        with loading("TensorFlow"):
            from edgedigits.quantize import keras_scores, load_keras
            from edgedigits.quantize.source import trial_contract
        network = load_keras(model, trust=trust)
        found = trial_contract(model, network, told, tried_on)
        return lambda images, tell: keras_scores(network, images, tell, found.contract), found
    from edgedigits.core.tflite.digit_model import DigitModel

    runner = DigitModel(model, told=told, tried_on=tried_on)
    return runner.probabilities, runner.found
