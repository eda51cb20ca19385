"""Rows as lines of plain figures, whose names are those of the dataclasses' fields: what a spreadsheet takes."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from edgedigits.results.row import Row

SINGULAR = {"latencies": "latency"}
"""What one of several is called before its number; those of cores have the name of their core."""


def flattened(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Every row with the same names in the same order: ``accuracy_percent``, ``latency_1_median_us``, ``m4_ram_bytes``.

    A figure that a row lacks is None; texts are joined by semicolons, objects are JSON.
    """
    records: list[dict[str, Any]] = [{} for _ in rows]
    hints = typing.get_type_hints(Row)
    for item in fields(Row):
        values = [getattr(row, item.name) for row in rows]
        for name, column in _columns(item.name, hints[item.name], values):
            for record, value in zip(records, column, strict=True):
                record[name] = value
    return records


def _columns(name: str, hint: Any, values: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    kinds = [hint, *typing.get_args(hint)]
    inner = next((kind for kind in kinds if is_dataclass(kind)), None)
    if typing.get_origin(hint) is tuple and inner is not None:
        for key, column in _each(name, values):
            yield from _columns(key, inner, column)
    elif inner is not None:
        for item in fields(typing.cast(type, inner)):
            yield f"{name}_{item.name}", [getattr(value, item.name, None) for value in values]
    elif typing.get_origin(hint) is tuple:
        yield name, ["; ".join(value) for value in values]
    elif typing.get_origin(hint) is dict:
        yield name, [json.dumps(value, ensure_ascii=False) for value in values]
    else:
        yield name, values


def _each(name: str, values: list[tuple[Any, ...]]) -> Iterator[tuple[str, list[Any]]]:
    """Things of which a row has several: side by side by their core, where they have one, else by their number."""
    cores = dict.fromkeys(one.core for several in values for one in several if hasattr(one, "core"))
    for core in cores:
        yield core, [next((one for one in several if one.core == core), None) for several in values]
    most = 0 if cores else max((len(several) for several in values), default=0)
    for place in range(most):
        yield f"{SINGULAR[name]}_{place + 1}", [several[place] if place < len(several) else None for several in values]
