"""What can be told of a training at once, before TensorFlow, which takes seconds, is loaded."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.datasets import check_dataset, check_split
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import refuse_inputs_inside
from edgedigits.core.lessons import open_lessons
from edgedigits.core.paths import StrPath
from edgedigits.train import folds
from edgedigits.train.fitting import checkpoint
from edgedigits.train.training_request import TrainingRequest, resolve


def check_training(
    request: TrainingRequest,
    out: StrPath,
    *,
    in_folds: bool = False,
    force: bool = False,
    resume: bool = False,
) -> None:
    """Raise where a training cannot begin: its names, its numbers and its folder.

    Args:
        request: what to train.
        out: folder to write into.
        in_folds: a cross-validation is asked for, not a single training.
        force: replace what lies in ``out``.
        resume: go on with what lies there.

    Raises:
        EdgedigitsError: an unknown network, data set, split or augmentation, a number that makes no sense, a file that
            is missing, ``out`` not empty, or nothing to go on with.
    """
    out = Path(out)
    resolve(request)
    given = check_dataset(request.dataset)[1]
    check_split(request.split)
    if request.weights is not None and not Path(request.weights).is_file():
        raise EdgedigitsError(f"no weights at {request.weights}", "check the path")
    if request.lessons is not None:
        open_lessons(request.lessons)
    if not resume:
        refuse_inputs_inside(
            given + [Path(path) for path in (request.start, request.weights, request.lessons) if path], out
        )
    if in_folds:
        folds.check_folder(out, force, resume)
    else:
        checkpoint.check_folder(out, force, resume)
