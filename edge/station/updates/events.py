"""What happens to updates, as it is told to people, counted and kept."""

from __future__ import annotations

from dataclasses import dataclass

TAKEN, ROLLED_BACK = "taken", "rolled back"
"""Words by which updates are counted; those that are refused are counted by their kind."""

BY_HAND = "somebody asked for it"
"""Why a model is taken back of which somebody wanted that."""

_SHOWN = 12


@dataclass(frozen=True)
class UpdateTaken:
    """A new model is to be loaded now.

    Attributes:
        name: of the update's file.
        model: sha256 of the new model.
        former: sha256 of the one that ran until now.
        verdict: ``better`` or ``equal``, as the station found from the counts of the proof.
    """

    name: str
    model: str
    former: str
    verdict: str

    @property
    def words(self) -> str:
        """For people."""
        models = f"model {short(self.model)} in place of {short(self.former)}"
        return f"{shown(self.name)} is taken: {models}, proved {self.verdict}"


@dataclass(frozen=True)
class UpdateRefused:
    """A file in the folder of updates is not taken; the model that runs goes on.

    Attributes:
        name: of the file; empty where none can be taken.
        kind: a word by which refusals are counted: ``signature``, ``sha256``, ``damaged``, ``size``, ``format``,
            ``proof``, ``compared``, ``worse``, ``self-test``, ``withdrawn``, ``key``, ``disk``, ``file``, ``name``.
        why: in words.
        remedy: what to do.
    """

    name: str
    kind: str
    why: str
    remedy: str

    @property
    def words(self) -> str:
        """For people."""
        return f"{shown(self.name) or 'an update'} is not taken: {self.why}; {self.remedy}"


@dataclass(frozen=True)
class RolledBack:
    """The former model is to be loaded again.

    Attributes:
        model: sha256 of the one that is taken back, and never taken again.
        to: sha256 of the one that runs again.
        why: in words.
    """

    model: str
    to: str
    why: str

    @property
    def words(self) -> str:
        """For people."""
        return f"back from model {short(self.model)} to {short(self.to)}: {self.why}"


UpdateEvent = UpdateTaken | UpdateRefused | RolledBack


def shown(name: str) -> str:
    """A file's name as people may see it: it may hold what a terminal would obey."""
    return name if name.isprintable() else ascii(name)


def short(sha256: str) -> str:
    """The first digits of a sha256, enough to tell models apart."""
    return sha256[:_SHOWN]
