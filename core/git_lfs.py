"""Pointers of Git LFS: what a clone has in place of a large file until it is fetched."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.errors import EdgedigitsError

_BEGINNING = b"version https://git-lfs.github.com/spec/"


def is_pointer(data: bytes) -> bool:
    """Whether a file that begins so is a pointer."""
    return data.startswith(_BEGINNING)


def refuse_pointer(path: Path, data: bytes) -> None:
    """Raise where a file holds no data of its own, but where Git LFS keeps them.

    Args:
        path: of the file.
        data: its first bytes, a hundred or more.

    Raises:
        EdgedigitsError: it is a pointer.
    """
    if is_pointer(data):
        raise EdgedigitsError(
            f"{path} is a Git LFS pointer, not the file that it stands for",
            "`git lfs pull` in its repository fetches it, or download the file itself",
        )
