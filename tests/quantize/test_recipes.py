"""The recipes as values: their names, what the names mean, and what a card says of them."""

from __future__ import annotations

import dataclasses
import json

import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.quantize import RECIPES, recipe_named, recipes
from edgedigits.quantize.tuning.awareness import QuantizeAware
from edgedigits.quantize.tuning.budget import Tuning
from edgedigits.quantize.tuning.pruning import Prune

TRAINED = (
    *("qat-int8", "pruned-int8", "pruned-2x4-int8", "clustered-int8", "codebook-int8", "one-codebook-int8"),
    "pruned-clustered-qat-int8",
)
NAMES = (
    *("float32", "float16", "dynamic", "int8", "int8-dense-per-tensor", "int16x8", "int8-selective"),
    *TRAINED,
)


def test_there_are_fourteen():
    assert tuple(RECIPES) == NAMES


def test_names_are_decoded_word_by_word():
    entries = [line.split("``")[1].strip("-") for line in recipes.__doc__.splitlines() if line.startswith("``")]
    for name in NAMES:
        rest = name
        for word in sorted(entries, key=len, reverse=True):
            rest = rest.replace(word, "")
        assert rest.strip("-") == "", f"{name}: nobody says what {rest} means"


def test_a_recipe_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe_named("int8").form = "float32"


def test_unknown_name_is_refused_with_those_that_exist():
    with pytest.raises(EdgedigitsError, match=r"no recipe is called 'int4'.* int8.*choose one of float32, float16"):
        recipe_named("int4")


def test_seven_recipes_train():
    assert tuple(name for name in NAMES if recipe_named(name).trains) == TRAINED


@pytest.mark.parametrize("name", NAMES)
def test_card_says_what_the_recipe_is(name):
    recipe = recipe_named(name)
    plain = json.loads(json.dumps(recipe.as_dict()))
    assert plain["name"] == name
    assert plain["form"] == recipe.form
    if recipe.tuning:
        assert plain["tuning"]["epochs"] == sum(phase["epochs"] for phase in plain["tuning"]["phases"])


def test_card_names_the_technique_of_each_phase():
    phases = Tuning((Prune(3, 1e-3, 0.5), QuantizeAware(2, 1e-4))).as_dict()["phases"]
    assert [phase["technique"] for phase in phases] == ["prune", "quantize-aware"]
