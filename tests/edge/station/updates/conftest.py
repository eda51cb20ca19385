"""A station's store of models, a pair of keys, and updates as a workstation makes them."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from made_updates import BETTER, another_model, strips

from edgedigits.core.files import sha256_of
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.edge.station.updates.bundle import write_update
from edgedigits.edge.station.updates.keys import make_keys
from edgedigits.edge.station.updates.self_test import self_test_of
from edgedigits.edge.station.updates.store import ModelStore

pytest.importorskip("cryptography", reason='cryptography is not installed (pip install "edgedigits[station]")')


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Three models, each of its own sha256: the configured one and two newer ones."""
    folder = tmp_path_factory.mktemp("models")
    paths = [another_model(folder / str(number), number) for number in (1, 2, 3)]
    return [SimpleNamespace(path=path, sha256=sha256_of(path)) for path in paths]


@pytest.fixture(scope="session")
def update_of(models, keys, tmp_path_factory):
    """Makes an update of a model against another one; the same words give the same file."""
    made = {}

    def make(new=1, running=0, proof=BETTER) -> Path:
        if (new, running, proof) not in made:
            path = models[new].path
            test = self_test_of(LineModel(path), strips())
            folder = tmp_path_factory.mktemp("updates")
            made[new, running, proof] = write_update(folder, path, test, proof, models[running].sha256, keys.private)
        return made[new, running, proof]

    return make


@pytest.fixture
def station(tmp_path, models, keys):
    """A store that runs the first model, and its folder of updates."""
    store = ModelStore(tmp_path / "models", models[0].path)
    updates = tmp_path / "updates"
    updates.mkdir()

    def look():
        return store.look(updates, keys.public)

    def deliver(path: Path, name: str = "") -> Path:
        return Path(shutil.copyfile(path, updates / (name or path.name)))

    return SimpleNamespace(store=store, updates=updates, look=look, deliver=deliver)
