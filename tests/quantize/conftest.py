"""A small network, trained in seconds on the digits that scikit-learn carries, with its card."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small_networks import small_network

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")


@pytest.fixture(scope="session")
def split():
    from edgedigits.core.datasets import load_dataset, split_dataset

    return split_dataset(load_dataset("optdigits"))


@pytest.fixture(scope="session")
def network(split):
    from edgedigits.core.digit import model_input

    model = small_network()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(model_input(split.train.images), split.train.labels, batch_size=32, epochs=8, verbose=0)
    return model


@pytest.fixture(scope="session")
def trained(network, split, tmp_path_factory) -> Path:
    """The ``.keras`` file of the network, with a card."""
    from edgedigits.core.cards import Card, write_card
    from edgedigits.core.files import sha256_of

    folder = tmp_path_factory.mktemp("trained")
    path = folder / "model.keras"
    network.save(path)
    card = Card(
        kind="keras",
        file=path.name,
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        network="tiny",
        parameters=network.count_params(),
        dataset=split.describe(),
        seed=0,
        settings={},
        measured={},
    )
    write_card(folder, card)
    return path
