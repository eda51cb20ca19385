"""The folder that a training writes into, with its state after each epoch: it begins anew there, or goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors
from edgedigits.train.fitting import checkpoint
from edgedigits.train.fitting.checkpoint import Saved

Epochs = Callable[[Saved, Callable[[Saved], None]], Saved]
"""Trains from the epoch after a state to the last one, hands over the state after each, and returns the last."""


class TrainingInterrupted(EdgedigitsError):
    """The user stopped the run; what its finished epochs learned is kept."""

    @classmethod
    def after(cls, done: int, epochs: int) -> TrainingInterrupted:
        """Of a run of so many epochs that has finished ``done`` of them."""
        remedy = f"--resume goes on after epoch {done}" if done else "no epoch was finished: start again with --force"
        return cls(f"training stopped in epoch {done + 1} of {epochs}", remedy)


@dataclass(frozen=True)
class TrainingFolder:
    """Where a training writes; :func:`edgedigits.train.fitting.checkpoint.check_folder` has said that it may.

    Attributes:
        path: the folder.
        identity: what must be the same for the training to go on.
        resume: go on with the killed or interrupted training of the same identity that lies there.
    """

    path: Path
    identity: dict[str, Any]
    resume: bool

    def begin(self, *leftovers: str) -> None:
        """Make the folder, without the state and the ``leftovers`` of another training; or see that it is the same.

        Raises:
            EdgedigitsError: the training that lies there is another one, or its state is damaged, or a full disk.
        """
        if self.resume:
            checkpoint.TRAINING.check_same(self.path, checkpoint.load_identity(self.path), self.identity)
            return
        with disk_errors(self.path):
            for name in (checkpoint.FOLDER, *leftovers):
                shutil.rmtree(self.path / name, ignore_errors=True)
            self.path.mkdir(parents=True, exist_ok=True)

    def train(self, epochs: Epochs, variables: Any, count: int) -> Saved:
        """Train the epochs that are left, and keep the state after each.

        Args:
            epochs: trains them.
            variables: ``tf.train.Checkpoint`` of network and optimizer.
            count: of all epochs.

        Raises:
            TrainingInterrupted: on Ctrl-C.
            EdgedigitsError: a damaged state, or a full disk.
        """
        saved = checkpoint.load(self.path, variables) if self.resume else Saved()

        def keep(state: Saved) -> None:
            nonlocal saved
            checkpoint.save(self.path, self.identity, state, variables)
            saved = state

        try:
            return epochs(saved, keep)
        except KeyboardInterrupt:
            raise TrainingInterrupted.after(len(saved.history), count) from None

    def end(self) -> None:
        """Remove the state: the training has written all that it leaves."""
        shutil.rmtree(self.path / checkpoint.FOLDER)
