"""Named ways to quantize, and what their names mean."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.core.errors import EdgedigitsError


@dataclass(frozen=True)
class Recipe:
    """How a float model becomes a TFLite model.

    Attributes:
        name: how users call it; also stands in the file name ``model.<name>.tflite``.
        about: one line for people.
        dense_per_channel: dense layers get a scale per output channel, as convolutions always do. Otherwise one
            scale for the whole layer, which old versions of TFLite Micro need to compute the layer rightly.
    """

    name: str
    about: str
    dense_per_channel: bool


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("int8", "full int8 after training, a scale per channel", dense_per_channel=True),
        Recipe(
            "int8-dense-per-tensor", "the same with one scale a dense layer, for old microcontroller runtimes", False
        ),
    )
}


def recipe_named(name: str) -> Recipe:
    """Look a recipe up.

    Raises:
        EdgedigitsError: no recipe has this name.
    """
    try:
        return RECIPES[name]
    except KeyError:
        raise EdgedigitsError(f"no recipe is called {name!r}", f"choose one of {', '.join(RECIPES)}") from None
