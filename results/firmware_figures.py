"""What a model costs as C, taken from the ``firmware.json`` that lies beside it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgedigits.results.row import CoreFigures, Row

REPORT = "firmware.json"


@dataclass(frozen=True)
class FirmwareFigures:
    """What a firmware report says of a row's model.

    Attributes:
        cores: the figures of each core; none where there is no report that can be used.
        parameter_bytes: of the parameters in flash; None where there is no such report, or one that does not tell, as
            older ones.
        warning: why a report that is there cannot be used; empty where it can.
    """

    cores: tuple[CoreFigures, ...] = ()
    parameter_bytes: int | None = None
    warning: str = ""


def firmware_figures(folder: Path, row: Row) -> FirmwareFigures:
    """The figures in the firmware report of a row's model: under its own name where there are several.

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
        return FirmwareFigures()
    again = "run `edgedigits firmware report` again"
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        if report["sha256"] != row.sha256:
            return FirmwareFigures(warning=f"{path} is about another model than {row.name}: {again}")
        parameters = report.get("parameter_bytes")
        return FirmwareFigures(
            tuple(_figures(cost) for cost in report["costs"]), None if parameters is None else int(parameters)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        return FirmwareFigures(warning=f"{path} is no firmware report ({error}): {again}")


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
