"""The C99 inference library: kernels as real C files, and the writer that puts a network beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

if TYPE_CHECKING:
    from edgedigits.firmware_export.library.export import LibraryExport, export_library

__all__ = ["LibraryExport", "export_library"]
__getattr__ = lazy_exports(__name__, dict.fromkeys(__all__, "export"))
