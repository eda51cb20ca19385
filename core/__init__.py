"""What every other room shares: the digit, its data sets and files, model cards, the runtime, the errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

if TYPE_CHECKING:
    from edgedigits.core.cards import Card, card_of, code_version, read_card, write_card
    from edgedigits.core.digit import BOX, CLASSES, LABELS, SIDE, model_input, normalise
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.statistics.metrics import Comparison, Metrics, compare, evaluate_scores
    from edgedigits.core.statistics.outcome import OUTCOMES, outcome_of, required_digits
    from edgedigits.core.tflite.digit_model import DigitModel, Quantization
    from edgedigits.core.tflite.runtime import Runtime

__all__ = [
    "BOX",
    "CLASSES",
    "LABELS",
    "OUTCOMES",
    "SIDE",
    "Card",
    "Comparison",
    "DigitModel",
    "EdgedigitsError",
    "Metrics",
    "Quantization",
    "Runtime",
    "card_of",
    "code_version",
    "compare",
    "evaluate_scores",
    "model_input",
    "normalise",
    "outcome_of",
    "read_card",
    "required_digits",
    "write_card",
]

__getattr__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(("Card", "card_of", "code_version", "read_card", "write_card"), "cards"),
        **dict.fromkeys(("BOX", "CLASSES", "LABELS", "SIDE", "model_input", "normalise"), "digit"),
        **dict.fromkeys(("Comparison", "Metrics", "compare", "evaluate_scores"), "statistics.metrics"),
        **dict.fromkeys(("OUTCOMES", "outcome_of", "required_digits"), "statistics.outcome"),
        **dict.fromkeys(("DigitModel", "Quantization"), "tflite.digit_model"),
        "Runtime": "tflite.runtime",
        "EdgedigitsError": "errors",
    },
)
