"""Lessons: passes over distorted training digits with what the teachers say of each, in a folder.

``lessons.json`` tells what they are of; ``pass-000.npz`` and so on hold ``images``, uint8 of shape (n, 28, 28), and
``scores``, float16 of shape (n, 10), in the order of the split's training digits.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.digit import CLASSES, SIDE
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import read_json, write_json, write_with
from edgedigits.core.paths import StrPath
from edgedigits.core.resumable import Resumable
from edgedigits.core.spoiling import some_spoilt

FILE = "lessons.json"
TEACHING = Resumable("teaching", lambda folder: (folder / FILE).is_file())
_REMEDY = "name a folder that `edgedigits teach` has made"


@dataclass(frozen=True)
class LessonRecipe:
    """What lessons are of.

    Attributes:
        teachers: sha256 of each network that was asked.
        digits: sha256 of the training digits, in their order.
        augmentation: name of what distorted these.
        blended: share of the pictures that are two digits laid over each other.
        seed: of the distortions.
        passes: over all digits.
        version: of the toolkit.
    """

    teachers: tuple[str, ...]
    digits: str
    augmentation: str
    blended: float
    seed: int
    passes: int
    version: str

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON takes it."""
        return asdict(self) | {"teachers": list(self.teachers)}


@dataclass(frozen=True)
class Lessons:
    """A folder of lessons."""

    path: Path
    recipe: LessonRecipe

    def missing(self) -> list[int]:
        """Numbers of the passes that are not written yet."""
        return [number for number in range(self.recipe.passes) if not self._file(number).is_file()]

    def write(self, number: int, images: NDArray[np.uint8], scores: NDArray[np.float32]) -> None:
        """Write a pass: images of shape (n, 28, 28), probabilities of shape (n, 10)."""

        def save(path: Path) -> None:
            with path.open("wb") as file:
                np.savez_compressed(file, images=images, scores=scores.astype(np.float16))

        write_with(self._file(number), save)

    def read(self, number: int, spoilt: float = 0.0, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Images and probabilities of a pass; after the last one comes the first again.

        Args:
            number: of the pass, counted from 0.
            spoilt: share of the pictures that are spoilt, anew for each number; they keep the answer to the whole one.
            seed: of that.

        Raises:
            EdgedigitsError: the file is missing or damaged.
        """
        path = self._file(number % self.recipe.passes)
        try:
            with np.load(path, allow_pickle=False) as found:
                images, scores = found["images"], found["scores"].astype(np.float32)
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise EdgedigitsError(f"{path} is missing or damaged", "remove it, and teach with --resume") from error
        if images.shape[1:] != (SIDE, SIDE) or scores.shape != (len(images), CLASSES):
            raise EdgedigitsError(f"{path} holds no lessons", "remove it, and teach with --resume")
        return some_spoilt(images, spoilt, (seed, number)) if spoilt else images, scores

    def _file(self, number: int) -> Path:
        return self.path / f"pass-{number:03}.npz"


def begin_lessons(path: Path, recipe: LessonRecipe) -> Lessons:
    """Lessons of which no pass is written yet."""
    path.mkdir(parents=True, exist_ok=True)
    write_json(path / FILE, recipe.as_dict())
    return Lessons(path, recipe)


def open_lessons(path: StrPath) -> Lessons:
    """Lessons that lie in a folder, whole or not.

    Raises:
        EdgedigitsError: none do.
    """
    path = Path(path)
    if not (path / FILE).is_file():
        raise EdgedigitsError(f"{path} holds no lessons", _REMEDY)
    known = read_json(path / FILE, _REMEDY)
    try:
        recipe = LessonRecipe(**known | {"teachers": tuple(known["teachers"])})
    except (TypeError, KeyError) as error:
        raise EdgedigitsError(f"{path / FILE} is damaged", _REMEDY) from error
    return Lessons(path, recipe)


def finished_lessons(path: StrPath, digits: str) -> Lessons:
    """Lessons to learn from.

    Args:
        path: of their folder.
        digits: sha256 of the digits that shall be learned from.

    Raises:
        EdgedigitsError: there are none, some passes are missing, or they are of other digits.
    """
    lessons = open_lessons(path)
    if missing := lessons.missing():
        raise EdgedigitsError(
            f"{len(missing)} of {lessons.recipe.passes} passes in {path} are not written yet",
            "go on with `edgedigits teach --resume`",
        )
    if lessons.recipe.digits != digits:
        raise EdgedigitsError(
            f"the lessons in {path} are of other training digits", "name the data set and the split of the lessons"
        )
    return lessons
