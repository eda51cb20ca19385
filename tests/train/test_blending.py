"""A blend of a network with what fine-tuning made of it."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from trained_lines import TINY

pytest.importorskip("tensorflow", reason='TensorFlow is not installed (pip install "edgedigits[train]")')

from edgedigits.core.cards import card_of
from edgedigits.core.keras.line_networks import load_line_network
from edgedigits.train.lines import blending
from edgedigits.train.lines.blending import Blend, blend, chosen

START = Blend(0, 80, 40)


def test_what_reads_most_fields_is_taken_among_those_that_forget_little():
    tried = [START, Blend(0.25, 80.5, 60), Blend(0.5, 80, 70), Blend(0.75, 79.6, 80), Blend(1, 79, 90)]
    assert chosen(tried).share == 0.75


def test_of_equal_ones_the_nearest_to_the_start_is_taken():
    assert chosen([START, Blend(0.25, 80, 60), Blend(0.5, 80, 60), Blend(1, 80, 50)]).share == 0.25


def test_where_all_forget_much_the_one_that_forgets_least_is_taken():
    assert chosen([START, Blend(0.25, 79, 60), Blend(0.5, 79.2, 70), Blend(1, 70, 90)]).share == 0.5


@pytest.mark.usefixtures("tiny_lines")
def test_the_weights_lie_between_and_the_card_says_so(trained_lines, line_network, tmp_path, monkeypatch):
    from edgedigits.train.lines.line_request import LineTrainingRequest
    from edgedigits.train.lines.training import train_lines

    request = LineTrainingRequest(TINY, f"lines:{trained_lines.fields}", epochs=1, start=line_network)
    trained = train_lines(request, tmp_path / "float").model
    kept = shutil.copytree(trained.parent, tmp_path / "kept") / trained.name
    monkeypatch.setattr(blending, "chosen", lambda tried: tried[2])
    *tried, taken = blend(line_network, trained.parent, 20)
    assert [one.share for one in tried] == [0, 0.25, 0.5, 0.75, 1]
    assert taken.share == 0.5
    before, after, mean = (load_line_network(path).get_weights() for path in (line_network, kept, trained))
    assert all(np.allclose(c, (a + b) / 2, atol=1e-6) for a, b, c in zip(before, after, mean))
    assert card_of(trained).settings["share_of_fine_tuned_weights"] == 0.5
    assert card_of(trained).parent == card_of(kept).parent
