"""Float networks become TFLite models here, by named recipes, each with a proof of what that cost.

>>> from edgedigits.quantize import QuantizeRequest, quantize
>>> result = quantize(QuantizeRequest("out/float/model.keras"), "out/int8")
>>> result.proof.comparison.drop, result.proof.verdict
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

if TYPE_CHECKING:
    from edgedigits.core.keras.models import keras_scores, load_keras
    from edgedigits.quantize.conversion import check_int8, convert
    from edgedigits.quantize.folds import FoldsProof, quantize_folds
    from edgedigits.quantize.preflight import check_source, fold_models
    from edgedigits.quantize.proof.proving import Proof, draw_flips, prove
    from edgedigits.quantize.proof.verdicts import RuntimeVerdict, judge
    from edgedigits.quantize.quantizing import QuantizeRequest, QuantizeResult, quantize
    from edgedigits.quantize.recipes import RECIPES, Recipe, recipe_named

__all__ = [
    "RECIPES",
    "FoldsProof",
    "Proof",
    "QuantizeRequest",
    "QuantizeResult",
    "Recipe",
    "RuntimeVerdict",
    "check_int8",
    "check_source",
    "convert",
    "draw_flips",
    "fold_models",
    "judge",
    "keras_scores",
    "load_keras",
    "prove",
    "quantize",
    "quantize_folds",
    "recipe_named",
]


__getattr__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(("check_int8", "convert"), "conversion"),
        **dict.fromkeys(("keras_scores", "load_keras"), "edgedigits.core.keras.models"),
        **dict.fromkeys(("FoldsProof", "quantize_folds"), "folds"),
        **dict.fromkeys(("check_source", "fold_models"), "preflight"),
        **dict.fromkeys(("Proof", "draw_flips", "prove"), "proof.proving"),
        **dict.fromkeys(("QuantizeRequest", "QuantizeResult", "quantize"), "quantizing"),
        **dict.fromkeys(("RECIPES", "Recipe", "recipe_named"), "recipes"),
        **dict.fromkeys(("RuntimeVerdict", "judge"), "proof.verdicts"),
    },
    quiet=True,
)
