"""The state of a training run after its last whole epoch, so that a killed run can go on.

Loads TensorFlow only where a state is written or taken up again: whether there is one is told at once.
"""

from __future__ import annotations

import errno
import io
import json
import os
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import write_with
from edgedigits.core.resumable import Resumable
from edgedigits.train.training_request import EpochRecord

FOLDER = ".checkpoint"
_FILE = "state.zip"
_STATE, _BEST, _VARIABLES = "state.json", "best.npz", "variables"


@dataclass(frozen=True)
class Saved:
    """What a run knows after its last whole epoch, beside the variables of network and optimizer.

    Attributes:
        history: a record for each epoch so far.
        best_epoch: whose weights did best on the validation digits, counted from 1; 0 before the first.
        best: these weights, as ``model.get_weights`` gives them.
    """

    history: tuple[EpochRecord, ...] = ()
    best_epoch: int = 0
    best: tuple[NDArray[Any], ...] = ()


def state_file(out: Path) -> Path:
    """Where the state of the run that writes into ``out`` is kept."""
    return out / FOLDER / _FILE


TRAINING = Resumable("interrupted training", lambda out: state_file(out).is_file())


def save(out: Path, identity: dict[str, Any], saved: Saved, variables: Any) -> None:
    """Replace the state of a run, whole or not at all.

    Args:
        out: the run's folder.
        identity: what makes it this run; compared when it goes on.
        saved: history and best weights.
        variables: ``tf.train.Checkpoint`` of network and optimizer.

    Raises:
        EdgedigitsError: the disk is full; the state of the epoch before still stands.
    """
    from edgedigits.core.keras.backend import tf

    state = {
        "identity": identity,
        "history": [asdict(record) for record in saved.history],
        "best_epoch": saved.best_epoch,
    }
    best = io.BytesIO()
    np.savez(best, *saved.best)

    def write(path: Path) -> None:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder, zipfile.ZipFile(path, "w") as archive:
            try:
                variables.write(str(Path(folder) / _VARIABLES))
            except tf.errors.ResourceExhaustedError as error:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)
            archive.writestr(_BEST, best.getvalue())
            archive.writestr(_STATE, json.dumps(state))

    write_with(state_file(out), write)


def check_folder(out: Path, force: bool, resume: bool) -> None:
    """Raise where a training cannot begin or go on in ``out``.

    Raises:
        EdgedigitsError: ``out`` is not empty and ``force`` not set, or holds nothing to resume, or a damaged state.
    """
    TRAINING.check_folder(out, force=force, resume=resume)
    if resume:
        load_identity(out)


def load_identity(out: Path) -> dict[str, Any]:
    """What makes the interrupted run in ``out`` that run.

    Raises:
        EdgedigitsError: a damaged state.
    """
    identity: dict[str, Any] = _read_state(out)["identity"]
    return identity


def load(out: Path, variables: Any) -> Saved:
    """Bring network and optimizer back to their state and return the rest of it.

    Raises:
        EdgedigitsError: the state is damaged or of another network.
    """
    from edgedigits.core.keras.backend import tf

    state = _read_state(out)
    try:
        with zipfile.ZipFile(state_file(out)) as archive, tempfile.TemporaryDirectory() as folder:
            archive.extractall(folder)
            variables.read(str(Path(folder) / _VARIABLES)).assert_existing_objects_matched()
            with np.load(io.BytesIO(archive.read(_BEST))) as best:
                weights = tuple(best[name] for name in best.files)
        history = tuple(EpochRecord(**record) for record in state["history"])
        return Saved(history, state["best_epoch"], weights)
    except (tf.errors.OpError, AssertionError, ValueError, KeyError, TypeError) as error:
        raise _damaged(out, error) from error


def _read_state(out: Path) -> dict[str, Any]:
    path = state_file(out)
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
            if broken is not None:
                raise zipfile.BadZipFile(f"bad checksum of {broken}")
            state: dict[str, Any] = json.loads(archive.read(_STATE))
        return state
    except (zipfile.BadZipFile, OSError, KeyError, ValueError, EOFError) as error:
        raise _damaged(out, error) from error


def _damaged(out: Path, error: Exception) -> EdgedigitsError:
    reason = " ".join(str(error).split())[:150]
    return EdgedigitsError(
        f"the saved state in {state_file(out)} is damaged ({reason})", "start anew with --force instead of --resume"
    )
