"""On which digits a network's contract is tried, where its card does not say it."""

from __future__ import annotations

import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.datasets.digits import Dataset
from edgedigits.core.datasets.sample_digits import load_samples
from edgedigits.quantize.source import ENOUGH_TO_TRY, _trial_digits


@pytest.mark.parametrize(
    ("count", "source"),
    [(1500, "validation digits"), (300, "training and validation digits"), (40, "the digits that ship")],
)
def test_few_validation_digits_are_helped_by_others_but_test_digits(count, source):
    """Of three digits a network of 0..1 reads all, fed 0..255, too, and is surer of them."""
    pool = load_dataset("optdigits").pool
    split = split_dataset(Dataset("few", "few", pool.take(np.arange(count))))
    digits, said = _trial_digits(split)
    assert len(digits) >= ENOUGH_TO_TRY
    if source == "the digits that ship":
        assert digits.sha256() == load_samples().pool.sha256()
        return
    assert said == source
    tested = {image.tobytes() for image in split.test.images}
    assert not any(image.tobytes() in tested for image in digits.images)
