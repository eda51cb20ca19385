"""The station's configuration file: written with comments, read with every problem named with its line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.paths import StrPath
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.station.configuration.settings import Limits, StationSettings

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_HEAD = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?")
_KEY = re.compile(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=")

_HEAD_LINES = (
    "# A sorting station: `edgedigits station --config THIS`.",
    "# Paths that do not begin with / are relative to the folder that this file lies in.",
)

_KINDS: dict[Any, str] = {
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple[str, ...]: "a list of texts",
    Box: "four whole numbers [x, y, width, height]",
}


@dataclass(frozen=True)
class _Problem:
    line: int
    words: str


def read_settings(path: StrPath) -> StationSettings:
    """Read a station's configuration file.

    Raises:
        EdgedigitsError: there is none, it is no TOML, or it holds unknown or impossible settings: all of them are
            named, each with its line.
    """
    path = Path(path)
    text = _text(path)
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EdgedigitsError(f"{path} is no TOML: {error}", "mend that line") from None
    except RecursionError:
        raise EdgedigitsError(f"{path} is nested too deeply", "write it as `edgedigits station init` does") from None
    lines = _lines_of(text)
    problems: list[_Problem] = []
    settings: StationSettings = _table(StationSettings, told, "", lines, problems)
    if problems:
        problems.sort(key=lambda problem: problem.line)
        named = "".join(f"\n  line {one.line}: {one.words}" for one in problems)
        raise EdgedigitsError(
            f"{path} has {counted(len(problems), 'problem')}:{named}",
            "mend them; `edgedigits station init` shows what there is",
        )
    return settings


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise EdgedigitsError(
            f"no configuration at {path}", f"write one with `edgedigits station init --config {path}`"
        ) from None
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "name the file of a station") from None
    except UnicodeDecodeError:
        raise EdgedigitsError(f"{path} is no text in UTF-8", "save it as UTF-8") from None


def _lines_of(text: str) -> dict[tuple[str, str], int]:
    """The line of each table, as (table, ""), and of each key of it."""
    found: dict[tuple[str, str], int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if head := _HEAD.fullmatch(line):
            table = head[1].strip("\"'")
            found.setdefault((table, ""), number)
        elif key := _KEY.match(line):
            found.setdefault((table, key[1]), number)
    return found


def _table(
    kind: type[Any],
    told: Mapping[str, Any],
    name: str,
    lines: Mapping[tuple[str, str], int],
    problems: list[_Problem],
) -> Any:
    known = {one.name: one for one in fields(kind)}
    kinds = get_type_hints(kind)
    taken: dict[str, Any] = {}
    for key, value in told.items():
        line = lines.get((name, key)) or lines.get((key, "")) or lines.get((name, ""), 1)
        if key not in known:
            problems.append(_Problem(line, _unknown(key, name, list(known), isinstance(value, dict))))
        elif is_dataclass(kinds[key]):
            if isinstance(value, dict):
                taken[key] = _table(kinds[key], value, key, lines, problems)
            else:
                problems.append(_Problem(line, f"{key} is a table: write [{key}] and its settings below"))
        else:
            checked, words = _value(value, kinds[key], known[key])
            if words:
                problems.append(_Problem(line, f"{key} {words}"))
            else:
                taken[key] = checked
    return kind(**taken)


def _unknown(key: str, table: str, known: list[str], is_table: bool) -> str:
    close = difflib.get_close_matches(key, known, 1)
    what = f"no table [{key}]" if is_table else f"no setting {key}" + (f" in [{table}]" if table else "")
    return f"there is {what}" + (f", did you mean {close[0]}?" if close else f"; there are {', '.join(known)}")


def _value(value: Any, kind: Any, where: Field[Any]) -> tuple[Any, str]:
    """The value as it is kept, and what is wrong with it, in words."""
    limits: Limits = where.metadata["limits"]
    kind = next((one for one in get_args(kind) if one is not NoneType), kind) if NoneType in get_args(kind) else kind
    if not _is(value, kind):
        return None, f"is {_shown(value)}: give {_KINDS[kind]}"
    if isinstance(value, list):
        value = tuple(value)
    if kind is float:
        value = float(value)
    if limits.one_of and value not in limits.one_of:
        *others, last = (_shown(one) for one in limits.one_of)
        return None, f"is {_shown(value)}: give {', '.join(others)} or {last}"
    low, high = limits.least, limits.most
    if isinstance(value, int | float) and not (
        (low is None or value >= low) and (high is None or value <= high)
    ):  # NaN, too
        return None, f"is {_shown(value)}: give {_toml(low)} to {_toml(high)}"
    return value, _impossible(value, where.name, kind)


def _is(value: Any, kind: Any) -> bool:
    if kind is Box:
        return isinstance(value, list) and len(value) == 4 and all(type(one) is int for one in value)
    if kind == tuple[str, ...]:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind is float:
        return type(value) in {int, float}
    return type(value) is kind


def _impossible(value: Any, name: str, kind: Any) -> str:
    if name == "name" and not _NAME.fullmatch(value):
        return f"is {_shown(value)}: give letters, digits, - and _, 40 at most"
    if kind is Box and (min(value[:2]) < 0 or min(value[2:]) < 1):
        return f"is {list(value)}: give x and y from 0 on, and width and height from 1 on"
    return ""


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:37]}..."'
    if isinstance(value, tuple | list):
        return str(list(value))
    return f"{value:g}" if isinstance(value, int | float) else "a table" if isinstance(value, dict) else str(value)


def commented() -> str:
    """A configuration file with every setting, its default, and what it is."""
    return "\n".join((*_HEAD_LINES, *_commented(StationSettings(), "", ""))) + "\n"


def _commented(table: Any, name: str, head: str) -> Iterator[str]:
    if name:
        yield f"# {head}"
        yield f"[{name}]"
    inner = []
    for one in fields(table):
        value = getattr(table, one.name)
        if is_dataclass(value):
            inner.append((one.name, value))
            continue
        yield from _setting(one, value)
    for key, value in inner:
        yield ""
        yield from _commented(value, key, str(type(value).__doc__).partition(": ")[2].rstrip("."))


def _setting(one: Field[Any], value: Any) -> Iterator[str]:
    limits: Limits = one.metadata["limits"]
    limited = ""
    if limits.one_of:
        limited = f" ({', '.join(_toml(choice) for choice in limits.one_of)})"
    elif limits.least is not None and limits.most is not None:
        limited = f" ({_toml(limits.least)} to {_toml(limits.most)})"
    yield f"# {limits.words}{limited}"
    empty = value is None or value == ""
    yield f"# {one.name} = {limits.example}" if empty and limits.example else f"{one.name} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, str):
        return f"'{value}'" if "\\" in value else f'"{value}"'
    return str(value)
