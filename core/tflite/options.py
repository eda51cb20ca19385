"""The options of an operator in a TFLite file, whichever it is: the schema package says what stands in their table."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any


def options_of(operator: Any, take: Callable[[int], range]) -> tuple[str, dict[str, Any]]:
    """TFLite's name of the table that an operator's options stand in, and its fields by their names there.

    Args:
        operator: of the flatbuffer.
        take: is asked for every entry that is read, and raises where there are too many.

    Returns:
        Numbers, and vectors of numbers as tuples. An empty name and nothing for an operator without options, or with
        those of a table that the schema package does not know.
    """
    import tflite

    found = operator.BuiltinOptions()
    table_name = _tables().get(operator.BuiltinOptionsType(), "")
    if found is None or not hasattr(tflite, table_name or "NONE"):
        return "", {}
    table = getattr(tflite, table_name)()
    table.Init(found.Bytes, found.Pos)
    names = _fields(table_name)
    take(len(names))
    fields = {field: _field(table, field, take) for field in names}
    return table_name, {field: value for field, value in fields.items() if value is not None}


def _field(table: Any, field: str, take: Callable[[int], range]) -> Any:
    """A number, or numbers; None for what is neither."""
    read = getattr(table, field)
    if hasattr(table, f"{field}Length"):
        value = tuple(read(i) for i in take(getattr(table, f"{field}Length")()))
        return value if all(isinstance(one, (int, float)) for one in value) else None
    value = read()
    return value if isinstance(value, (int, float)) else None


@cache
def _tables() -> dict[int, str]:
    """Names of the tables of options by their numbers in a file."""
    from tflite import BuiltinOptions

    return {value: name for name, value in vars(BuiltinOptions).items() if not name.startswith("_")}


@cache
def _fields(table_name: str) -> tuple[str, ...]:
    """Names of the fields of a table, as the schema package has methods for them."""
    import tflite

    methods = [name for name in vars(getattr(tflite, table_name)) if name[0].isupper()]
    others = {"Init", *(f"{name}{end}" for name in methods for end in ("Length", "AsNumpy", "IsNone"))}
    return tuple(
        name
        for name in methods
        if name not in others and not name.startswith("GetRootAs") and not name.endswith("BufferHasIdentifier")
    )
