"""What a kind of data set is to the rest of the toolkit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Dataset, Digits


@dataclass(frozen=True)
class DatasetKind:
    """A kind of data set.

    Attributes:
        spec: how it is written: its name, and after a colon its paths with commas between them.
        about: what it is, in a line.
        digits: how many it has; 0 where that depends.
        load: from the spec as it was written and its paths to the digits.
        suffix: of files that are of this kind when they are named without it; empty where there is none.
        folder: whether its path is a folder.
        words: of :data:`edgedigits.core.dataset_spec.WORDS` that its spec may have, besides those of every kind.
    """

    spec: str
    about: str
    digits: int
    load: Callable[[str, list[Path]], Dataset]
    suffix: str = ""
    folder: bool = False
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What its spec begins with."""
        return self.spec.partition(":")[0]

    @property
    def paths(self) -> int:
        """How many paths its spec has."""
        return len(list(filter(None, self.spec.partition(":")[2].split(","))))


def pool(spec: str, about: str, read: Callable[..., Digits], *, suffix: str = "", folder: bool = False) -> DatasetKind:
    """A kind without a division of its own.

    Args:
        spec: as the attributes of :class:`DatasetKind`.
        about: the same.
        read: from its paths to all of its digits.
        suffix: as the attributes.
        folder: the same.
    """

    def load(spec: str, paths: list[Path]) -> Dataset:
        from edgedigits.core.datasets.digits import Dataset

        return Dataset(spec, f"{about} ({', '.join(path.name for path in paths)})", read(*paths))

    return DatasetKind(spec, about, 0, load, suffix, folder)
