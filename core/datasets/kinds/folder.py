"""Pictures in folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.dataset_spec import SKIP_BAD, split_spec
from edgedigits.core.datasets.kind import DatasetKind

if TYPE_CHECKING:
    from edgedigits.core.datasets.digits import Dataset


def _load(spec: str, paths: list[Path]) -> Dataset:
    from edgedigits.core.datasets.formats.pictures import read_folder

    return read_folder(paths[0], spec, skip_bad=SKIP_BAD in split_spec(spec)[1])


ABOUT = "DIR/<digit>/*.png of any size, dark on light or not, or DIR/train/<digit>/*.png beside val/ and test/"
KIND = DatasetKind("folder:DIR", ABOUT, 0, _load, folder=True, words=(SKIP_BAD,))
