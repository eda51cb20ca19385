"""A folder of pretrained models for tests: the built-in network, called ``pico`` and ``small``, with real figures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from made_once import made_once

from edgedigits.core.files import sha256_of
from edgedigits.core.pretrained.bundled import bundled_float_model, bundled_model
from edgedigits.core.pretrained.catalogue import Pretrained, PretrainedModel

DIGITS = 60


def put_model(folder: Path) -> PretrainedModel:
    """Lay the built-in network out as a pretrained one; its cards have no figures."""
    shutil.copytree(bundled_float_model().parent, folder)
    shutil.copytree(bundled_model().parent, folder / "int8")
    return PretrainedModel(folder.name, folder)


def rewrite_card(folder: Path, **changed: object) -> None:
    """Change fields of the card in a folder."""
    card = folder / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | changed))


def put_seed(folder: Path, seed: int, files: PretrainedModel | None = None) -> PretrainedModel:
    """Lay out another seed of :func:`put_model`'s: its cards say so, and the files are its own or those of a model."""
    model = put_model(folder)
    rewrite_card(folder, seed=seed)
    rewrite_card(model.int8_folder, seed=seed)
    if files:
        shutil.copy(files.float_path, model.float_path)
        shutil.copy(files.int8_path, model.int8_path)
        floats, int8 = sha256_of(model.float_path), sha256_of(model.int8_path)
        rewrite_card(folder, sha256=floats)
        rewrite_card(model.int8_folder, sha256=int8, parent={"file": "model.keras", "sha256": floats})
    return model


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Pretrained:
    """``pico`` and ``small``: the only two that are there."""

    def make(folder: Path) -> Pretrained:
        put_model(folder / "small")
        put_model(folder / "pico")
        (folder / "base").mkdir()  # not whole, so not offered
        shutil.copy(bundled_float_model(), folder / "base")
        return Pretrained(folder)

    return made_once(tmp_path_factory, "pretrained", make)
