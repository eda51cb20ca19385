"""Presets: how the models that ship with the toolkit are made, each a network, a training and a way to int8."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.core.naming import entry_named


@dataclass(frozen=True)
class Preset:
    """How a model that ships is made.

    Attributes:
        name: of the model, as every command takes it.
        network: in the zoo; its recipe says how many passes of lessons it learns from, and at what rate.
        epochs: of fine-tuning to int8, by the same lessons.
        rate: highest learning rate of it.
        recipe: that makes int8 of the network.
    """

    name: str
    network: str
    epochs: int
    rate: float
    recipe: str = "codebook-int8"


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("pico", "pico-coded", 60, 3e-4, "one-codebook-int8"),
        Preset("nano", "nano-coded", 25, 3e-4),
        Preset("micro", "micro-coded", 30, 3e-4),
        Preset("small", "small-coded", 20, 1e-3),
        Preset("base", "base-coded", 12, 3e-4),
        Preset("large", "large-coded", 8, 2e-4),
    )
}


def preset_named(name: str) -> Preset:
    """The preset of that name.

    Raises:
        EdgedigitsError: there is none.
    """
    return entry_named(PRESETS, name, "preset")
