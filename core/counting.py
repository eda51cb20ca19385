"""Numbers of things in words."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """A number with what it counts: ``1 image``, ``2,000 images``.

    Args:
        number: 0 or more.
        one: what a single one is called.
        several: what more or none are called, where that is not ``one`` with an s.
    """
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
