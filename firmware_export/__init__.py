"""From an int8 model to C for microcontrollers, with proof.

``write_export(export_arrays(model), folder)`` makes arrays for TFLite Micro; ``export_library(model)`` makes two C
files that need nothing, ``CompiledLibrary`` runs them on this computer, ``targets`` puts them into the form that an
ecosystem wants, ``firmware_report`` runs them on emulated cores, and ``serial.verify`` compares a board over its serial
port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

if TYPE_CHECKING:
    from edgedigits.firmware_export.arrays.export import ArrayExport, export_arrays, write_export
    from edgedigits.firmware_export.library.export import LibraryExport, export_library
    from edgedigits.firmware_export.proof.compiled import CompiledLibrary
    from edgedigits.firmware_export.proof.self_test import SelfTest, run_self_test
    from edgedigits.firmware_export.recipe import ExportRecipe
    from edgedigits.firmware_export.report.parameters import ParameterBytes, parameter_bytes
    from edgedigits.firmware_export.report.report import FirmwareReport, firmware_report
    from edgedigits.firmware_export.targets import write_target

_HOMES = {
    "ArrayExport": "arrays.export",
    "CompiledLibrary": "proof.compiled",
    "ExportRecipe": "recipe",
    "FirmwareReport": "report.report",
    "LibraryExport": "library.export",
    "ParameterBytes": "report.parameters",
    "SelfTest": "proof.self_test",
    "export_arrays": "arrays.export",
    "export_library": "library.export",
    "firmware_report": "report.report",
    "parameter_bytes": "report.parameters",
    "run_self_test": "proof.self_test",
    "write_export": "arrays.export",
    "write_target": "targets",
}

__all__ = [
    "ArrayExport",
    "CompiledLibrary",
    "ExportRecipe",
    "FirmwareReport",
    "LibraryExport",
    "ParameterBytes",
    "SelfTest",
    "export_arrays",
    "export_library",
    "firmware_report",
    "parameter_bytes",
    "run_self_test",
    "write_export",
    "write_target",
]

__getattr__ = lazy_exports(__name__, _HOMES)
