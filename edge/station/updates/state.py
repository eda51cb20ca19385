"""Which model a station runs, and what became of updates: one JSON file, so that a switch is one rename."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import disk_errors, refuse_no_file, write_json
from edgedigits.edge.station.updates.rejects import NONE, Tally

STATE = "models.json"
LOCK = ".lock"
FORMAT = 1
MOST_RECORDS = 200

Became = Literal["taken", "refused", "rolled back"]


@dataclass(frozen=True)
class UpdateRecord:
    """One thing that happened.

    Attributes:
        when: ISO 8601.
        became: of the update, or of its model.
        update: sha256 of its file; empty where there is none.
        name: of the file.
        model: sha256 of the model that it brought, as far as it is known.
        running: sha256 of the model that ran then.
        why: in words; empty where it was taken.
    """

    when: str
    became: Became
    update: str
    name: str
    model: str
    running: str
    why: str


@dataclass(frozen=True)
class ModelState:
    """What a station knows of its models, each named by its sha256.

    Attributes:
        configured: the one that the configuration names.
        current: that is to be loaded.
        former: that ran before; empty where there is none to go back to.
        tally: pieces of the current one.
        before: pieces of the former one, while the current one is watched; else None.
        starts: of the station since the current one was taken, until it reads its first piece.
        records: what happened, the latest last.
    """

    configured: str
    current: str
    former: str = ""
    tally: Tally = NONE
    before: Tally | None = None
    starts: int = 0
    records: tuple[UpdateRecord, ...] = ()

    def with_record(self, record: UpdateRecord) -> ModelState:
        """With something more that happened; of very many the oldest go."""
        return replace(self, records=(*self.records, record)[-MOST_RECORDS:])

    def withdrawn(self, model: str) -> UpdateRecord | None:
        """When and why a model was taken back; None where it was not."""
        return next((one for one in self.records if one.became == "rolled back" and one.model == model), None)

    def took(self, update: str, came: float) -> bool:
        """Whether a file was taken, and nothing is to be said of it: its model was not taken back before it came.

        Args:
            update: sha256 of the file.
            came: when it came into the folder, seconds since 1970.
        """
        taken = next((one for one in self.records if one.became == "taken" and one.update == update), None)
        back = self.withdrawn(taken.model) if taken else None
        return taken is not None and (back is None or came <= datetime.fromisoformat(back.when).timestamp())

    def has_refused(self, update: str, why: str) -> bool:
        """Whether it is kept already that a file was refused for a reason while the current model ran."""
        told = ("refused", update, why, self.current)
        return any((one.became, one.update, one.why, one.running) == told for one in self.records)


class StateDamaged(EdgedigitsError):
    """The state's file can be read, and holds none."""


def write_state(folder: Path, state: ModelState) -> None:
    """Write it, whole or not at all: from then on the current model is the one to load."""
    write_json(folder / STATE, {"format": FORMAT, **asdict(state)})


def read_state(folder: Path) -> ModelState | None:
    """The state of a folder; None where there is none yet.

    Raises:
        StateDamaged: the file is damaged, or of another version.
        EdgedigitsError: it cannot be read.
    """
    path = folder / STATE
    refuse_no_file(path, "remove it")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return _state(told)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EdgedigitsError(f"cannot read {path} ({error.strerror})", "check who may read it") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise StateDamaged(f"{path} is damaged ({error})", "copy the updates again") from error


def set_aside(folder: Path) -> Path:
    """Give a damaged state another name, under which it stays for people to look at."""
    aside = folder / f"{STATE}.damaged-{time.time_ns()}"
    with disk_errors(aside):
        (folder / STATE).rename(aside)
    return aside


def _state(told: Any) -> ModelState:
    if not isinstance(told, dict) or told.pop("format", None) != FORMAT:
        raise ValueError("not of this format")
    before = told["before"]
    state = ModelState(
        **{
            **told,
            "tally": Tally(**told["tally"]),
            "before": None if before is None else Tally(**before),
            "records": tuple(UpdateRecord(**one) for one in told["records"]),
        }
    )
    texts = (state.configured, state.current, state.former)
    numbers = [value for tally in (state.tally, state.before) if tally for value in (tally.accepted, tally.rejected)]
    if any(type(text) is not str for text in texts) or any(type(one) is not int for one in (*numbers, state.starts)):
        raise ValueError("something in it has the wrong type")
    if any(type(getattr(one, item.name)) is not str for one in state.records for item in fields(UpdateRecord)):
        raise ValueError("a record in it has the wrong type")
    return state


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes, such as `edgedigits station rollback`, from changing the state meanwhile."""
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOCK).open("w") as file:
            try:
                import fcntl
            except ImportError:  # no such locks on this system, and no stations
                yield
                return
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
