"""Handwritten digits, from a labelled data set to a Raspberry Pi and a microcontroller.

This folder is what ``import edgedigits`` loads, and it loads nothing further: the rooms beside it are imported by name,
``edgedigits.edge``, ``edgedigits.train`` and so on.

>>> import edgedigits
>>> edgedigits.__version__
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__: str


def __getattr__(name: str) -> str:
    """The version, looked up when it is asked for: reading a distribution's metadata takes longer than ``--help``."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("edgedigits")
