"""One number for a network's parameters: the catalogue's, the network's own, the card's; and the file's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgedigits.core.tflite.costs import costs_of
from edgedigits.train.networks.catalogue import NETWORKS

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "tests" / "firmware_export" / "models" / "nano" / "model.int8.tflite"


def test_the_catalogue_counts_what_the_network_has():
    from edgedigits.train.networks.reported import build

    assert build("nano", pretrained=False).count_params() == NETWORKS["nano"].parameters


@pytest.mark.parametrize("name", ["nano", "micro", "small"])
def test_cards_tell_the_catalogues_number_and_rows_that_of_the_file(name: str):
    folder = ROOT / "docs" / "benchmark" / f"{name}-int8"
    card, row = (json.loads((folder / file).read_text()) for file in ("card.json", "row.json"))
    assert card["parameters"] == NETWORKS[name].parameters
    assert (row["bytes"], card["bytes"]) == (NETWORKS[name].int8_bytes,) * 2
    assert row["parameters"] < card["parameters"]


def test_the_file_of_nano_holds_what_its_row_and_the_firmware_have():
    row = json.loads((ROOT / "docs" / "benchmark" / "nano-int8" / "row.json").read_text())
    card = json.loads((MODEL.parent / "card.json").read_text())
    assert card["parameters"] == NETWORKS["nano"].parameters
    assert costs_of(MODEL).parameters == row["parameters"]
