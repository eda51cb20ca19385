"""Bytes of parameters in flash, counted of the models that lie beside rows: no other room may ask the exporter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edgedigits.cli.output import progress

if TYPE_CHECKING:
    from pathlib import Path

    from edgedigits.results import Results, Row


def with_parameter_bytes(results: Results) -> Results:
    """Results whose rows have the bytes of their parameters, where a full int8 model lies there that can be exported.

    No compiler is needed; a row that has the figure keeps it.
    """
    places = dict(zip(_names(results), results.rows, strict=True))
    todo = [name for name, row in places.items() if _countable(results.folder / name, row)]
    if not todo:
        return results
    with progress() as stage:
        for done, name in enumerate(todo):
            stage("parameters in flash", done, len(todo), name)
            places[name] = _counted(results.folder / name, places[name])
        stage("parameters in flash", len(todo), len(todo))
    return replace(results, rows=tuple(places.values()))


def rows_with_parameters(results: Results) -> Results:
    """The same; rows that gain the figure are written, and then the tables beside them again."""
    from edgedigits.results import write_row, write_tables

    found = with_parameter_bytes(results)
    gained = [
        (name, now)
        for name, before, now in zip(_names(results), results.rows, found.rows, strict=True)
        if now.parameter_bytes != before.parameter_bytes
    ]
    for name, row in gained:
        write_row(results.folder, name, replace(row, cores=()))  # those of cores stand in the firmware report
    if gained:
        write_tables(results.folder, found)
    return found


def _names(results: Results) -> list[str]:
    return [name for name in results.header.names if name not in results.missing]


def _countable(folder: Path, row: Row) -> bool:
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.tflite.file import read_tflite

    model = folder / row.file
    if row.parameter_bytes is not None or row.failure or model.suffix != ".tflite" or not model.is_file():
        return False
    try:
        return read_tflite(model).is_full_int8
    except EdgedigitsError:
        return False


def _counted(folder: Path, row: Row) -> Row:
    """A row with the figure, or as it was where the exporter lacks something that its model needs."""
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.files import sha256_of
    from edgedigits.firmware_export import export_library, parameter_bytes

    model = folder / row.file
    try:
        if sha256_of(model) != row.sha256:
            return row
        return replace(row, parameter_bytes=parameter_bytes(export_library(model, allow_failed=True)).total)
    except EdgedigitsError:
        return row
