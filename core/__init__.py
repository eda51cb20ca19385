"""What every other room shares: the digit, its files, its cards, the runtime, the errors."""

from edgedigits.core.cards import Card, card_of, code_version, read_card, write_card
from edgedigits.core.digit import BOX, CLASSES, LABELS, SIDE, model_input, normalise
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.runtime import DigitModel, Quantization, Runtime, runtime

__all__ = [
    "BOX",
    "CLASSES",
    "LABELS",
    "SIDE",
    "Card",
    "DigitModel",
    "EdgedigitsError",
    "Quantization",
    "Runtime",
    "card_of",
    "code_version",
    "model_input",
    "normalise",
    "read_card",
    "runtime",
    "write_card",
]
