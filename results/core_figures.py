"""What a model costs on microcontrollers, taken from the ``firmware.json`` that lies beside it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from edgedigits.results.row import CoreFigures, Row

REPORT = "firmware.json"


def core_figures(folder: Path, row: Row) -> tuple[tuple[CoreFigures, ...], str]:
    """The figures of each core in the firmware report of a row's model: under its own name where there are several.

    Args:
        folder: of the row.
        row: names the model file and its sha256.

    Returns:
        The figures, none where there is no report, and a warning where there is one that cannot be used: damaged, or
        of another model than the row's.
    """
    own = f"{Path(row.file).stem}.{REPORT}"
    known = {path.name for path in folder.glob(f"*{REPORT}")}  # a row may name what can be no file
    path = folder / (own if own in known else REPORT)
    if not path.is_file():
        return (), ""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        if report["sha256"] != row.sha256:
            return (), f"{path} is about another model than {row.name}: run `edgedigits firmware report` again"
        return tuple(_figures(cost) for cost in report["costs"]), ""
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        return (), f"{path} is no firmware report ({error}): run `edgedigits firmware report` again"


def _figures(cost: dict[str, Any]) -> CoreFigures:
    size = {size["flags"]: size for size in cost["sizes"]}[cost["flags"]]  # of the code that was counted
    instructions = float(cost["instructions"])
    if not math.isfinite(instructions):
        raise ValueError(f"instructions: {instructions}")
    return CoreFigures(
        core=str(cost["core"]),
        flash_bytes=int(size["text"] + size["rodata"] + size["data"]),
        ram_bytes=int(cost["arena"] + cost["static"] + cost["stack"]),
        instructions=instructions,
        unit=str(cost["unit"]),
        equal=cost["differing_outputs"] == 0,
    )
