"""The list of networks and what it says without TensorFlow."""

import subprocess
import sys

import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.pretrained.catalogue import NAMES
from edgedigits.quantize.recipes import RECIPES
from edgedigits.train.networks.catalogue import NETWORKS, network
from edgedigits.train.presets import PRESETS
from edgedigits.train.recipes import AUGMENTATIONS, augmentation

REPORTS = {
    "nf264-cnn1",
    "nf264-cnn2",
    "vit-cnn",
    "vit-cnn-small",
    "inf283-nn",
    "inf283-cnn",
    "inf283-cnn-best",
    "fakebank-cnn",
    "fakebank-resnet50",
    "endsley-park-cnn",
}


CODED = {"pico-coded", "nano-coded", "micro-coded", "small-coded", "base-coded", "large-coded"}


def test_the_zoo_holds_the_reports_networks_and_our_own():
    assert set(NETWORKS) == REPORTS | CODED | {
        "nano",
        "micro",
        "small",
        "large",
        "teacher",
        "teacher-5x5",
        "teacher-7x7",
    }


def test_a_preset_names_a_network_of_the_zoo_and_a_recipe():
    assert tuple(PRESETS) == NAMES
    for name, preset in PRESETS.items():
        assert preset.network == f"{name}-coded"
        assert preset.recipe in RECIPES
        network(preset.network)


def test_every_entry_tells_size_source_and_a_recipe_that_exists():
    for entry in NETWORKS.values():
        assert entry.parameters > 0
        assert entry.int8_bytes > 0
        assert entry.source
        assert entry.recipe.augmentation in AUGMENTATIONS


def test_an_unknown_network_is_answered_with_the_nearest_name():
    with pytest.raises(EdgedigitsError, match="did you mean vit-cnn"):
        network("vit_cnn")


def test_an_unknown_augmentation_is_answered_with_those_there_are():
    with pytest.raises(EdgedigitsError, match="none, slight, light"):
        augmentation("heavy")


def test_listing_the_zoo_loads_no_tensorflow():
    code = (
        "import sys; from edgedigits.train import NETWORKS, TrainingRequest, network; network('small');"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'tensorflow', 'tf_keras', 'matplotlib'}))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_every_public_name_can_be_imported():
    import edgedigits.train as room

    for name in room.__all__:
        assert getattr(room, name) is not None
    with pytest.raises(AttributeError):
        _ = room.no_such_name
