"""The files that each ecosystem wants: ``write_target(target, library, folder)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

if TYPE_CHECKING:
    from edgedigits.firmware_export.targets.contract import Target, Written
    from edgedigits.firmware_export.targets.files import LibraryFiles, TestVector
    from edgedigits.firmware_export.targets.packages import target_files, write_target
    from edgedigits.firmware_export.targets.registry import TARGETS

__all__ = ["TARGETS", "LibraryFiles", "Target", "TestVector", "Written", "target_files", "write_target"]

__getattr__ = lazy_exports(
    __name__,
    dict.fromkeys(("LibraryFiles", "TestVector"), "files")
    | dict.fromkeys(("Target", "Written"), "contract")
    | {"TARGETS": "registry"}
    | dict.fromkeys(("target_files", "write_target"), "packages"),
)
