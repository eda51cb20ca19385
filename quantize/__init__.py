"""Float networks become TFLite models here, by named recipes, each with a proof of what that cost.

>>> from edgedigits.quantize import QuantizeRequest, quantize
>>> result = quantize(QuantizeRequest("out/float/model.keras"), "out/int8")
>>> result.proof.comparison.drop, result.proof.verdict
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

# tensorflow-model-optimization and our networks need Keras 2, which TensorFlow takes only when told before its import.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

if TYPE_CHECKING:
    from edgedigits.quantize.conversion import check_int8, convert
    from edgedigits.quantize.float_model import float_scores, load_float_model
    from edgedigits.quantize.folds import FoldsProof, quantize_folds
    from edgedigits.quantize.preflight import check_source, fold_models
    from edgedigits.quantize.proof import Proof, draw_flips, prove
    from edgedigits.quantize.quantizing import QuantizeRequest, QuantizeResult, quantize
    from edgedigits.quantize.recipes import RECIPES, Recipe, recipe_named
    from edgedigits.quantize.verdicts import Verdict, judge

__all__ = [
    "RECIPES",
    "FoldsProof",
    "Proof",
    "QuantizeRequest",
    "QuantizeResult",
    "Recipe",
    "Verdict",
    "check_int8",
    "check_source",
    "convert",
    "draw_flips",
    "float_scores",
    "fold_models",
    "judge",
    "load_float_model",
    "prove",
    "quantize",
    "quantize_folds",
    "recipe_named",
]


__getattr__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(("check_int8", "convert"), "conversion"),
        **dict.fromkeys(("float_scores", "load_float_model"), "float_model"),
        **dict.fromkeys(("FoldsProof", "quantize_folds"), "folds"),
        **dict.fromkeys(("check_source", "fold_models"), "preflight"),
        **dict.fromkeys(("Proof", "draw_flips", "prove"), "proof"),
        **dict.fromkeys(("QuantizeRequest", "QuantizeResult", "quantize"), "quantizing"),
        **dict.fromkeys(("RECIPES", "Recipe", "recipe_named"), "recipes"),
        **dict.fromkeys(("Verdict", "judge"), "verdicts"),
    },
    quiet=True,
)
