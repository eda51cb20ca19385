"""A data set that was moved: the error names the card and what to type, which then works."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgedigits.core.cards import read_card
from edgedigits.core.datasets import load_dataset, split_dataset, unseen_part
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.pretrained.bundled import bundled_float_model


def test_a_moved_data_set_is_told_and_named_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from dataclasses import replace

    digits = load_dataset("optdigits").pool
    monkeypatch.chdir(tmp_path)
    np.savez("mine.npz", x_train=digits.images, y_train=digits.labels)
    split = split_dataset(load_dataset("npz:mine.npz"))
    card = replace(read_card(bundled_float_model().with_name("card.json")), dataset=split.describe())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(EdgedigitsError, match=r"card of model.keras names .* npz:mine.npz; .*--dataset npz:PATH"):
        unseen_part(card)
    found = unseen_part(card, "npz:../mine.npz")
    assert found.digits.sha256() == split.test.sha256()
