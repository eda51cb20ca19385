"""The target ``arrays``: the model's bytes for TensorFlow Lite for Microcontrollers."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.recipe import AUTO
from edgedigits.firmware_export.targets.contract import ExportRequest, Target, Written


def _write(wanted: ExportRequest, folder: Path, force: bool) -> Written:
    if wanted.width is not None:
        raise EdgedigitsError("arrays hold a model as it is, whose width cannot be chosen", "leave --width out")
    if wanted.labels or wanted.inputs:
        raise EdgedigitsError("arrays hold a model alone", "leave --labels and --inputs out")
    if wanted.weights != AUTO:
        raise EdgedigitsError("arrays hold a model as it is, its weights too", "leave --weights out")
    if wanted.memories:
        raise EdgedigitsError("TensorFlow Lite Micro lays its arena out itself", "leave --memory out")
    from edgedigits.firmware_export.arrays.export import export_arrays, write_export

    export = export_arrays(wanted.model, name=wanted.name, allow_failed=wanted.allow_failed, told=wanted.told)
    placed = write_export(export, folder, force=force)
    facts = {
        "verdict": export.verdict,
        "sha256": export.sha256,
        "bytes": export.bytes,
        "register": list(export.resolver_calls),
        "living_bytes": export.living_bytes,
        "needs": list(export.needs),
    }
    words = [
        f"register: {', '.join(export.resolver_calls)}",
        f"arena: more than {export.living_bytes:,} bytes; interpreter.arena_used_bytes() tells after AllocateTensors()",
        *export.needs,
    ]
    return Written(placed, facts, "\n".join(words))


TARGET = Target("arrays", "the model's bytes as a C array for TFLite Micro, and the operators to register", _write)
