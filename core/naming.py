"""Entries of a catalogue by their names, and what is said of a name that is in none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

from edgedigits.core.errors import EdgedigitsError

Entry = TypeVar("Entry")

_GUESSES = 3


def entry_named(entries: Mapping[str, Entry], name: str, kind: str, more: str = "") -> Entry:
    """The entry of that name.

    Args:
        entries: by their names.
        name: that is asked for.
        kind: what an entry is, for the message.
        more: what else the message lists, or where the entries are described.

    Raises:
        EdgedigitsError: there is none; the message names the nearest ones and all.
    """
    if name in entries:
        return entries[name]
    raise no_entry(entries, name, kind, more)


def no_entry(names: Iterable[str], name: str, kind: str, more: str = "") -> EdgedigitsError:
    """The error for a name that is none of ``names``: it suggests the nearest ones and lists all."""
    known = list(names)
    return EdgedigitsError(
        f"no {kind} is called {name!r}", f"{suggestion(name, known)}choose one of {', '.join(known)}{more}"
    )


def suggestion(name: str, names: Iterable[str]) -> str:
    """``did you mean small? `` with names that have ``name`` as a part, then near ones; empty where there are none."""
    known, wanted = list(names), name.lower()
    near = [one for one in known if wanted in one.split("-")]
    near += difflib.get_close_matches(wanted, known, n=_GUESSES)
    return f"did you mean {' or '.join(list(dict.fromkeys(near))[:_GUESSES])}? " if near else ""
