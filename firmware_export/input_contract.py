"""What an exported model is fed: by its card, or tried out as everybody else tries it."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.cards import card_of
from edgedigits.core.contract.card_contract import card_contract
from edgedigits.core.contract.contract import InputContract, is_picture
from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.digit import CLASSES
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.file import read_tflite


def contract_of(model: Path, told: Told = NOTHING_TOLD) -> InputContract | None:
    """The contract of a digit model; None of what takes no picture or gives no ten scores.

    Args:
        model: a ``.tflite`` file.
        told: what the user knows of its input.

    Raises:
        EdgedigitsError: as ``DigitModel``.
    """
    card = card_of(model)
    content = read_tflite(model)
    ends = [tensor.shape for tensor in (*content.inputs, *content.outputs)]
    if len(ends) != 2 or ends[1] != (1, CLASSES) or ends[0][:1] != (1,) or not is_picture(ends[0][1:]):
        return None
    return card_contract(card, told, ends[0][1:]).contract if card else DigitModel(model, told=told).contract
