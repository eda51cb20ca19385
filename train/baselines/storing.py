"""Fitted classical baselines as files, and what these weigh."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from edgedigits.core.datasets import Digits
from edgedigits.core.files import gzip_size, write_bytes
from edgedigits.train.baselines.reports.baseline import Baseline

LARGEST = 50 * 2**20
"""Bytes of the largest model that is kept; a larger one is weighed and thrown away."""


@dataclass(frozen=True)
class Stored:
    """A model as a file.

    Attributes:
        file: its name; empty where it is too large to be kept.
        sha256: of the file; empty where it is not kept.
        bytes: that it has or would have.
        gzip_bytes: the same after ``gzip -9``.
        notes: what a reader of these figures has to know.
    """

    file: str
    sha256: str
    bytes: int
    gzip_bytes: int
    notes: tuple[str, ...]


def store(entry: Baseline, model: Any, train: Digits, folder: Path) -> Stored:
    """Write a fitted model into ``folder``, unless it is larger than :data:`LARGEST`.

    Nearest neighbours are their training digits: they are stored as what these were before they became float32, one
    byte a pixel. XGBoost has a format of its own; the others are stored by joblib, as scikit-learn recommends. A joblib
    file can run code when it is loaded: load those only that you made yourself.

    Args:
        entry: a classical baseline.
        model: fitted.
        train: digits that it was fitted on.
        folder: to write into.

    Raises:
        EdgedigitsError: the disk is full or may not be written.
    """
    file, content, note = _content(entry, model, train)
    notes = (note,) if note else ()
    weights = (len(content), gzip_size(content))
    if len(content) > LARGEST:
        return Stored("", "", *weights, (*notes, f"the model is not kept: it is larger than {LARGEST:,} bytes"))
    write_bytes(folder / file, content)
    return Stored(file, hashlib.sha256(content).hexdigest(), *weights, notes)


def _content(entry: Baseline, model: Any, train: Digits) -> tuple[str, bytes, str]:
    memory = io.BytesIO()
    if entry.kind == "knn":
        np.savez(memory, images=train.images, labels=train.labels, n_neighbors=model.n_neighbors)
        return "model.npz", memory.getvalue(), "the model is its training digits, a byte a pixel"
    if entry.maker == "xgboost":
        return "model.ubj", bytes(model.get_booster().save_raw("ubj")), ""
    joblib.dump(model, memory)
    return "model.joblib", memory.getvalue(), ""
