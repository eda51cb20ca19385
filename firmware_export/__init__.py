"""From an int8 model to C arrays for microcontrollers: ``write_export(export_arrays(model), folder)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

if TYPE_CHECKING:
    from edgedigits.firmware_export.arrays import ArrayExport, ExportRecipe, export_arrays, write_export

__all__ = ["ArrayExport", "ExportRecipe", "export_arrays", "write_export"]

__getattr__ = lazy_exports(__name__, dict.fromkeys(__all__, "arrays"))
