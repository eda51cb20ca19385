"""A table with a digit a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.dataset_spec import LABEL_FIRST, LABEL_LAST, split_spec
from edgedigits.core.datasets.kind import DatasetKind

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Dataset


def _load(spec: str, paths: list[Path]) -> Dataset:
    from edgedigits.core.datasets.digits import Dataset
    from edgedigits.core.datasets.formats.tables import read_csv

    return Dataset(spec, f"{ABOUT} ({paths[0].name})", read_csv(paths[0], split_spec(spec)[1]))


ABOUT = "a label and 784 pixels a line, the label first, last or where a header says so; plain or .gz"
KIND = DatasetKind("csv:FILE", ABOUT, 0, _load, suffix=".csv", words=(LABEL_FIRST, LABEL_LAST))
