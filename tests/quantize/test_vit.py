"""The VIT report proposed int8 for its network and feared its 3.4 MB: what comes out, and what it costs."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from edgedigits.cli.main import main
from edgedigits.core.cards import read_card
from edgedigits.quantize import RECIPES, convert
from edgedigits.train import build

MOST_BYTES = 910_000


def test_untrained_network_fits_the_promise(split):
    assert len(convert(build("vit-cnn"), split.train.images[:20], RECIPES["int8"])) <= MOST_BYTES


@pytest.mark.slow
def test_trained_network_loses_at_most_a_tenth_of_a_point(data_folder, tmp_path):
    """About six minutes: two epochs of MNIST, then the proof on all 10,000 test digits."""
    commands = (
        ["train", "--model", "vit-cnn", "--augment", "none", "--epochs", "2", "--out", str(tmp_path / "float")],
        ["quantize", str(tmp_path / "float" / "model.keras"), "--max-drop", "0.1", "--out", str(tmp_path / "int8")],
    )
    for command in commands:
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output
    card = read_card(tmp_path / "int8" / "card.json")
    assert card.bytes <= MOST_BYTES
    assert card.measured["drop"] <= 0.1
    assert card.measured["int8_accuracy"] > 98
