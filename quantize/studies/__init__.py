"""Studies of quantization: how much calibration is enough, and which layers the error comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

if TYPE_CHECKING:
    from edgedigits.quantize.studies.calibration import CalibrationStudy, study_calibration
    from edgedigits.quantize.studies.calibration_files import write_calibration
    from edgedigits.quantize.studies.layer_error import LayerErrors, study_layer_error
    from edgedigits.quantize.studies.layer_error_files import write_layer_errors
    from edgedigits.quantize.studies.recommending import Recommendation, recommend

__all__ = [
    "CalibrationStudy",
    "LayerErrors",
    "Recommendation",
    "recommend",
    "study_calibration",
    "study_layer_error",
    "write_calibration",
    "write_layer_errors",
]

__getattr__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(("CalibrationStudy", "study_calibration"), "calibration"),
        "write_calibration": "calibration_files",
        **dict.fromkeys(("LayerErrors", "study_layer_error"), "layer_error"),
        "write_layer_errors": "layer_error_files",
        **dict.fromkeys(("Recommendation", "recommend"), "recommending"),
    },
    quiet=True,
)
