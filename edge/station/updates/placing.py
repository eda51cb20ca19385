"""Putting an update's model into the folder of models: whole, tried, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from edgedigits.core.cards import card_of
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors, replace_folder, write_bytes
from edgedigits.edge.station.updates.bundle import MODEL, NoUpdate, Update
from edgedigits.edge.station.updates.events import short
from edgedigits.edge.station.updates.self_test import try_folder
from edgedigits.edge.station.updates.state import LOCK, ModelState

_TEMPORARY = "."
"""How names of files and folders begin that are not whole yet."""


def model_in(folder: Path, model: str) -> Path:
    """Where the model of a sha256 lies."""
    return folder / model / MODEL


def amiss(folder: Path, model: str) -> str:
    """What is wrong with the files of a model, in words; empty where they are whole."""
    try:
        card = card_of(model_in(folder, model))
    except EdgedigitsError as error:
        return error.what
    return "" if card and card.sha256 == model else "its card is missing or that of another model"


def first_whole(folder: Path, state: ModelState) -> tuple[str, tuple[str, ...]]:
    """The model that runs: the current one, or where its files are damaged the former one, or the configured one.

    Returns:
        Its sha256, and what was found amiss, in words.
    """
    notes: tuple[str, ...] = ()
    for model in (state.current, state.former):
        why = amiss(folder, model) if model and model != state.configured else ""
        if model and not why:
            return model, notes
        if why:
            notes += (f"model {short(model)} is damaged ({why}), and an earlier one runs",)
    return state.configured, notes


def place(folder: Path, update: Update) -> None:
    """Write the model of an update, run its self-test in a process of its own, and only then give it its name.

    Raises:
        NoUpdate: it does not load here, crashes, or says something else than it has to.
        EdgedigitsError: the disk refuses.
    """
    target = folder / update.model
    if not amiss(folder, update.model):
        _try(target)  # it ran before, or a station was killed after this and before the switch
        return
    with disk_errors(target):
        work = Path(tempfile.mkdtemp(dir=folder, prefix=_TEMPORARY))
        try:
            for name, content in update.content.items():
                write_bytes(work / name, content)
            _try(work)
            replace_folder(work, target)
            _sync(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def remove_others(folder: Path, needed: set[str]) -> None:
    """Remove the folders of models that nobody needs, and what a killed station left half-made."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in needed:
            shutil.rmtree(path, ignore_errors=True)
        elif path.name.startswith(_TEMPORARY) and path.name != LOCK:
            path.unlink(missing_ok=True)


def _try(folder: Path) -> None:
    try:
        try_folder(folder)
    except EdgedigitsError as error:  # of a folder that is gone at once: what mends the update is to make it again
        raise NoUpdate("self-test", error.what.replace(f"{folder}{os.sep}", "its ")) from error


def _sync(folder: Path) -> None:
    """Let the new name outlast a loss of power, before another file refers to it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
