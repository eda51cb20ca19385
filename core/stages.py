"""How long work tells of itself while it goes on."""

from __future__ import annotations

from typing import Protocol


class StageCallback(Protocol):
    """What a caller gives to be told of the stages of a piece of work; called often, so it should be quick."""

    def __call__(self, stage: str, done: int, total: int, note: str = "", /) -> object:
        """Take note of where the work is.

        Args:
            stage: its name.
            done: how much of it is done; told with 0 where it begins, so that no long one passes in silence.
            total: how much there is.
            note: what is known by now, such as an accuracy; empty where nothing is.
        """
        ...


def untold(_stage: str, _done: int, _total: int, _note: str = "", /) -> None:
    """Tell nobody: what stands in for a callback where there is none."""
