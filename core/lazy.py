"""Public names of a room that are imported when they are first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from edgedigits.core.quiet import native_logs_hidden


def lazy_exports(package: str, homes: Mapping[str, str], *, quiet: bool = False) -> Callable[[str], Any]:
    """Make a package's ``__getattr__`` (PEP 562), so that a room costs only what is used of it.

    Args:
        package: the package's ``__name__``.
        homes: public name to the module that defines it: inside the package, or ``edgedigits.…`` elsewhere.
        quiet: hide what native libraries log while they load; TensorFlow writes a dozen lines.
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = homes[name] if homes[name].startswith("edgedigits.") else f"{package}.{homes[name]}"
        with native_logs_hidden() if quiet else nullcontext():
            try:
                module = importlib.import_module(home)
            except AttributeError as error:
                # Python would take it for the answer that there is no such name, and say so: of what lacks what
                # (an older or newer library) nothing would be told.
                raise ImportError(f"{home} cannot be loaded ({error})") from error
        return getattr(module, name)

    return get
