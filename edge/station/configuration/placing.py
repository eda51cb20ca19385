"""Paths of a configuration file, which are relative to the folder that it lies in."""

from __future__ import annotations

from pathlib import Path


def placed(path: str, folder: Path) -> str:
    """A path of the configuration; empty where it is."""
    return str(folder / path) if path else ""


def placed_source(source: str, folder: Path) -> str:
    """A source of frames: a file or folder beside the configuration by its path, any other word as it is."""
    return str(folder / source) if (folder / source).exists() else source
