"""A folder of results: a header, and a folder with ``row.json`` for each row, so that a killed run keeps its rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgedigits.core.cards import code_version
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import read_json, write_json
from edgedigits.core.paths import StrPath
from edgedigits.results.firmware_figures import firmware_figures
from edgedigits.results.machine import Machine, this_machine
from edgedigits.results.row import Row, dataclass_from, row_from

HEADER, ROW = "results.json", "row.json"
_REMEDY = "remove it and run the command that made it again"
FORMAT = 1


@dataclass(frozen=True)
class Header:
    """What a folder of results is.

    Attributes:
        kind: the command that made it: ``benchmark``, ``baseline``, ``search``...
        title: for people.
        names: of the rows, as they shall stand in the table; each is a folder.
        settings: what was asked for, as JSON takes it.
        machine: that measured.
        software: version of the toolkit and of what else matters.
    """

    kind: str
    title: str
    names: tuple[str, ...]
    settings: dict[str, Any]
    machine: Machine
    software: dict[str, str]


@dataclass(frozen=True)
class Results:
    """A folder of results as it was read.

    Attributes:
        folder: where it lies.
        header: what it is.
        rows: those that are finished, in the header's order, with the firmware figures that lie beside their models.
        missing: names of rows that were announced and are not there (yet).
        warnings: what a reader has to know, such as a firmware report about another model.
    """

    folder: Path
    header: Header
    rows: tuple[Row, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


def write_header(
    folder: StrPath,
    kind: str,
    title: str,
    names: tuple[str, ...],
    settings: dict[str, Any],
    software: dict[str, str],
    machine: Machine | None = None,
) -> Header:
    """Begin a folder of results; the version of the toolkit is added to ``software``.

    The machine is this one where none is given.
    """
    folder = Path(folder)
    versions = {"edgedigits": code_version(), **software}
    header = Header(kind, title, names, settings, machine or this_machine(), versions)
    write_json(folder / HEADER, {"format": FORMAT, **asdict(header)})
    return header


def holds(folder: StrPath, kind: str) -> bool:
    """Whether a folder holds results of a kind, finished or not.

    Raises:
        EdgedigitsError: the header that lies there is damaged or of another version.
    """
    return (Path(folder) / HEADER).is_file() and read_header(folder).kind == kind


def folder_names(rows: Sequence[Row]) -> tuple[str, ...]:
    """A folder's name for each row: model and recipe, with a number where they are taken."""
    found: list[str] = []
    for row in rows:
        plain = re.sub(r"[^A-Za-z0-9._=-]+", "-", f"{row.model}-{row.recipe}").strip(".-")[:80] or "row"
        name, number = plain, 1
        while name.lower() in {other.lower() for other in found}:
            number += 1
            name = f"{plain}-{number}"
        found.append(name)
    return tuple(found)


def write_row(folder: StrPath, name: str, row: Row) -> Path:
    """Write a row into its folder ``name``, whole or not at all, and return the path of ``row.json``."""
    folder = Path(folder)
    path = folder / name / ROW
    write_json(path, row.as_dict())
    return path


def read_row(path: StrPath) -> Row:
    """Read one ``row.json``.

    Raises:
        EdgedigitsError: half-written, changed, or not a row.
    """
    path = Path(path)
    content = read_json(path, _REMEDY)
    try:
        return row_from(content)
    except ValueError as error:
        raise EdgedigitsError(
            f"{path} is no whole row ({error})", f"remove {path.parent} and run the command that made it again"
        ) from error


def read_header(folder: StrPath) -> Header:
    """Read what a folder of results is.

    Raises:
        EdgedigitsError: no folder of results, of another version, or damaged.
    """
    folder = Path(folder)
    path = folder / HEADER
    if not path.is_file():
        raise EdgedigitsError(
            f"{folder} holds no {HEADER}",
            "name a folder that benchmark, baseline, search, measure or compare has written",
        )
    content = read_json(path, _REMEDY)
    found = content.pop("format", None) if isinstance(content, dict) else None
    if found != FORMAT:
        raise EdgedigitsError(
            f"{path} has format {found}, this version reads format {FORMAT}",
            "run the command that made it again with this version of edgedigits",
        )
    try:
        return dataclass_from(content, Header, "header")
    except ValueError as error:
        raise EdgedigitsError(f"{path} is damaged ({error})", "run the command that made it again") from error


def read_results(folder: StrPath) -> Results:
    """Read a folder of results with the firmware reports that lie beside its models.

    Raises:
        EdgedigitsError: no folder of results, of another version, or with a damaged row.
    """
    folder = Path(folder)
    header = read_header(folder)
    rows, missing, warnings = [], [], []
    for name in header.names:
        path = folder / name / ROW
        if not path.is_file():
            missing.append(name)
            continue
        row = read_row(path)
        found = firmware_figures(path.parent, row)
        told = found.parameter_bytes if row.parameter_bytes is None else row.parameter_bytes
        rows.append(replace(row, cores=found.cores or row.cores, parameter_bytes=told))
        warnings += [found.warning] if found.warning else []
    return Results(folder, header, tuple(rows), tuple(missing), tuple(warnings))
