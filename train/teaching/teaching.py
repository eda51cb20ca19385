"""Asking teachers: every training digit, distorted anew in each pass, with the mean of what they say of it.

After L. Beyer et al., "Knowledge distillation: a good teacher is patient and consistent" (2022): teacher and student
see the same picture, for very many of them, and pictures that lie between digits tell more of a teacher than digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import code_version
from edgedigits.core.datasets import Digits, load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.keras.backend import tf
from edgedigits.core.keras.graphs import is_graph
from edgedigits.core.keras.models import load_keras
from edgedigits.core.keras.precision import BFLOAT16, in_bfloat16
from edgedigits.core.lessons import TEACHING, LessonRecipe, Lessons, begin_lessons, open_lessons
from edgedigits.core.paths import StrPath
from edgedigits.train.augmentation.distortion import augment
from edgedigits.train.fitting.devices import choose_devices
from edgedigits.train.fitting.pipeline import scaled
from edgedigits.train.recipes import Augmentation, augmentation

_BATCH = 500

_WIDE = 500_000
"""Parameters of a network whose time goes into multiplications."""


@dataclass(frozen=True)
class TeachingRequest:
    """What is asked of a teaching.

    Attributes:
        teachers: float networks of digits, ``.keras``; the mean of their probabilities is what is taught.
        dataset: spec of the data set whose training digits are distorted.
        split: name of the rule that divides it.
        passes: over the training digits, at least 1.
        augmentation: how they are distorted; none that spoils or draws anew, as teachers shall see what they know.
        blended: share of the pictures that are two digits laid over each other.
        seed: of split and distortions.
    """

    teachers: tuple[Path, ...]
    dataset: str = "mnist"
    split: str = "default"
    passes: int = 40
    augmentation: str = "light"
    blended: float = 0.0
    seed: int = 0


def teach(
    request: TeachingRequest,
    out: StrPath,
    *,
    resume: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> Lessons:
    """Write lessons; those that a killed run has written are kept where ``resume`` says so.

    Args:
        request: whom to ask of what.
        out: folder to write into.
        resume: go on with the lessons of the same request in ``out``.
        progress: told how many passes are done, and of how many.

    Raises:
        EdgedigitsError: no teacher, an unknown augmentation, or lessons of another request in ``out``.
    """
    if not request.teachers or request.passes < 1:
        raise EdgedigitsError("there is nothing to teach", "name one teacher and one pass or more")
    settings = augmentation(request.augmentation)
    if settings.spoilt or settings.fields:
        raise EdgedigitsError(
            f"{request.augmentation} makes pictures that teachers do not know",
            "take light, and let those who learn spoil some of them: `edgedigits train --lessons --spoilt 0.15`",
        )
    digits = split_dataset(load_dataset(request.dataset), request.split, request.seed).train
    recipe = LessonRecipe(
        tuple(sha256_of(path) for path in request.teachers),
        digits.sha256(),
        request.augmentation,
        request.blended,
        request.seed,
        request.passes,
        code_version(),
    )
    lessons = _lessons(Path(out), recipe, resume)
    ask = tf.function(_asker([_fast(load_keras(path)) for path in request.teachers], settings, request.blended > 0))
    for number in lessons.missing():
        lessons.write(number, *_pass(digits, ask, request.blended, (request.seed, number)))
        if progress:
            progress(number + 1, request.passes)
    return lessons


def _lessons(out: Path, recipe: LessonRecipe, resume: bool) -> Lessons:
    if not resume:
        return begin_lessons(out, recipe)
    lessons = open_lessons(out)
    TEACHING.check_same(out, lessons.recipe.as_dict(), recipe.as_dict())
    return lessons


def _pass(
    digits: Digits, ask: Callable[..., tuple[Any, Any]], blended: float, lot: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """All digits, distorted, and what the teachers say of them."""
    draw = np.random.default_rng(lot)
    images, scores = [], []
    partners = draw.permutation(len(digits))
    shares = np.where(draw.random(len(digits)) < blended, draw.random(len(digits)), 0).astype(np.float32)
    for first in range(0, len(digits), _BATCH):
        some = slice(first, first + _BATCH)
        seeds = tf.constant(draw.integers(0, 2**31 - 1, 2), tf.int32)
        seen, said = ask(digits.images[some], digits.images[partners[some]], shares[some], seeds)
        images.append(seen.numpy())
        scores.append(said.numpy())
    return np.concatenate(images), np.concatenate(scores)


def _fast(teacher: Any) -> Any:
    """A wide network in bfloat16 where the processor multiplies it: in half the time."""
    wide = is_graph(teacher) and teacher.count_params() >= _WIDE
    return in_bfloat16(teacher) if wide and choose_devices("auto").for_wide_network().policy == BFLOAT16 else teacher


def _asker(teachers: list[Any], settings: Augmentation, blended: bool) -> Callable[..., tuple[Any, Any]]:
    def ask(images: Any, partners: Any, shares: Any, seeds: Any) -> tuple[Any, Any]:
        given = scaled(tf.concat([images, partners], axis=0) if blended else images)
        seen = augment(given, seeds, settings) if settings.moves else given
        if blended:
            whole, other = tf.split(seen, 2)
            weight = shares[:, tf.newaxis, tf.newaxis, tf.newaxis]
            seen = (1 - weight) * whole + weight * other
        grey = tf.cast(tf.round(255 * seen), tf.uint8)[..., 0]
        said = tf.add_n([teacher(scaled(grey), training=False) for teacher in teachers]) / len(teachers)
        return grey, said

    return ask
