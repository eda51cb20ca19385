"""Entries of a catalogue by their names."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

from edgedigits.core.errors import EdgedigitsError

Entry = TypeVar("Entry")


def entry_named(entries: Mapping[str, Entry], name: str, kind: str, otherwise: str) -> Entry:
    """The entry of that name.

    Args:
        entries: by their names.
        name: that is asked for.
        kind: what an entry is, for the message.
        otherwise: how to find the names there are.

    Raises:
        EdgedigitsError: there is none; the message names the nearest one.
    """
    if name in entries:
        return entries[name]
    near = difflib.get_close_matches(name.lower(), entries, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    raise EdgedigitsError(f"no {kind} is called {name!r}", f"{guess}{otherwise}")
